package etcdtest

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// handshake dials the member with the certificate, if there is one, and tells
// what comes of it. With TLS 1.3 a refusal comes with the first read.
func handshake(t *testing.T, c *Cluster, own KeyPair, trust *CA) error {
	t.Helper()
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}
	if own != (KeyPair{}) {
		with, err := trust.config(own)
		OK(t, err)
		cfg = with
		cfg.NextProtos = []string{"h2"}
	} else {
		with, err := trust.config(c.ClientCert())
		OK(t, err)
		cfg.RootCAs = with.RootCAs
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: callTimeout}, "tcp", c.Member(0).Endpoint(), cfg)
	if err != nil {
		return err
	}
	defer conn.Close()
	OK(t, conn.SetReadDeadline(time.Now().Add(callTimeout)))
	_, err = conn.Read(make([]byte, 1))
	return err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1, TLS: TLS{Client: true, ClientAuth: true, Peer: true}})
	if !strings.HasPrefix(c.Endpoints()[0], "https://") || c.Committed(t) == 0 {
		t.Errorf("endpoints are %v", c.Endpoints())
	}
	other, err := NewCA(t.TempDir(), "other")
	OK(t, err)
	stranger, err := other.Issue(Cert{Name: "stranger"})
	OK(t, err)
	expired, err := c.CA().Issue(Cert{Name: "old", NotAfter: time.Now().Add(-time.Minute)})
	OK(t, err)

	OK(t, handshake(t, c, c.ClientCert(), c.CA()))
	for name, test := range map[string]struct {
		pair  KeyPair
		trust *CA
		want  string
	}{
		"other CA at the client": {stranger, other, "unknown authority"},
		"expired":                {expired, c.CA(), "expired"},
		"none":                   {KeyPair{}, c.CA(), "certificate required"},
	} {
		err := handshake(t, c, test.pair, test.trust)
		// The reset may overtake the reason.
		var reset *net.OpError
		if err == nil || (!strings.Contains(err.Error(), test.want) && !errors.As(err, &reset)) {
			t.Errorf("%s: error is %v, want %q in it", name, err, test.want)
		}
	}
}

func TestServerCertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(-time.Hour)
	c := New(t, Options{Members: 1, TLS: TLS{Client: true, ServerHosts: []string{"etcd.example"}, ServerNotAfter: end}})
	cfg, err := c.CA().config(c.ClientCert())
	OK(t, err)
	_, err = tls.Dial("tcp", c.Member(0).Endpoint(), cfg)
	var invalid *tls.CertificateVerificationError
	if !errors.As(err, &invalid) {
		t.Errorf("error is %v", err)
	}
	cert := invalid.UnverifiedCertificates[0]
	if cert.VerifyHostname("127.0.0.1") == nil || cert.NotAfter.Unix() != end.Unix() {
		t.Errorf("the certificate is for %v until %v", cert.DNSNames, cert.NotAfter)
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 3, Learners: 1, Auth: Auth{
		RootPassword: "secret",
		Users:        []User{{"reader", "pw", []string{"reads"}}, {"empty", "pw", []string{"nothing"}}},
		Roles:        []Role{{"reads", []Grant{{"a", "b", clientv3.PermissionType(clientv3.PermRead)}}}},
	}})
	OK(t, c.Put(t.Context(), 1, 1))
	if s, err := c.Member(3).Status(t.Context()); err != nil || !s.IsLearner {
		t.Errorf("the learner's status is %v, %v", s, err)
	}
	for _, test := range []struct {
		user string
		want error
	}{{"reader", nil}, {"empty", rpctypes.ErrPermissionDenied}} {
		cl, err := clientv3.New(clientv3.Config{
			Context: t.Context(), Endpoints: c.Endpoints(), Username: test.user, Password: "pw",
		})
		OK(t, err)
		if _, err := cl.Get(t.Context(), "a"); !errors.Is(err, test.want) {
			t.Errorf("%s: error is %v, want %v", test.user, err, test.want)
		}
		OK(t, cl.Close())
	}
}
