package benchmark

import (
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// TestNowhere: endpoints that nobody knows are no question of a quorum.
func TestNowhere(t *testing.T) {
	for want, c := range map[string]config.Cluster{
		"no endpoints were found in t.yml (file)":          {TargetsFile: "t.yml"},
		"no endpoints were found at example.com (dns_srv)": {DNSSRV: "example.com"},
		"there are no endpoints":                           {},
	} {
		cfg := Default()
		cfg.Cluster = c
		if _, err := Run(t.Context(), cfg); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
