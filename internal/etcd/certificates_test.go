package etcd

import (
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
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
