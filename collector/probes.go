package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

var (
	probeDuration = &family{
		"etcd_monitor_probe_duration_seconds",
		"Latency of probes through the member, classic and native. op: read_linearizable (confirmed by a quorum), read_serializable (answered by the member alone), write.",
		dto.MetricType_HISTOGRAM,
		[]string{"cluster", "member", "op"},
	}
	probeErrors = counter("etcd_monitor_probe_errors_total",
		"Probes that brought no answer, and why; those included that were due while one waited in vain (timeout). They are no latency samples.", "cluster", "member", "op", "reason")
	probeLatency = &family{
		"etcd_monitor_probe_latency_seconds",
		"Latency over the last 1000 probes, of the last 10 minutes at most. Quantiles by nearest rank, as far as the samples support them: 0.5 from 10, 0.95 from 20, 0.99 from 100. For graphs; rules use the histogram.",
		dto.MetricType_SUMMARY,
		[]string{"cluster", "member", "op"},
	}
)

var probeFamilies = []*family{probeDuration, probeErrors, probeLatency}

// probeBuckets are the classic buckets, in seconds: a read takes about a round
// trip, a write a disk's fsync besides, an election one to three seconds.
var probeBuckets = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}

func collectProbes(s *sink, view *View) {
	for _, l := range view.Latency {
		s.summary(probeLatency, l.Count, l.Sum, l.Quantiles, l.Member, l.Op)
	}
}

// Probes holds the histograms and counters of the latency probes of all
// clusters. It is safe for concurrent use.
type Probes struct {
	registry *prometheus.Registry
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

// NewProbes returns Probes without samples.
func NewProbes() *Probes {
	p := &Probes{
		registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: probeDuration.name, Help: probeDuration.help, Buckets: probeBuckets,
			NativeHistogramBucketFactor:     1.2, // a quantile is off by a tenth at most, for half the memory of 1.1
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, probeDuration.labels),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: probeErrors.name, Help: probeErrors.help}, probeErrors.labels),
	}
	p.registry.MustRegister(p.duration, p.errors)
	return p
}

// Observe takes in the latency of one probe.
func (p *Probes) Observe(clusterName, member, op string, took time.Duration) {
	h, err := p.duration.GetMetricWithLabelValues(clusterName, member, op)
	if err != nil {
		return // a label that is no UTF-8; labels are made safe before
	}
	h.Observe(took.Seconds())
	// The most likely error counts from 0: an increase from nothing is none.
	_, _ = p.errors.GetMetricWithLabelValues(clusterName, member, op, string(cluster.ReasonTimeout))
}

// Fail counts a probe that brought no answer.
func (p *Probes) Fail(clusterName, member, op string, reason cluster.Reason) {
	c, err := p.errors.GetMetricWithLabelValues(clusterName, member, op, string(reason))
	if err == nil {
		c.Inc()
	}
}

// ForgetCluster drops the series of a cluster that is no longer configured.
func (p *Probes) ForgetCluster(clusterName string) {
	l := prometheus.Labels{"cluster": clusterName}
	p.duration.DeletePartialMatch(l)
	p.errors.DeletePartialMatch(l)
}

// Forget drops the series of a member that is gone.
func (p *Probes) Forget(clusterName, member string) {
	l := prometheus.Labels{"cluster": clusterName, "member": member}
	p.duration.DeletePartialMatch(l)
	p.errors.DeletePartialMatch(l)
}
