// Package app puts the parts together: a monitor for each cluster, the
// exporter, the HTTP side. It is the only package that knows everybody, and it
// knows no flags, no signals and no os.Exit.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// Options is all that an App is made of. Intervals must be positive.
type Options struct {
	Clusters []config.Cluster
	Web      WebOptions
	Prefix   string // of all routes, as in /etcd; "" for none
	Logger   *slog.Logger

	HealthInterval  time.Duration // between observations that no scrape asked for
	MetricsInterval time.Duration // between history points, and what probes are spread over
	HashInterval    time.Duration // between comparisons of hashes; 0 for never
	Probe           Probe
	Digest          bool // read the members' own metrics

	// Collectors switches collectors on and off by name; what is not in it has
	// its default.
	Collectors map[string]bool
	// CollectorTimeout caps the time of a scrape, whatever its header asks for;
	// 0 for no cap.
	CollectorTimeout time.Duration

	// LocalTimeout and LinearizableTimeout replace the deadlines of calls to
	// etcd; 0 means 2 s and 5 s.
	LocalTimeout, LinearizableTimeout time.Duration
}

// Probe says how latency is sampled.
type Probe struct {
	Enabled bool
	Samples int    // of each kind per member and MetricsInterval
	Write   bool   // also writes, to one key
	Key     string // that the write probe writes
}

// App watches the clusters and serves what it sees.
type App struct {
	opts     Options
	monitors []*monitor
	server   *server
	ready    atomic.Bool // every cluster was asked once
}

// New prepares everything and binds the listeners. Clusters that do not answer
// are no error.
func New(o Options) (*App, error) {
	a := &App{opts: o}
	probes := collector.NewProbes()
	shared := shared{probes: probes, zap: logging.Zap(o.Logger), slots: make(chan struct{}, maxFetches)}
	for _, c := range o.Clusters {
		m, err := newMonitor(o, c, shared)
		if err != nil {
			a.close()
			return nil, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		a.monitors = append(a.monitors, m)
	}
	exporter, err := collector.New(collector.Options{Collectors: o.Collectors, Probes: probes, Logger: o.Logger})
	if err != nil {
		a.close()
		return nil, err
	}
	exporter.Reloaded(true, time.Now())
	a.server, err = newServer(o.Web, a.routes(exporter), o.Logger)
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// Addrs are the addresses that are listened on.
func (a *App) Addrs() []net.Addr { return a.server.Addrs() }

// Run watches and serves until ctx ends, then stops in good order: no new
// requests, those under way are answered, probes clean up, connections close.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	for _, m := range a.monitors {
		wg.Go(func() { m.run(watch) })
	}
	wg.Go(func() { a.awaitFirst(watch) })
	err := a.server.Run(ctx) // returns when the last request is answered
	stop()
	wg.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// awaitFirst makes the app ready once every cluster was asked, whatever it
// answered.
func (a *App) awaitFirst(ctx context.Context) {
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(ctx, observeLimit)
	defer cancel()
	for _, m := range a.monitors {
		wg.Go(func() { m.client.Observe(ctx) })
	}
	wg.Wait()
	a.ready.Store(true)
}

func (a *App) close() {
	for _, m := range a.monitors {
		m.client.Close()
	}
}

// views observes all clusters side by side.
func (a *App) views(ctx context.Context) []collector.View {
	views := make([]collector.View, len(a.monitors))
	var wg sync.WaitGroup
	for i, m := range a.monitors {
		wg.Go(func() { views[i] = m.view(ctx) })
	}
	wg.Wait()
	return views
}
