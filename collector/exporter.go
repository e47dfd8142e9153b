package collector

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
)

var (
	reloadSuccessful = gauge("etcd_monitor_config_last_reload_successful",
		"Whether the last attempt to load the configuration succeeded.")
	reloadSuccessTime = gauge("etcd_monitor_config_last_reload_success_timestamp_seconds",
		"When the configuration was last loaded, Unix time.")
	buildInfo = gauge("etcd_monitor_build_info",
		"A metric with a constant '1' value labeled by version, revision, branch, goversion from which etcd_monitor was built, and the goos and goarch for the build.", // client_golang's words
		"branch", "goarch", "goos", "goversion", "revision", "tags", "version")
)

// selfFamilies are about the exporter, not about a cluster.
var selfFamilies = slices.Concat([]*family{reloadSuccessful, reloadSuccessTime, buildInfo}, notificationFamilies)

// Options of an Exporter.
type Options struct {
	// Collectors switches collectors on and off by name; what is not in it has
	// its default.
	Collectors map[string]bool
	Probes     *Probes // nil for none
	Logger     *slog.Logger
}

// Exporter makes metric families of views. It is safe for concurrent use.
type Exporter struct {
	rows   []row
	probes *Probes
	self   *prometheus.Registry
	log    *slog.Logger

	reloadOK, reloadTime prometheus.Gauge
	notifications        *Notifications
	probing              atomic.Bool // the collector of the probes is on
}

// New returns an Exporter. A collector that does not exist is an error.
func New(o Options) (*Exporter, error) {
	rows, err := enabled(o.Collectors)
	if err != nil {
		return nil, err
	}
	e := &Exporter{
		rows: rows, probes: o.Probes, self: prometheus.NewRegistry(), log: o.Logger,
		reloadOK: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: reloadSuccessful.name, Help: reloadSuccessful.help,
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: reloadSuccessTime.name, Help: reloadSuccessTime.help,
		}),
	}
	e.ShowProbes(true)
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.self.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		version.NewCollector("etcd_monitor"),
		e.reloadOK, e.reloadTime,
	)
	e.notifications = newNotifications(e.self)
	return e, nil
}

// Notifications counts what Alertmanager sends here.
func (e *Exporter) Notifications() *Notifications { return e.notifications }

// Reloaded notes the outcome of loading the configuration.
func (e *Exporter) Reloaded(ok bool, at time.Time) {
	e.reloadOK.Set(bit(ok))
	if ok {
		e.reloadTime.Set(unix(at))
	}
}

// ShowProbes switches the collector of the probes, unless it is off for good.
func (e *Exporter) ShowProbes(on bool) {
	e.probing.Store(on && slices.ContainsFunc(e.rows, func(r row) bool { return r.name == probesName }))
}

// Gather makes the families of the views, and those about the exporter itself,
// ordered by name. What it cannot get is missing, and in the error.
func (e *Exporter) Gather(views []View) ([]*dto.MetricFamily, error) {
	return e.scrape(func() []View { return views }, true)
}

// gather is what Gather has of the clusters.
func (e *Exporter) gather(views []View) ([]*dto.MetricFamily, error) {
	families := e.clusters(views)
	if e.probes == nil || !e.probing.Load() {
		return families, nil
	}
	probes, err := e.probes.registry.Gather()
	families = append(families, ofClusters(probes, views)...)
	sortFamilies(families)
	return families, err
}

// scrape gathers what a source sees. What is about the exporter itself is put
// together meanwhile: the system takes its time to tell.
func (e *Exporter) scrape(source func() []View, own bool) ([]*dto.MetricFamily, error) {
	var self []*dto.MetricFamily
	var selfErr error
	var wg sync.WaitGroup
	if own {
		wg.Go(func() { self, selfErr = e.self.Gather() })
	}
	families, err := e.gather(source())
	wg.Wait()
	families = append(families, self...)
	sortFamilies(families)
	return families, errors.Join(err, selfErr)
}

// ofClusters keeps the series of the clusters that are viewed: others are of a
// cluster that was just taken out of the configuration, or not asked for.
func ofClusters(families []*dto.MetricFamily, views []View) []*dto.MetricFamily {
	viewed := make(map[string]bool, len(views))
	for i := range views {
		viewed[views[i].Verdict.Cluster] = true
	}
	for _, f := range families {
		f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool {
			return !slices.ContainsFunc(m.Label, func(l *dto.LabelPair) bool {
				return l.GetName() == clusterLabel && viewed[l.GetValue()]
			})
		})
	}
	return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 })
}

func (e *Exporter) clusters(views []View) []*dto.MetricFamily {
	s := newSink()
	s.info = infoOf(views)
	for i := range views {
		s.about(views[i].Verdict.Cluster)
		for _, r := range e.rows {
			if r.name == probesName && !e.probing.Load() {
				continue
			}
			start := time.Now()
			err := collect(r, s, &views[i])
			if err != nil {
				e.log.Error("collector failed", "cluster", views[i].Verdict.Cluster, "collector", r.name, "err", err)
			}
			s.add(collectorSuccess, bit(err == nil), r.name)
			s.add(collectorDuration, time.Since(start).Seconds(), r.name)
		}
	}
	return s.gathered()
}

// collect runs one collector. A panic costs that collector the rest of its
// series, and nobody else anything. Where it happened is for the log.
func collect(r row, s *sink, v *View) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	r.collect(s, v)
	return nil
}
