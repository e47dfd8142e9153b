package app

import (
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// TestReplacedClusterLeavesNoSeries: a reload that gives a name to another cluster
// takes the members of the one before away, with the series of their probes.
func TestReplacedClusterLeavesNoSeries(t *testing.T) {
	t.Parallel()
	before, after := fake.New(t, 3), fake.New(t, 1)
	s := start(t, before.Endpoints(), func(o *Options) {
		o.Watch.Probe.Enabled, o.Watch.MetricsInterval = true, time.Second
		watch := o.Watch
		o.Load = func() (Settings, error) {
			return Settings{Clusters: []config.Cluster{clusterAt("test", after.Endpoints())}, Watch: watch}, nil
		}
	})
	shows := func(text string) bool { _, body, _ := s.get("/metrics"); return strings.Contains(body, text) }
	etcdtest.Eventually(t, 20*time.Second, "a probe of the third member", func() bool {
		return shows(`etcd_monitor_probe_errors_total{cluster="test",member="fake-2"`)
	})
	if code, text := s.reload(); code != 200 {
		t.Fatalf("reload: %d %s", code, text)
	}
	etcdtest.Eventually(t, 20*time.Second, "the members of the cluster before to be gone", func() bool {
		return !shows(`member="fake-2"`) && shows(`etcd_monitor_probe_errors_total{cluster="test",member="fake-0"`)
	})
}

// TestLabelsAreBounded: who calls itself another member in every answer, and whom
// no list contradicts, fills no memory.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := &monitor{shared: shared{probes: collector.NewProbes()}, labels: map[cluster.ID]string{}}
	for id := range cluster.ID(3 * maxLabels) {
		m.relabel(cluster.Verdict{Members: []cluster.Member{{ID: id, Label: id.String()}}})
		if _, ok := m.label(id); !ok {
			t.Fatalf("member %v has no label", id)
		}
	}
	if n := len(m.labels); n > maxLabels {
		t.Errorf("%d labels", n)
	}
}
