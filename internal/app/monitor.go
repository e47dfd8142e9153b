package app

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcd"
	"github.com/etcd-monitor/etcd-monitor/internal/history"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// fallbackAge is how long before a scrape that had no time to find out about the
// quorum the round must have ended whose answer stands in for its own.
const fallbackAge = 5 * time.Second

// maxFetches is how many members' metrics are fetched at a time for digests.
const maxFetches = 8

// shared is what the monitors of all clusters share.
type shared struct {
	opts      Options
	probes    *collector.Probes
	exporter  *collector.Exporter
	zap       *logging.ZapLogger
	slots     chan struct{} // for fetching members' metrics
	scrapeCap func() time.Duration
}

// monitor watches one cluster.
type monitor struct {
	shared
	name    string
	log     *slog.Logger
	client  *etcd.Client
	history *history.Memory
	metrics http.Handler // of this cluster alone
	finder  *finder      // nil where endpoints are configured

	users sync.WaitGroup // those who read from the client
	hurry chan struct{}  // tells tick that a scrape had no time to find out

	mu     sync.Mutex     // guards what follows
	cfg    config.Cluster // thresholds and quota may change while it runs
	watch  Watch
	quorum cluster.Verdict       // of the last round that could tell
	short  time.Time             // when the last round began that had no time to tell
	hash   *collector.HashReport // nil until the first comparison
	labels map[cluster.ID]string // of members, as last seen
}

func newMonitor(cfg config.Cluster, keep History, s shared) (*monitor, error) {
	m := &monitor{
		shared: s, name: cfg.Name, cfg: cfg, log: s.opts.Logger.With("cluster", cfg.Name),
		history: history.New(history.Options{Points: keep.Points, Changes: keep.Changes}), labels: map[cluster.ID]string{},
		hurry: make(chan struct{}, 1),
	}
	client, err := etcd.New(etcd.Options{
		Cluster: cfg, Logger: s.opts.Logger, Zap: s.zap, OnRound: m.record,
		LocalTimeout: s.opts.LocalTimeout, LinearizableTimeout: s.opts.LinearizableTimeout,
	})
	if err != nil {
		return nil, err
	}
	m.client, m.finder = client, newFinder(cfg, m.log, client)
	m.metrics = s.exporter.Handler(collector.HandlerOptions{
		Source: func(ctx context.Context) []collector.View { return []collector.View{m.view(ctx)} },
		Target: cfg.Name, Cap: s.scrapeCap, Logger: s.opts.Logger,
	})
	return m, nil
}

// config is what the cluster is configured as now.
func (m *monitor) config() config.Cluster {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cfg
}

// view waits for a round that began after the call, and gives what a scrape
// shows of the cluster.
func (m *monitor) view(ctx context.Context) collector.View {
	m.finder.await(ctx)
	v := cluster.Judge(m.client.Observe(ctx))
	now := time.Now()
	v.Cluster = m.name
	m.mu.Lock()
	v = fallBack(v, m.quorum)
	hash, labels, cfg := m.hash, m.labels, m.cfg
	m.mu.Unlock()

	sum, stats := m.history.Summary(now), m.client.Stats()
	view := collector.View{
		Verdict: v, Track: sum.Track, Growth: sum.Growth, Quotas: m.quotas(v, cfg.QuotaBytes),
		Digests: m.digests(now, labels), Hash: hash, Rounds: stats.Rounds, RPCs: stats.RPCs,
		Thresholds:  cfg.Thresholds.Effective(v.Voters.V, v.Voters.OK),
		SnapshotAge: now.Sub(v.Start), Labels: cfg.Labels, Discovery: m.finder.report(),
	}
	for _, c := range m.client.Certificates() {
		view.Certificates = append(view.Certificates, collector.Certificate(c))
	}
	for _, adv := range m.client.Advertised() {
		if label, ok := labels[adv.Member]; ok {
			view.Advertised = append(view.Advertised, collector.Advertised{Member: label, URL: adv.URL, Reachable: adv.Reachable})
		}
	}
	for _, r := range sum.Rejected {
		view.Rejected = append(view.Rejected, collector.Rejected{Member: r.Member, Field: r.Field, Count: r.Count})
	}
	for _, l := range sum.Latency {
		if label, ok := labels[l.Member]; ok {
			view.Latency = append(view.Latency, collector.Latency{Member: label, Op: l.Op, Latency: l.Latency})
		}
	}
	return view
}

// fallBack lends a verdict that had no time to find out about the quorum the
// answer of another round, if that is nearly as fresh.
func fallBack(v, other cluster.Verdict) cluster.Verdict {
	if v.QuorumUnknown != cluster.UnknownDeadlineTooShort || other.Start.IsZero() {
		return v
	}
	if age := v.Start.Sub(other.Start.Add(other.Took)); age > fallbackAge {
		return v
	}
	v.HasQuorum, v.HasLeader, v.QuorumUnknown = other.HasQuorum, other.HasLeader, ""
	return v
}

// quotas are those that members do not tell in Status: of their own metrics,
// else as configured.
func (m *monitor) quotas(v cluster.Verdict, configured int64) map[cluster.ID]collector.Quota {
	quotas := map[cluster.ID]collector.Quota{}
	for i := range v.Members {
		mem := &v.Members[i]
		if mem.Status == nil || mem.Status.Quota.OK {
			continue
		}
		if q, ok := m.client.MetricsQuota(mem.ID); ok {
			quotas[mem.ID] = collector.Quota{Bytes: q, Source: "metrics"}
		} else if configured > 0 {
			quotas[mem.ID] = collector.Quota{Bytes: float64(configured), Source: "config"}
		}
	}
	return quotas
}

// digests are the members' own metrics as far as they are younger than two
// intervals.
func (m *monitor) digests(now time.Time, labels map[cluster.ID]string) []collector.Digest {
	var out []collector.Digest
	for _, d := range m.client.Digests() {
		label, ok := labels[d.Member]
		if !ok && d.Member != 0 {
			continue // a member that left
		}
		c := collector.Digest{Member: label, Endpoint: d.URL}
		if d.Failure != nil {
			c.Failure = d.Failure.Reason
		}
		if ok && now.Sub(d.Digest.At) < 2*m.interval() {
			c.Digest = d.Digest
		}
		out = append(out, c)
	}
	return out
}
