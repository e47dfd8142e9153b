package benchmark

import (
	"bytes"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestFuseBlown(t *testing.T) {
	full := cluster.Member{ID: 7, Label: "full", Status: &cluster.Status{DBSize: cluster.Known(int64(90))}}
	for _, test := range []struct {
		name   string
		fuse   Fuse
		quotas map[cluster.ID]float64
		says   string
	}{
		{"above", Fuse{QuotaShare: 0.8}, map[cluster.ID]float64{7: 100}, "member full is at 90 % of its quota"},
		{"below", Fuse{QuotaShare: 0.95}, map[cluster.ID]float64{7: 100}, ""},
		{"no limit asked for", Fuse{}, map[cluster.ID]float64{7: 100}, ""},
		{"no quota", Fuse{QuotaShare: 0.8}, map[cluster.ID]float64{7: math.Inf(1)}, ""},
		{"another's quota", Fuse{QuotaShare: 0.8}, map[cluster.ID]float64{8: 1}, ""},
	} {
		err := test.fuse.blown(cluster.Verdict{Members: []cluster.Member{full}}, test.quotas)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestFuseConfigured: where neither Status nor the metrics tell the quota, what is
// configured counts, and nothing is a reason to warn.
func TestFuseConfigured(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, Binary: etcdtest.Binary(t, "3.5"), LogLevel: "error"})
	cfg := configFor(t, c)
	// Metrics that belong to nobody.
	cfg.Cluster.MetricsURLs = []string{"http://127.0.0.1:1"}
	cfg.Cluster.DialTimeout = time.Second
	cfg.Type, cfg.Ops = Write, 10
	var log bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := Run(t.Context(), cfg); err != nil || !strings.Contains(log.String(), "db_quota_bytes") {
		t.Errorf("%v, warned of %q", err, log.String())
	}
	log.Reset()
	cfg.Cluster.QuotaBytes = 1024
	if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "of its quota") || log.Len() > 0 {
		t.Errorf("%v, warned of %q", err, log.String())
	}
}

// TestFuseByMetrics: a run does not begin before what the metrics tell is known.
func TestFuseByMetrics(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{
		Members: 1, Binary: etcdtest.Binary(t, "3.5"), MetricsListener: true, LogLevel: "error",
	})
	for name, urls := range map[string][]string{"client port": nil, "port of their own": {strings.TrimSuffix(c.Member(0).MetricsURL(), "/metrics")}} {
		cfg := configFor(t, c)
		cfg.Cluster.MetricsURLs, cfg.Cluster.DialTimeout = urls, time.Second
		cfg.Fuse.QuotaShare = 1e-6 // of 2 GiB; an empty database is larger
		if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "of its quota") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
