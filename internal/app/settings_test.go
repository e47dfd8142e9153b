package app

import (
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestReloadOfSettings: what is said besides the clusters changes too, and only
// together with all the rest.
func TestReloadOfSettings(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	var next Settings
	inForce := 0
	s := start(t, e.Endpoints(), func(o *Options) {
		o.InForce = func() { inForce++ }
		next = o.Settings
		o.Load = func() (Settings, error) { return next, nil }
	})
	probes := func() bool {
		return s.scrape("10")["etcd_monitor_scrape_collector_success{collector=probes}"] == 1
	}
	sampled := func() bool {
		_, text, _ := s.get("/metrics")
		return strings.Contains(text, `etcd_monitor_probe_duration_seconds_count{cluster="test",member="m0",op="read_serializable"}`)
	}
	reload := func(change func(*Settings), want int) {
		t.Helper()
		change(&next)
		if code, body := s.reload(); code != want {
			t.Fatalf("reload: %d %s", code, body)
		}
	}
	if probes() || inForce != 1 {
		t.Errorf("at the start: probes %v, in force %d times", probes(), inForce)
	}

	reload(func(n *Settings) {
		n.Watch.Probe.Enabled, n.Watch.MetricsInterval = true, time.Second
		n.Clusters = []config.Cluster{clusterAt("test", e.Endpoints())}
		n.Clusters[0].Labels = map[string]string{"env": "prod"}
	}, 200)
	etcdtest.Eventually(t, 20*time.Second, "probes that were switched on", func() bool { return probes() && sampled() })
	if got := s.scrape("10")["etcd_monitor_cluster_info{env=prod}"]; got != 1 {
		t.Error("the cluster has no labels")
	}
	if _, targets, _ := s.get("/sd"); !strings.Contains(targets, `"env":"prod"`) {
		t.Errorf("its target has no labels: %s", targets)
	}
	rounds := s.scrape("10")["etcd_monitor_scrape_rounds_total"]

	broken := clusterAt("broken", []string{"https://127.0.0.1:1"})
	broken.TLS.CAFile = "/does/not/exist"
	good := next
	reload(func(n *Settings) {
		n.Watch.Probe.Enabled = false
		n.Clusters = append(n.Clusters[:1:1], broken)
		n.Clusters[0].Labels = nil
	}, 500)
	if got := s.scrape("10"); !probes() || got["etcd_monitor_cluster_info{env=prod}"] != 1 || inForce != 2 {
		t.Errorf("half of a configuration counts: %d in force", inForce)
	}

	next = good
	reload(func(n *Settings) {
		n.Watch.Probe.Enabled = false
		n.Clusters = []config.Cluster{clusterAt("test", e.Endpoints())}
		n.Clusters[0].Thresholds = maps.Clone(n.Clusters[0].Thresholds)
		n.Clusters[0].Thresholds["watchers"] = 7
	}, 200)
	got := s.scrape("10")
	if probes() || sampled() || got["etcd_monitor_cluster_info{env=prod}"] != 0 || got["etcd_monitor_threshold{name=watchers}"] != 7 || inForce != 3 {
		t.Errorf("after the last reload: probes %v, in force %d times, %v", probes(), inForce, got["etcd_monitor_threshold{name=watchers}"])
	}
	if got["etcd_monitor_scrape_rounds_total"] < rounds {
		t.Error("the counters began anew")
	}
}

// TestReloadOfEndpoints: a cluster goes on when some endpoints change, and
// begins anew when all do.
func TestReloadOfEndpoints(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	var next Settings
	s := start(t, e.Endpoints()[:2], func(o *Options) {
		o.Clusters[0].DiscoverMembers = false
		next = o.Settings
		o.Load = func() (Settings, error) { return next, nil }
	})
	rounds := 0.0
	for _, step := range []struct {
		name       string
		endpoints  []string
		configured map[string]any
		anew       bool
	}{
		{"one more", e.Endpoints(), map[string]any{"member_configured{member=m0}": 1, "member_configured{member=m1}": 1, "member_configured{member=m2}": 1}, false},
		{"two less", e.Endpoints()[2:], map[string]any{"member_configured{member=m0}": 0, "member_configured{member=m1}": 0, "member_configured{member=m2}": 1}, false},
		{"another", e.Endpoints()[:1], map[string]any{"member_configured{member=m0}": 1, "member_configured{member=m1}": 0, "member_configured{member=m2}": 0}, true},
	} {
		for range 5 {
			rounds = s.scrape("10")["etcd_monitor_scrape_rounds_total"]
		}
		changed := clusterAt("test", step.endpoints)
		changed.DiscoverMembers = false
		next.Clusters = []config.Cluster{changed}
		if code, body := s.reload(); code != 200 {
			t.Fatalf("%s: %d %s", step.name, code, body)
		}
		got := s.scrape("10")
		got.want(t, step.name, step.configured)
		if anew := got["etcd_monitor_scrape_rounds_total"] < rounds; anew != step.anew {
			t.Errorf("%s: %v rounds after %v", step.name, got["etcd_monitor_scrape_rounds_total"], rounds)
		}
	}
}

// TestScrapeCapIsReloaded: how long a scrape may take is said anew, and what we
// promise is the limit of it.
func TestScrapeCapIsReloaded(t *testing.T) {
	settings := Settings{
		Clusters: []config.Cluster{clusterAt("test", []string{"http://127.0.0.1:1"})},
		Watch:    Watch{HealthInterval: time.Minute, MetricsInterval: time.Minute}, CollectorTimeout: 9 * time.Second,
	}
	a, err := New(Options{
		Settings: settings, Web: WebOptions{ListenAddresses: []string{"127.0.0.1:0"}}, Logger: slog.New(slog.DiscardHandler),
		Load: func() (Settings, error) { return settings, nil },
	})
	etcdtest.OK(t, err)
	defer a.server.Close()
	defer a.fleet.stop()
	for limit, want := range map[time.Duration]time.Duration{0: maxScrape, time.Second: time.Second, time.Hour: maxScrape} {
		settings.CollectorTimeout = limit
		etcdtest.OK(t, a.Reload())
		if got := a.scrapeCap(); got != want {
			t.Errorf("with %s a scrape may take %s, want %s", limit, got, want)
		}
	}
}

// TestNothingToLoad: a reload without a file is refused, and is no failed one.
func TestNothingToLoad(t *testing.T) {
	s := start(t, []string{"http://127.0.0.1:1"})
	if code, body := s.reload(); code != 500 || !strings.Contains(body, ErrNothingToLoad.Error()) {
		t.Errorf("%d %s", code, body)
	}
	if got := s.scrape("10")["etcd_monitor_config_last_reload_successful"]; got != 1 {
		t.Error("it counts as a failed one")
	}
}
