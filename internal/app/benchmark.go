package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/benchmark/h2"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// Benchmark is a benchmark on a schedule. It writes to etcd, so it is off unless
// asked for.
type Benchmark struct {
	Interval time.Duration    // from the end of one to the begin of the next; 0 for never
	Config   benchmark.Config // but for the cluster
	Gateway  benchmark.Gateway
}

func (b Benchmark) validate() error {
	if b.Interval <= 0 {
		return nil
	}
	if err := b.Config.Validate(); err != nil {
		return fmt.Errorf("scheduled benchmark: %w", err)
	}
	return nil
}

// benchmarks runs them, of one cluster at a time: two at once would measure each
// other.
type benchmarks struct {
	log      *slog.Logger
	zap      *logging.ZapLogger
	clusters func() []config.Cluster // as they are configured now
	run      func(context.Context, benchmark.Config) (benchmark.Report, error)

	mu      sync.Mutex // guards what follows
	plan    Benchmark
	changed chan struct{} // closed, and made anew, with the plan
}

func newBenchmarks(log *slog.Logger, zap *logging.ZapLogger, clusters func() []config.Cluster) *benchmarks {
	return &benchmarks{log: log, zap: zap, clusters: clusters, run: runBenchmark, changed: make(chan struct{})}
}

// runBenchmark runs one with the lean engine, if that can be trusted.
func runBenchmark(ctx context.Context, c benchmark.Config) (report benchmark.Report, err error) {
	if c.Engine, c.EngineNote, err = benchmark.Choose(ctx, c, h2.Engine{}); err != nil {
		return report, err
	}
	return benchmark.Run(ctx, c)
}

// follow makes plan the one that counts. A run that is under way ends as it began.
func (b *benchmarks) follow(plan Benchmark) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if plan.Interval != b.plan.Interval {
		close(b.changed)
		b.changed = make(chan struct{})
	}
	b.plan = plan
}

func (b *benchmarks) current() (Benchmark, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.plan, b.changed
}

// keep runs benchmarks until ctx ends. The first comes after an interval, so
// that one who starts again and again does not load etcd each time.
func (b *benchmarks) keep(ctx context.Context) {
	for ctx.Err() == nil {
		plan, changed := b.current()
		var due <-chan time.Time
		stop := func() bool { return false }
		if plan.Interval > 0 {
			t := time.NewTimer(plan.Interval)
			due, stop = t.C, t.Stop
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-due:
			for _, c := range b.clusters() {
				if plan, _ = b.current(); plan.Interval > 0 && ctx.Err() == nil {
					b.once(ctx, plan, c)
				}
			}
		}
		stop()
	}
}

// once measures a cluster, and pushes what came of it.
func (b *benchmarks) once(ctx context.Context, plan Benchmark, c config.Cluster) {
	cfg := plan.Config
	cfg.Cluster, cfg.Logger, cfg.Zap = c, b.log.With("cluster", c.Name), b.zap
	// Nobody looks on: whatever is wrong with the cluster ends it.
	cfg.Fuse.Alarm, cfg.Fuse.LeaderChange = true, true
	r, err := b.run(ctx, cfg)
	if err != nil {
		cfg.Logger.Warn("benchmark failed", "type", cfg.Type, "err", err)
	} else {
		attrs := []any{"type", r.Type, "ops_per_second", r.Throughput, "error_rate", r.Operations.ErrorRate(), "bottleneck", r.Bottleneck.What, "slo_missed", r.Missed()}
		if r.Latency.P99 != nil {
			attrs = append(attrs, "p99_seconds", *r.Latency.P99)
		}
		cfg.Logger.Info("benchmark finished", attrs...)
	}
	if plan.Gateway.URL == "" {
		return
	}
	r.Cluster, r.Type = c.Name, cfg.Type // when nothing was measured, too
	g := plan.Gateway
	g.Interval = plan.Interval
	if err := g.Push(context.WithoutCancel(ctx), r, err == nil); err != nil {
		cfg.Logger.Warn("benchmark results not pushed", "err", err)
	}
}
