package etcdtest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// certs are the certificates of one cluster.
type certs struct {
	ca                   *CA
	server, peer, client KeyPair

	forClients *tls.Config // what a client of the cluster dials with
	forPeers   *tls.Config // what a peer serves and dials with
}

func newCerts(dir string, o TLS) (certs, error) {
	local := []string{"127.0.0.1", "localhost"}
	hosts := o.ServerHosts
	if len(hosts) == 0 {
		hosts = local
	}
	ca, err := NewCA(dir, "ca")
	if err != nil {
		return certs{}, err
	}
	cs := certs{ca: ca}
	for _, want := range []struct {
		pair *KeyPair
		cert Cert
	}{
		{&cs.server, Cert{Name: "server", Hosts: hosts, NotAfter: o.ServerNotAfter}},
		{&cs.peer, Cert{Name: "peer", Hosts: local}},
		{&cs.client, Cert{Name: "client"}},
	} {
		if *want.pair, err = ca.Issue(want.cert); err != nil {
			return certs{}, err
		}
	}
	if cs.forClients, err = ca.config(cs.client); err != nil {
		return certs{}, err
	}
	if cs.forPeers, err = ca.config(cs.peer); err != nil {
		return certs{}, err
	}
	// Our own clients accept a server certificate that is wrong on purpose.
	// Telling them its name would not do: gRPC puts the dialled one there.
	cs.forClients.InsecureSkipVerify = len(o.ServerHosts) > 0 || !o.ServerNotAfter.IsZero()
	cs.forPeers.ServerName = local[0]
	return cs, nil
}

// config shows the certificate and trusts the authority, as either side.
func (ca *CA) config(own KeyPair) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(own.CertFile, own.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load certificate: %w", err)
	}
	raw, err := os.ReadFile(ca.File)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("no certificate in %s", ca.File)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		RootCAs:      pool,
		ClientCAs:    pool,
	}, nil
}

func (c *Cluster) tlsFlags() []string {
	var f []string
	if c.o.TLS.Client {
		f = append(f, "--cert-file="+c.certs.server.CertFile, "--key-file="+c.certs.server.KeyFile)
	}
	if c.o.TLS.ClientAuth {
		f = append(f, "--client-cert-auth", "--trusted-ca-file="+c.certs.ca.File)
	}
	if c.o.TLS.Peer {
		f = append(f,
			"--peer-cert-file="+c.certs.peer.CertFile, "--peer-key-file="+c.certs.peer.KeyFile,
			"--peer-client-cert-auth", "--peer-trusted-ca-file="+c.certs.ca.File)
	}
	return f
}

// CA is the authority of the cluster's certificates; it can issue more. It is
// nil without TLS.
func (c *Cluster) CA() *CA { return c.certs.ca }

// ClientCert is a certificate of the cluster's CA that members accept where
// they ask for one. It is empty without TLS.
func (c *Cluster) ClientCert() KeyPair { return c.certs.client }

// TLSConfig is what a client dials the cluster with, also when the members'
// certificate is wrong on purpose. It is nil when clients use plain HTTP.
func (c *Cluster) TLSConfig() *tls.Config {
	if !c.o.TLS.Client {
		return nil
	}
	return c.certs.forClients.Clone()
}
