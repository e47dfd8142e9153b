package benchmark

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	"github.com/prometheus/common/config"
)

// Gateway is a Pushgateway and the way in.
type Gateway struct {
	URL, Job                  string
	Username, PasswordFile    string
	CAFile, CertFile, KeyFile string
	InsecureSkipVerify        bool
	Timeout                   time.Duration // of a push; 10 s if 0
	// Interval is how often runs like this one are meant to come, for an alert
	// when they do not; 0 when there is no such plan.
	Interval time.Duration
}

// DefaultJob is the value of the label job of results.
const DefaultJob = "etcd-monitor-benchmark"

// Push replaces the group of the report's cluster and type by its figures. Of a
// run that failed or was cut short, it only tells that: the last good figures
// stay, and are marked as old.
func (g Gateway) Push(ctx context.Context, r Report, success bool) error {
	return g.do(ctx, r.Cluster, r.Type, func(ctx context.Context, p *push.Pusher) error {
		registry := prometheus.NewRegistry()
		m := metrics{registry: registry}
		m.outcome(success, time.Now(), g.Interval)
		if !success {
			return p.Gatherer(registry).AddContext(ctx)
		}
		m.figures(r)
		return p.Gatherer(registry).PushContext(ctx)
	})
}

// Delete removes the group of a cluster and type, which else stays for ever.
func (g Gateway) Delete(ctx context.Context, cluster, kind string) error {
	return g.do(ctx, cluster, kind, func(_ context.Context, p *push.Pusher) error { return p.Delete() })
}

// do runs an exchange with the Pushgateway, in the group of a cluster and type.
func (g Gateway) do(ctx context.Context, cluster, kind string, exchange func(context.Context, *push.Pusher) error) error {
	base, err := g.base()
	if err != nil {
		return fmt.Errorf("pushgateway: %w", err)
	}
	client, err := g.client()
	if err != nil {
		return fmt.Errorf("pushgateway %s: %w", base, err)
	}
	defer client.CloseIdleConnections()
	timeout := g.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	client.Timeout = timeout
	job := g.Job
	if job == "" {
		job = DefaultJob
	}
	p := push.New(base, job).Client(client).Grouping("cluster", cluster).Grouping("type", kind)
	if err := exchange(ctx, p); err != nil {
		return fmt.Errorf("pushgateway %s: %w", base, err)
	}
	return nil
}

// base is the URL, if it may be shown: errors have it in them.
func (g Gateway) base() (string, error) {
	base := g.URL
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Hostname() == "":
		return "", errors.New("the URL is malformed")
	case u.User != nil:
		return "", fmt.Errorf("the URL %s has a user or a password in it: give Username and PasswordFile instead", u.Redacted())
	}
	return base, nil
}

func (g Gateway) client() (*http.Client, error) {
	c := config.DefaultHTTPClientConfig
	if g.Username != "" {
		c.BasicAuth = &config.BasicAuth{Username: g.Username, PasswordFile: g.PasswordFile}
	} else if g.PasswordFile != "" {
		return nil, errors.New("a password file needs a user name")
	}
	c.TLSConfig = config.TLSConfig{
		CAFile: g.CAFile, CertFile: g.CertFile, KeyFile: g.KeyFile, InsecureSkipVerify: g.InsecureSkipVerify,
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return config.NewClientFromConfig(c, "pushgateway")
}

// metrics makes the gauges of a push. Gauges all: they are of the last run, and
// nothing counts on from one run to the next.
type metrics struct{ registry *prometheus.Registry }

func (m metrics) gauge(name, help string, value float64) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	g.Set(value)
	m.registry.MustRegister(g)
}

// maybe leaves out what could not be measured.
func (m metrics) maybe(name, help string, value *float64) {
	if value != nil {
		m.gauge(name, help, *value)
	}
}

func (m metrics) vector(name, help, label string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{label})
	m.registry.MustRegister(v)
	return v
}

func (m metrics) outcome(success bool, at time.Time, interval time.Duration) {
	m.gauge("etcd_monitor_benchmark_last_run_success", "Whether the last run was measured to its end.", toFloat(success))
	m.gauge("etcd_monitor_benchmark_last_run_timestamp_seconds", "When the last run ended.", float64(at.UnixMilli())/1000)
	if interval > 0 {
		m.gauge("etcd_monitor_benchmark_expected_interval_seconds", "How often runs are meant to come.", interval.Seconds())
	}
}

func (m metrics) figures(r Report) {
	m.gauge("etcd_monitor_benchmark_throughput_ops_per_second", "Successful operations per second.", r.Throughput)
	m.maybe("etcd_monitor_benchmark_latency_p50_seconds", "Median latency.", r.Latency.P50)
	m.maybe("etcd_monitor_benchmark_latency_p95_seconds", "95th percentile of latency.", r.Latency.P95)
	m.maybe("etcd_monitor_benchmark_latency_p99_seconds", "99th percentile of latency.", r.Latency.P99)
	m.maybe("etcd_monitor_benchmark_latency_min_seconds", "Smallest latency.", r.Latency.Min)
	m.maybe("etcd_monitor_benchmark_latency_max_seconds", "Largest latency.", r.Latency.Max)
	buckets := m.vector("etcd_monitor_benchmark_latency_operations", "Successful operations by range of latency.", "bucket")
	for _, b := range r.Latency.Buckets {
		buckets.WithLabelValues(b.Name).Set(float64(b.Count))
	}
	operations := m.vector("etcd_monitor_benchmark_operations", "Operations by what became of them.", "result")
	operations.WithLabelValues("success").Set(float64(r.Operations.Succeeded))
	operations.WithLabelValues("failure").Set(float64(r.Operations.Failed))
	operations.WithLabelValues("never_sent").Set(float64(r.Operations.NeverSent))
	codes := m.vector("etcd_monitor_benchmark_errors", "Failed operations by gRPC code.", "code")
	for _, e := range r.Errors {
		codes.WithLabelValues(e.Code).Add(float64(e.Count))
	}
	target := m.vector("etcd_monitor_benchmark_slo_target", "Targets that the run was asked to meet.", "slo")
	met := m.vector("etcd_monitor_benchmark_slo_met", "Whether it met them.", "slo")
	for _, s := range r.SLOs {
		if s.Asked {
			target.WithLabelValues(s.Name).Set(s.Target)
			met.WithLabelValues(s.Name).Set(toFloat(s.Met))
		}
	}
}

func toFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
