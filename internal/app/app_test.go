package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

// scraped is a running App and a way to scrape it.
type scraped struct {
	t   *testing.T
	url string
}

// start runs an App on a free port and stops it with the test.
func start(t *testing.T, endpoints []string, alter ...func(*Options)) *scraped {
	t.Helper()
	o := Options{
		Settings: Settings{
			Clusters: []config.Cluster{clusterAt("test", endpoints)},
			Watch:    Watch{HealthInterval: 30 * time.Second, MetricsInterval: 10 * time.Second, Probe: Probe{Samples: 10}},
		},
		Web:    WebOptions{ListenAddresses: []string{"127.0.0.1:0"}},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range alter {
		f(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return &scraped{t, "http://" + a.Addrs()[0].String() + o.Prefix}
}

// clusterAt is a cluster with the defaults.
func clusterAt(name string, endpoints []string) config.Cluster {
	return config.Cluster{
		Name: name, Endpoints: endpoints, DialTimeout: 5 * time.Second,
		DiscoverMembers: true, Thresholds: config.Thresholds{},
	}
}

// sample is the exposition of one scrape, by name and labels.
type sample map[string]float64

// scrape asks for /metrics as Prometheus does.
func (s *scraped) scrape(timeout string) sample {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if timeout != "" {
		req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", timeout)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET /metrics: %s", resp.Status)
	}
	return parse(s.t, resp.Body)
}

func parse(t *testing.T, r io.Reader) sample {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(r)
	if err != nil {
		t.Fatalf("exposition: %v", err)
	}
	out := sample{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			key := name + labelsOf(m)
			if _, twice := out[key]; twice {
				t.Errorf("%s appears twice", key)
			}
			out[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return out
}

func labelsOf(m *dto.Metric) string {
	var parts []string
	for _, l := range m.GetLabel() {
		if l.GetName() != "cluster" || l.GetValue() != "test" && l.GetValue() != "kept" {
			parts = append(parts, l.GetName()+"="+l.GetValue())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// want checks series: a number, or "absent".
func (s sample) want(t *testing.T, when string, expected map[string]any) {
	t.Helper()
	for name, value := range expected {
		key := "etcd_monitor_" + name
		got, ok := s[key]
		switch v := value.(type) {
		case int:
			if !ok || got != float64(v) {
				t.Errorf("%s: %s = %v (present: %v), want %d", when, key, got, ok, v)
			}
		default:
			if ok {
				t.Errorf("%s: %s = %v, want it absent", when, key, got)
			}
		}
	}
}

// TestScrapeThroughFaults watches a real cluster lose one member, then its
// quorum, then everything, as a Prometheus would see it.
func TestScrapeThroughFaults(t *testing.T) {
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, e.Endpoints()[:1])
	healthy := map[string]any{
		"cluster_up": 1, "cluster_has_quorum": 1, "cluster_has_leader": 1,
		"cluster_voters": 3, "cluster_voters_up": 3, "cluster_voters_confirmed": 3,
		"cluster_quorum_size": 2, "cluster_failure_tolerance": 1, "cluster_learners": 0, "cluster_unstarted": 0,
		"cluster_leader_claims": 1, "cluster_ids": 1, "cluster_membership_stale": 0,
		"cluster_split_brain{reason=cluster_id}": 0, "cluster_split_brain{reason=leaders}": 0,
		"cluster_leader_changes_total": 0, "cluster_leader_since_timestamp_seconds": nil,
		"member_up{member=m0}": 1, "member_up{member=m1}": 1, "member_up{member=m2}": 1,
		"member_configured{member=m0}": 1, "member_configured{member=m1}": 0,
		"member_partition_suspected{member=m2}": 0, "member_confirmed{member=m2}": 1,
		"member_alarm_active{member=m0,alarm=NOSPACE}": 0, "member_alarm_active{member=m2,alarm=CORRUPT}": 0,
		"threshold{name=min_available_nodes}": 2, "scrape_collector_success{collector=quorum}": 1,
	}
	s.scrape("10").want(t, "healthy", healthy)

	leader, err := e.Leader(t.Context())
	etcdtest.OK(t, err)
	etcdtest.OK(t, e.Member(leader).Kill())
	dead := e.Member(leader).Name()
	s.scrape("10").want(t, "leader killed", map[string]any{
		"cluster_has_quorum": 1, "cluster_voters": 3, "cluster_voters_up": 2, "cluster_failure_tolerance": 0,
		"member_up{member=" + dead + "}": 0, "member_partition_suspected{member=" + dead + "}": nil,
		"cluster_leader_changes_total": 1, "cluster_split_brain{reason=leaders}": 0,
	})

	second := (leader + 1) % 3
	etcdtest.OK(t, e.Member(second).Kill())
	s.scrape("10").want(t, "two of three killed, first scrape", map[string]any{
		"cluster_up": 1, "cluster_has_quorum": 0, "cluster_has_leader": 0, "cluster_voters": 3, "cluster_voters_up": 1,
		"cluster_voters_confirmed": 0, "cluster_failure_tolerance": -2, "cluster_membership_stale": 1,
		"member_partition_suspected{member=" + e.Member((leader+2)%3).Name() + "}": 0,
		"cluster_split_brain{reason=leaders}":                                      0,
	})
	s.scrape("1").want(t, "a scrape too short to tell", map[string]any{"cluster_up": 1})

	etcdtest.OK(t, e.Member((leader+2)%3).Kill())
	s.scrape("10").want(t, "everything stopped", map[string]any{
		"cluster_up": 0, "cluster_has_quorum": nil, "cluster_quorum_unknown{reason=no_answer}": 1,
		"cluster_has_leader": nil, "cluster_voters": nil, "cluster_failure_tolerance": nil,
		"cluster_split_brain{reason=leaders}": nil,
		"member_up{member=m0}":                0, "member_up{member=m1}": 0, "member_up{member=m2}": 0,
		"member_alarm_active{member=m0,alarm=NOSPACE}": nil,
	})

	for i := range 3 {
		etcdtest.OK(t, e.Member(i).Launch())
	}
	etcdtest.Eventually(t, 20*time.Second, "the cluster to return", func() bool {
		return s.scrape("10")["etcd_monitor_cluster_voters_confirmed"] == 3
	})
	delete(healthy, "cluster_leader_changes_total")
	delete(healthy, "cluster_leader_since_timestamp_seconds")
	s.scrape("10").want(t, "returned", healthy)
}
