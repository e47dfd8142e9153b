package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// stage is what dashboards are to show: a cluster under load in which a leader
// dies, one that is full, one that is gone; the exporter, under two names as if
// there were two; benchmarks; and a Prometheus that scrapes all that, and the
// members directly and through the exporter, with the shipped rules.
type stage struct {
	t          *testing.T
	prod, full *etcdtest.Cluster
	exporter   *scraped
	prometheus *prometheus
	scrape     time.Duration // its interval
}

// The names have what regular expressions take for their own.
const prodName, fullName, goneName = "prod(eu)", "full", "gone.eu"

func newStage(t *testing.T, scrape time.Duration) *stage {
	t.Helper()
	s := &stage{t: t, scrape: scrape}
	s.prod = etcdtest.New(t, etcdtest.Options{Fsync: true, ExtraFlags: []string{"--metrics=extensive"}, LogLevel: "error"})
	s.full = etcdtest.New(t, etcdtest.Options{Members: 1, QuotaBytes: 16 << 20, LogLevel: "error", TLS: etcdtest.TLS{Client: true}})
	etcdtest.OK(t, s.full.RaiseNoSpace(t.Context()))
	s.exporter = start(t, nil, func(o *Options) {
		full := clusterAt(fullName, s.full.Endpoints())
		full.TLS = config.TLS{CAFile: s.full.CA().File}
		prod := clusterAt(prodName, s.prod.Endpoints())
		prod.Thresholds["memory_bytes"] = 1 << 30
		o.Clusters = []config.Cluster{prod, full, clusterAt(goneName, []string{"http://127.0.0.1:1"})}
		o.Watch = Watch{
			HealthInterval: scrape, MetricsInterval: scrape, Digest: true,
			Probe: Probe{Enabled: true, Samples: 10, Write: true, Key: "/etcd-monitor/probe/stage"},
		}
	})
	gateway := freeport.For(t)
	daemon(t, "pushgateway", "--web.listen-address="+gateway, "--log.level=error")
	s.prometheus = servePrometheus(t, s.scrapes(gateway))
	s.load()
	s.benchmark("http://" + gateway)
	return s
}

// scrapes is the configuration of Prometheus.
func (s *stage) scrapes(gateway string) string {
	s.t.Helper()
	rules, err := filepath.Abs("../../rules")
	if err != nil {
		s.t.Fatal(err)
	}
	address := strings.TrimPrefix(s.exporter.url, "http://")
	_, port, _ := strings.Cut(address, ":")
	var members []string
	for _, e := range s.prod.Endpoints() {
		members = append(members, strings.TrimPrefix(e, "http://"))
	}
	return strings.NewReplacer("ADDRESS", address, "PORT", port, "RULES", rules, "GATEWAY", gateway,
		"MEMBERS", strings.Join(members, ", "), "EVERY", s.scrape.String()).Replace(`
global: {scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: EVERY}
rule_files: [RULES/*.rules.yml]
scrape_configs:
  - job_name: etcd-monitor
    honor_labels: true
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs: [{targets: [ADDRESS, "localhost:PORT"]}]
  - job_name: etcd
    http_sd_configs: [{url: "http://ADDRESS/sd", refresh_interval: 2s}]
  - job_name: plain
    static_configs: [{targets: [MEMBERS]}]
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{targets: [GATEWAY]}]
`)
}

// load is some clients: writers, watchers, leases, and one that errs.
func (s *stage) load() {
	client, full := s.prod.Client(s.t), s.full.Client(s.t)
	ctx, cancel := context.WithCancel(s.t.Context())
	var wg sync.WaitGroup
	s.t.Cleanup(func() { cancel(); wg.Wait() })
	for range 20 {
		watched := client.Watch(clientv3.WithRequireLeader(ctx), "stage/", clientv3.WithPrefix())
		wg.Go(func() {
			for range watched { // it is read, so that it is not slow
			}
		})
	}
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			s.request(ctx, client, full, n)
		}
	})
}

// request is one of the load's. Errors are part of it: members die, and one of
// the clusters is full.
func (s *stage) request(ctx context.Context, client, full *clientv3.Client, n int) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	key := fmt.Sprintf("stage/%d", n%5000)
	switch {
	case n%50 == 0:
		_, _ = full.Put(ctx, key, "no space")
		_, _ = client.Compact(ctx, 1<<40) // of the future: refused
	case n%20 == 0:
		_, _ = client.Grant(ctx, 60)
	case n%3 == 0:
		_, _ = client.Get(ctx, key)
	default:
		_, _ = client.Put(ctx, key, strings.Repeat("v", 512))
	}
}

// benchmark pushes the results of two short runs, one of which misses what it is
// asked for, and of one that broke off.
func (s *stage) benchmark(gateway string) {
	s.t.Helper()
	to := benchmark.Gateway{URL: gateway, Interval: time.Hour}
	for kind, slo := range map[string]benchmark.SLO{
		benchmark.Write: {WriteThroughput: 10, P99Seconds: 10},
		benchmark.Mixed: {ReadThroughput: 20_000, WriteThroughput: 10, P99Seconds: 10},
	} {
		c := benchmark.Default()
		c.Cluster, c.Type, c.Ops, c.Connections, c.Clients, c.SLO = clusterAt(prodName, s.prod.Endpoints()), kind, 300, 1, 2, slo
		report, err := benchmark.Run(s.t.Context(), c)
		if err != nil {
			s.t.Fatal(err)
		}
		etcdtest.OK(s.t, to.Push(s.t.Context(), report, true))
	}
	etcdtest.OK(s.t, to.Push(s.t.Context(), benchmark.Report{Cluster: fullName, Type: benchmark.Write}, false))
}

// await waits until a query finds something.
func (s *stage) await(what, query string) {
	s.t.Helper()
	etcdtest.Eventually(s.t, 2*time.Minute, what, func() bool { return len(s.prometheus.query(query)) > 0 })
}

// fault adds a learner and kills the leader, once the load has made history.
func (s *stage) fault() {
	s.t.Helper()
	s.await("growth", `etcd_monitor_member_db_seconds_to_quota{cluster="`+prodName+`"} < +Inf`)
	_, err := s.prod.AddLearner(s.t.Context())
	etcdtest.OK(s.t, err)
	leader, err := s.prod.WaitLeader(s.t.Context())
	etcdtest.OK(s.t, err)
	etcdtest.OK(s.t, s.prod.Member(leader).Kill())
	s.await("the change of leaders", `increase(etcd_monitor_cluster_leader_changes_total[1h]) > 0`)
	// A range is asked in steps, the last of which may be before the last scrape.
	s.await("its time", `etcd_monitor_cluster_leader_since_timestamp_seconds offset 5s`)
	s.await("the death of a member", `etcd_monitor_member_up == 0`)
	s.await("an alert", `ALERTS{alertname="EtcdAlarmActive",alertstate="firing"}`)
}
