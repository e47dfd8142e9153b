package etcd

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestBrokenFilesAreTold: what was in a file stays in force when it breaks, which
// is told when it begins and when it ends, and not at each handshake between.
func TestBrokenFilesAreTold(t *testing.T) {
	t.Parallel()
	ca := newCA(t, "ca")
	pair := issue(t, ca, etcdtest.Cert{Name: "monitor"})
	caFile, certFile := copied(t, ca.File), copied(t, pair.CertFile)
	var log bytes.Buffer
	trust, err := newTrust(config.TLS{CAFile: caFile, CertFile: certFile, KeyFile: pair.KeyFile}, slog.New(slog.NewTextHandler(&log, nil)))
	etcdtest.OK(t, err)
	handshakes := func(wantBroken, wantAgain int) {
		t.Helper()
		for range 3 {
			roots, err := trust.currentRoots()
			if err != nil || roots == nil {
				t.Errorf("CAs %v, %v", roots, err)
			}
			if own, err := trust.currentPair(); err != nil || len(own.Certificate) == 0 {
				t.Errorf("certificate %v, %v", own, err)
			}
		}
		broken, again := strings.Count(log.String(), "level=ERROR"), strings.Count(log.String(), "can be used again")
		if broken != wantBroken || again != wantAgain {
			t.Errorf("told %d failures and %d ends, want %d and %d:\n%s", broken, again, wantBroken, wantAgain, log.String())
		}
	}
	handshakes(0, 0)
	etcdtest.OK(t, os.WriteFile(caFile, []byte("half of a"), 0o600))
	handshakes(1, 0)
	etcdtest.OK(t, os.Remove(certFile))
	handshakes(2, 0)
	etcdtest.OK(t, os.Remove(caFile)) // broken in another way
	handshakes(3, 0)
	replace(t, caFile, ca.File)
	replace(t, certFile, pair.CertFile)
	handshakes(3, 2)
	for _, file := range []string{caFile, certFile} {
		if !strings.Contains(log.String(), file) {
			t.Errorf("%s is not named", file)
		}
	}
}
