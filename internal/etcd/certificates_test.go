package etcd

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// TestCertificatesAreSeen: those that endpoints show, believed or not, and those
// in our files.
func TestCertificatesAreSeen(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(5 * time.Hour).Truncate(time.Second)
	e := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: etcdtest.TLS{Client: true, ClientAuth: true, ServerNotAfter: end}})
	own := config.TLS{CAFile: e.CA().File, CertFile: e.ClientCert().CertFile, KeyFile: e.ClientCert().KeyFile}
	c := watch(t, e.Endpoints(), files(own))
	expect{"quorum": true}.check(t, "mTLS", judge(t, c))
	c.RefreshCertificates(t.Context())
	kinds := map[string]Certificate{}
	for _, cert := range c.Certificates() {
		kinds[cert.Kind] = cert
	}
	server := kinds["server"]
	if !server.NotAfter.Equal(end) || server.Endpoint != e.Endpoints()[0] || server.File != "" || server.Subject == "" {
		t.Errorf("the server's certificate: %+v, want one that ends at %v", server, end)
	}
	for kind, file := range map[string]string{"client": own.CertFile, "ca": own.CAFile} {
		if got := kinds[kind]; got.File != file || got.Endpoint != "" || !got.NotAfter.After(time.Now()) {
			t.Errorf("%s: %+v, want that of %s", kind, got, file)
		}
	}

	stranger := watch(t, e.Endpoints(), files(config.TLS{CAFile: newCA(t, "other").File}))
	expect{"quorum": nil, "quorum_unknown": "tls"}.check(t, "a CA of somebody else", judge(t, stranger))
	found := false
	for _, cert := range stranger.Certificates() {
		found = found || cert.Kind == "server" && cert.NotAfter.Equal(end)
	}
	if !found {
		t.Errorf("a certificate that is not believed is not shown: %+v", stranger.Certificates())
	}
}

// A metrics URL's certificate that was renewed shows, though the connection over
// which the metrics come is still the first one.
func TestRenewedCertificateOfMetricsURL(t *testing.T) {
	ca := newCA(t, "metrics")
	var shown atomic.Pointer[tls.Certificate]
	renew := func(end time.Time) {
		pair := issue(t, ca, etcdtest.Cert{Name: "metrics", Hosts: []string{"127.0.0.1"}, NotAfter: end})
		cert, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
		etcdtest.OK(t, err)
		shown.Store(&cert)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, exposition)
	}))
	s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*shown.Load()}}, nil
	}}
	soon := time.Now().Add(time.Hour).Truncate(time.Second)
	renew(soon)
	s.StartTLS()
	defer s.Close()

	c := watch(t, fake.New(t, 1).Endpoints(), files(config.TLS{CAFile: ca.File}),
		func(o *Options) { o.Cluster.MetricsURLs = []string{s.URL} })
	ends := func(at time.Time) bool {
		return slices.ContainsFunc(c.Certificates(), func(got Certificate) bool {
			return got.Endpoint == s.URL && got.Kind == "server" && got.NotAfter.Equal(at)
		})
	}
	c.RefreshDigests(t.Context(), 0, make(chan struct{}, 1))
	if !ends(soon) {
		t.Fatalf("the first certificate is not shown: %+v", c.Certificates())
	}
	later := soon.Add(time.Hour)
	renew(later)
	c.RefreshCertificates(t.Context())
	etcdtest.Eventually(t, 5*time.Second, "the renewed certificate is shown", func() bool {
		c.RefreshDigests(t.Context(), 0, make(chan struct{}, 1))
		return ends(later)
	})
}
