package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// pushed is what a Pushgateway is sent.
type pushed struct{ method, path, body string }

func pushTarget(t *testing.T) (string, <-chan pushed) {
	t.Helper()
	seen := make(chan pushed, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- pushed{r.Method, r.URL.Path, string(body)}
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

// TestScheduledBenchmarks: the clusters in turn, never two at a time, with the
// fuse in, and what comes of it is pushed; off means off.
func TestScheduledBenchmarks(t *testing.T) {
	url, seen := pushTarget(t)
	clusters := []config.Cluster{{Name: "a"}, {Name: "b"}}
	b := newBenchmarks(slog.New(slog.DiscardHandler), nil, func() []config.Cluster { return clusters })
	running := make(chan struct{}, 1)
	ran := make(chan string, 100)
	b.run = func(_ context.Context, c benchmark.Config) (benchmark.Report, error) {
		select {
		case running <- struct{}{}:
		default:
			t.Error("two benchmarks at a time")
		}
		defer func() { <-running }()
		if !c.Fuse.Alarm || !c.Fuse.LeaderChange {
			t.Errorf("without the fuse: %+v", c.Fuse)
		}
		ran <- c.Cluster.Name
		if c.Cluster.Name == "b" {
			return benchmark.Report{}, errors.New("no quorum")
		}
		return benchmark.Report{Schema: benchmark.Schema}, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.keep(ctx) }()

	plan := Benchmark{Config: benchmark.Default(), Gateway: benchmark.Gateway{URL: url}}
	plan.Interval = time.Millisecond
	b.follow(plan)
	var order strings.Builder
	for range 4 {
		order.WriteString(<-ran)
	}
	if order.String() != "abab" {
		t.Errorf("they ran in the order %s", order.String())
	}
	first, second := <-seen, <-seen
	about := func(p pushed, cluster string) bool {
		return strings.Contains(p.path, "/cluster/"+cluster) && strings.Contains(p.path, "/type/mixed")
	}
	if first.method != http.MethodPut || !about(first, "a") {
		t.Errorf("a success was pushed as %s %s", first.method, first.path)
	}
	if second.method != http.MethodPost || !about(second, "b") {
		t.Errorf("a failure was pushed as %s %s", second.method, second.path)
	}
	plan.Interval = 0
	b.follow(plan)
	cancel()
	<-done
}

// TestScheduledBenchmarkOnEtcd runs one as serve does.
func TestScheduledBenchmarkOnEtcd(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	url, seen := pushTarget(t)
	endpoints, err := config.ParseEndpoints(c.Endpoints(), false)
	etcdtest.OK(t, err)
	one := config.Cluster{Name: "prod", Endpoints: endpoints, DialTimeout: 5 * time.Second}
	log := slog.New(slog.DiscardHandler)
	b := newBenchmarks(log, logging.Zap(log), func() []config.Cluster { return []config.Cluster{one} })
	plan := Benchmark{Interval: time.Hour, Config: benchmark.Default(), Gateway: benchmark.Gateway{URL: url}}
	plan.Config.Ops, plan.Config.KeySpace = 500, 100
	b.once(t.Context(), plan, one)
	if got := <-seen; got.method != http.MethodPut || !strings.Contains(got.path, "/job/etcd-monitor-benchmark/") || !strings.Contains(got.path, "/cluster/prod") ||
		!strings.Contains(got.body, "etcd_monitor_benchmark_expected_interval_seconds") {
		t.Errorf("%s %s", got.method, got.path)
	}
	if n := c.Handled(t, "Put"); n < 100 {
		t.Errorf("%v keys were written", n)
	}
}

// TestScheduledBenchmarkOfFoundEndpoints: a cluster is measured where its file
// says that it is.
func TestScheduledBenchmarkOfFoundEndpoints(t *testing.T) {
	e := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	url, seen := pushTarget(t)
	c := clusterAt("found", nil)
	c.TargetsFile = filepath.Join(t.TempDir(), "targets.yml")
	targets(t, c.TargetsFile, "- targets: ['"+e.Endpoints()[0]+"']\n")
	start(t, nil, func(o *Options) {
		o.Clusters = []config.Cluster{c}
		o.Benchmark = Benchmark{Interval: time.Second, Config: benchmark.Default(), Gateway: benchmark.Gateway{URL: url}}
		o.Benchmark.Config.Ops, o.Benchmark.Config.KeySpace = 500, 100
	})
	if got := <-seen; got.method != http.MethodPut || !strings.Contains(got.path, "/cluster/found") {
		t.Errorf("%s %s", got.method, got.path)
	}
}
