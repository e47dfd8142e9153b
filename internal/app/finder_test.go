package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// targets writes a file of targets, at once as a whole.
func targets(t *testing.T, file, text string) {
	t.Helper()
	etcdtest.OK(t, os.WriteFile(file+".next", []byte(text), 0o600))
	etcdtest.OK(t, os.Rename(file+".next", file))
}

// TestTargetsFile: a cluster whose endpoints stand in a file is watched from the
// first scrape on, follows the file within seconds without losing its counters,
// and keeps the last good list while the file is broken.
func TestTargetsFile(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	file := filepath.Join(t.TempDir(), "targets.yml")
	list := func(endpoints []string) string {
		return fmt.Sprintf("- targets: ['%s']\n  labels: {job: etcd}\n", strings.Join(endpoints, "', '"))
	}
	targets(t, file, list(e.Endpoints()[:2]))
	c := clusterAt("test", nil)
	c.TargetsFile, c.DiscoverMembers = file, false
	log := &lines{}
	s := start(t, nil, func(o *Options) {
		o.Clusters = []config.Cluster{c}
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		watch := o.Watch
		o.Load = func() (Settings, error) { // the rhythm alone
			watch.HealthInterval += time.Second
			return Settings{Clusters: []config.Cluster{c}, Watch: watch}, nil
		}
	})
	s.scrape("10").want(t, "at first", map[string]any{
		"cluster_has_quorum": 1, "cluster_voters_up": nil, "cluster_discovery_success{source=file}": 1, "cluster_discovered_endpoints{source=file}": 2,
		"member_configured{member=m2}": 0,
	})
	rounds := s.scrape("10")["etcd_monitor_scrape_rounds_total"]

	targets(t, file, list(e.Endpoints()))
	etcdtest.Eventually(t, 20*time.Second, "the third member", func() bool {
		return s.scrape("10")["etcd_monitor_cluster_voters_up"] == 3
	})
	targets(t, file, "- targets: [")
	etcdtest.Eventually(t, 20*time.Second, "the broken file to be noticed", func() bool {
		return s.scrape("10")["etcd_monitor_cluster_discovery_success{source=file}"] == 0
	})
	if code, body := s.reload(); code != 200 {
		t.Errorf("reload of another rhythm: %d %s", code, body)
	}
	s.scrape("10").want(t, "while the file is broken", map[string]any{
		"cluster_voters_up": 3, "cluster_discovery_success{source=file}": 0, "cluster_discovered_endpoints{source=file}": 3,
	})
	if got := s.scrape("10")["etcd_monitor_scrape_rounds_total"]; got <= rounds {
		t.Errorf("%v rounds, and %v before: another monitor counts", got, rounds)
	}
	targets(t, file, list(e.Endpoints()))
	etcdtest.Eventually(t, 20*time.Second, "the file to be good again", func() bool {
		return s.scrape("10")["etcd_monitor_cluster_discovery_success{source=file}"] == 1
	})
	for text, want := range map[string]int{"msg=\"endpoints found\"": 2, "msg=\"endpoints not found": 1, "msg=\"endpoints found again\"": 1} {
		if got := log.count(text); got != want {
			t.Errorf("the log has %d times %s, want %d:\n%s", got, text, want, log.buf.String())
		}
	}
}

// TestNothingFound: a cluster whose endpoints nobody knows is a cluster that does
// not answer; the others are not the worse for it.
func TestNothingFound(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	file := filepath.Join(t.TempDir(), "targets.yml")
	lost := clusterAt("lost", nil)
	lost.TargetsFile = file
	nowhere := clusterAt("nowhere", nil)
	nowhere.DNSSRV = "no.such.name.invalid"
	s := start(t, nil, func(o *Options) {
		o.Clusters = []config.Cluster{lost, nowhere, clusterAt("test", e.Endpoints())}
	})
	s.scrape("10").want(t, "nobody found", map[string]any{
		"cluster_up{cluster=lost}": 0, "cluster_quorum_unknown{cluster=lost,reason=no_answer}": 1,
		"cluster_discovery_success{cluster=lost,source=file}": 0, "cluster_discovered_endpoints{cluster=lost,source=file}": 0,
		"cluster_up{cluster=nowhere}": 0, "cluster_discovery_success{cluster=nowhere,source=dns_srv}": 0,
		"cluster_up": 1, "cluster_has_quorum": 1, "cluster_discovery_success{source=file}": nil,
	})
	targets(t, file, "- targets: ['"+e.Endpoints()[0]+"']\n")
	etcdtest.Eventually(t, 20*time.Second, "the endpoints to be found", func() bool {
		return s.scrape("10")["etcd_monitor_cluster_has_quorum{cluster=lost}"] == 1
	})
}
