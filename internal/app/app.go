// Package app puts the parts together: a monitor for each cluster, the
// exporter, the HTTP side. It is the only package that knows everybody, and it
// knows no flags, no signals and no os.Exit.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/alert"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// Options is all that an App is made of.
type Options struct {
	Settings
	Web         WebOptions
	Alerts      Alerts
	Dashboards  bool     // serve those for Grafana
	Prefix      string   // of all routes, as in /etcd; "" for none
	ExternalURL *url.URL // under which we are reached from outside; nil for the request's own
	Logger      *slog.Logger

	// Load gives the settings anew when a reload is asked for; nil when there is
	// nothing to load them from.
	Load func() (Settings, error)

	// Collectors switches collectors on and off by name; what is not in it has
	// its default. That of the probes is on while Watch.Probe is.
	Collectors map[string]bool

	// LocalTimeout and LinearizableTimeout replace the deadlines of calls to
	// etcd; 0 means 2 s and 5 s.
	LocalTimeout, LinearizableTimeout time.Duration
}

// Settings are what can change while the App runs. Intervals must be positive.
type Settings struct {
	Clusters []config.Cluster // names are unique
	Watch    Watch
	History  History
	// Benchmark runs on a schedule, if it has an interval.
	Benchmark Benchmark
	// CollectorTimeout caps the time of a scrape, whatever its header asks for;
	// 0 for no cap of ours.
	CollectorTimeout time.Duration
	// InForce, if set, is called once when the settings have become those that
	// count.
	InForce func()
}

// History says how much is kept of each cluster. Zero means the default.
type History struct {
	Points  int // one per MetricsInterval; 1000
	Changes int // of leader or membership; 100
}

// Watch says how often, and what, clusters are asked beyond scrapes.
type Watch struct {
	HealthInterval  time.Duration // between observations that no scrape asked for
	MetricsInterval time.Duration // between history points and digests, and what probes are spread over
	HashInterval    time.Duration // between comparisons of hashes; 0 for never
	Probe           Probe
	Digest          bool // read the members' own metrics
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
	exporter *collector.Exporter
	fleet    fleet
	server   *server
	alerts   *alert.Receiver
	load     *benchmarks
	proxied  chan struct{} // a place for each exposition that is passed on
	ready    atomic.Bool   // every cluster was asked once
	cap      atomic.Int64  // of a scrape, a time.Duration; 0 for none of ours

	reload sync.Mutex // one at a time; guards what follows
	failed string     // why the last one did, "" when it did not
}

// ErrNothingToLoad is the error of a reload where there is no file.
var ErrNothingToLoad = errors.New("there is no configuration file to load")

// New prepares everything and binds the listeners. Clusters that do not answer
// are no error.
func New(o Options) (*App, error) {
	a := &App{opts: o, proxied: make(chan struct{}, maxProxied)}
	probes := collector.NewProbes()
	exporter, err := collector.New(collector.Options{Collectors: o.Collectors, Probes: probes, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	a.exporter = exporter
	a.alerts = a.newReceiver()
	a.fleet.shared = shared{
		opts: o, probes: probes, exporter: exporter, zap: logging.Zap(o.Logger),
		slots: make(chan struct{}, maxFetches), scrapeCap: a.scrapeCap,
	}
	a.load = newBenchmarks(o.Logger, a.fleet.shared.zap, a.fleet.configs)
	if err := a.apply(o.Settings); err != nil {
		return nil, err
	}
	exporter.Reloaded(true, time.Now())
	a.server, err = newServer(o.Web, a.routes(), o.Logger)
	if err != nil {
		a.fleet.stop()
		return nil, err
	}
	return a, nil
}

// Addrs are the addresses that are listened on.
func (a *App) Addrs() []net.Addr { return a.server.Addrs() }

// Run watches and serves until ctx ends, then stops in good order: no new
// requests, those under way are answered, probes clean up, connections close.
func (a *App) Run(ctx context.Context) error {
	defer a.fleet.stop()
	a.fleet.start(context.WithoutCancel(ctx))
	first, done := context.WithTimeout(context.WithoutCancel(ctx), observeLimit)
	defer done()
	go func() {
		a.views(first)
		a.ready.Store(true)
	}()
	ctx, end := context.WithCancel(ctx)
	var load sync.WaitGroup
	defer load.Wait() // it cleans up
	defer end()       // the server may end by itself, of a listener that fails
	load.Go(func() { a.load.keep(ctx) })
	return a.server.Run(ctx) // returns when the last request is answered
}

// apply puts settings in force, all or nothing.
func (a *App) apply(s Settings) error {
	if err := s.Benchmark.validate(); err != nil {
		return err
	}
	if err := a.fleet.apply(s); err != nil {
		return err
	}
	a.cap.Store(int64(s.CollectorTimeout))
	a.exporter.ShowProbes(s.Watch.Probe.Enabled)
	a.load.follow(s.Benchmark)
	if s.InForce != nil {
		s.InForce()
	}
	return nil
}

// views observes all clusters side by side.
func (a *App) views(ctx context.Context) []collector.View {
	monitors, release := a.fleet.acquire()
	defer release()
	views := make([]collector.View, len(monitors))
	var wg sync.WaitGroup
	for i, m := range monitors {
		wg.Go(func() { views[i] = m.view(ctx) })
	}
	wg.Wait()
	return views
}
