package benchmark

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestTLS: connections show our certificate and check etcd's.
func TestTLS(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{TLS: etcdtest.TLS{Client: true, ClientAuth: true}, LogLevel: "error"})
	cfg := configFor(t, c)
	own := c.ClientCert()
	cfg.Cluster.TLS = config.TLS{CAFile: c.CA().File, CertFile: own.CertFile, KeyFile: own.KeyFile}
	for _, kind := range []string{Mixed, Watch} {
		cfg.Type = kind
		if r, err := Run(t.Context(), cfg); err != nil || r.Operations != (Operations{Succeeded: cfg.Ops}) {
			t.Errorf("%s: %v, %+v", kind, err, r.Operations)
		}
	}
	stranger, err := etcdtest.NewCA(t.TempDir(), "stranger")
	etcdtest.OK(t, err)
	cfg.Cluster.TLS.CAFile = stranger.File
	if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "tls_unknown_ca") {
		t.Errorf("with a CA that is not etcd's: %v", err)
	}
}

// TestPassword: all connections of an endpoint share one login, and a user who
// may use the prefix only is enough.
func TestPassword(t *testing.T) {
	const user, password = "bench", "correct horse"
	c := etcdtest.New(t, etcdtest.Options{Auth: etcdtest.Auth{
		RootPassword: "root",
		Users:        []etcdtest.User{{Name: user, Password: password, Roles: []string{"bench"}}},
		Roles: []etcdtest.Role{{Name: "bench", Grants: []etcdtest.Grant{
			{Key: "/benchmark-test/", RangeEnd: "/benchmark-test0", Mode: clientv3.PermissionType(clientv3.PermReadWrite)},
		}}},
	}, LogLevel: "error"})
	cfg := configFor(t, c)
	file := filepath.Join(t.TempDir(), "password")
	etcdtest.OK(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
	cfg.Cluster.Auth = config.Auth{Username: user, PasswordFile: file}
	before := c.Handled(t, "Authenticate")
	for _, kind := range []string{Mixed, Watch} {
		cfg.Type = kind
		r, err := Run(t.Context(), cfg)
		if err != nil || r.Operations != (Operations{Succeeded: cfg.Ops}) {
			t.Errorf("%s: %v, %+v: %+v", kind, err, r.Operations, r.Errors)
		}
	}
	// Three members, a login each for the looks and for the load, twice.
	if n := c.Handled(t, "Authenticate") - before; n > 14 {
		t.Errorf("%v logins", n)
	}
	if n := keysLeft(t, c); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}
