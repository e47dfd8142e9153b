package collector

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
)

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
			Name: "etcd_monitor_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded.",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "etcd_monitor_config_last_reload_success_timestamp_seconds",
			Help: "When the configuration was last loaded, Unix time.",
		}),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.self.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		version.NewCollector("etcd_monitor"),
		e.reloadOK, e.reloadTime,
	)
	return e, nil
}

// Reloaded notes the outcome of loading the configuration.
func (e *Exporter) Reloaded(ok bool, at time.Time) {
	e.reloadOK.Set(bit(ok))
	if ok {
		e.reloadTime.Set(unix(at))
	}
}

// Gather makes the families of the views, and those about the exporter itself,
// ordered by name. What it cannot get is missing, and in the error.
func (e *Exporter) Gather(views []View) ([]*dto.MetricFamily, error) {
	families := e.clusters(views)
	more, err := e.self.Gather()
	families = append(families, more...)
	if e.probes != nil {
		probes, probesErr := e.probes.registry.Gather()
		families = append(families, probes...)
		if err == nil {
			err = probesErr
		}
	}
	sortFamilies(families)
	return families, err
}

func (e *Exporter) clusters(views []View) []*dto.MetricFamily {
	s := newSink()
	for i := range views {
		s.about(views[i].Verdict.Cluster)
		for _, r := range e.rows {
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
// series, and nobody else anything.
func collect(r row, s *sink, v *View) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	r.collect(s, v)
	return nil
}
