package etcdtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// TLS says which links of a cluster are encrypted.
type TLS struct {
	Client     bool // clients must use TLS
	ClientAuth bool // clients must show a certificate of the cluster's CA
	Peer       bool // peers use TLS and show certificates to each other

	// ServerHosts are the names and addresses in the members' certificate for
	// clients, by default 127.0.0.1 and localhost. Other ones make a
	// certificate with the wrong name.
	ServerHosts []string
	// ServerNotAfter is when that certificate expires, in a day by default.
	ServerNotAfter time.Time
}

func (t TLS) on() bool { return t.Client || t.Peer }

// Cert is what a certificate is to say.
type Cert struct {
	Name     string    // common name; a user of etcd where clients authenticate
	Hosts    []string  // names and addresses for which it is valid as a server
	NotAfter time.Time // when it expires, in a day by default
}

// KeyPair are the paths of a certificate and its key in PEM.
type KeyPair struct{ CertFile, KeyFile string }

// CA is a certification authority that lives in a directory.
type CA struct {
	File string // path of its certificate in PEM

	dir    string
	signer tls.Certificate
}

// NewCA makes an authority that keeps what it issues in dir. The error is that
// of the random source or the file system.
func NewCA(dir, name string) (*CA, error) {
	now := time.Now()
	template := certificate(Cert{Name: name, NotAfter: now.AddDate(10, 0, 0)})
	template.NotBefore = now.AddDate(-1, 0, 0) // it vouches for expired ones
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	ca := &CA{dir: dir}
	pair, err := ca.issue(name, template)
	if err != nil {
		return nil, err
	}
	ca.File = pair.CertFile
	ca.signer, err = tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load authority: %w", err)
	}
	return ca, nil
}

// Issue makes a certificate that serves servers and clients. A file name of
// its own is made for each. The error is as for NewCA.
func (ca *CA) Issue(c Cert) (KeyPair, error) {
	template := certificate(c)
	// etcd uses its server certificate as a client of itself.
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	return ca.issue(fmt.Sprintf("%s-%x", c.Name, template.SerialNumber.Bytes()[:4]), template)
}

func certificate(c Cert) *x509.Certificate {
	notBefore := time.Now().Add(-time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = notBefore.Add(25 * time.Hour)
	}
	if c.NotAfter.Before(notBefore) {
		notBefore = c.NotAfter.Add(-time.Hour)
	}
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] |= 1           // a serial number must have its first byte
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: c.Name},
		NotBefore:    notBefore,
		NotAfter:     c.NotAfter,
	}
	for _, h := range c.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	return template
}

// issue signs with the authority's key, or with the new key before there is one.
func (ca *CA) issue(file string, template *x509.Certificate) (KeyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, fmt.Errorf("make key: %w", err)
	}
	parent, signer := ca.signer.Leaf, ca.signer.PrivateKey
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return KeyPair{}, fmt.Errorf("sign certificate: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return KeyPair{}, fmt.Errorf("encode key: %w", err)
	}
	pair := KeyPair{filepath.Join(ca.dir, file+".crt"), filepath.Join(ca.dir, file+".key")}
	return pair, errors.Join(
		writePEM(pair.CertFile, "CERTIFICATE", der),
		writePEM(pair.KeyFile, "PRIVATE KEY", raw),
	)
}

func writePEM(path, kind string, der []byte) error {
	raw := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}
