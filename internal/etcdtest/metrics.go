package etcdtest

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metric is the sum of a counter or gauge in the member's own /metrics, asked
// past any proxy, over the series that have all the labels; 0 without series.
func (m *Member) Metric(ctx context.Context, name string, labels map[string]string) (float64, error) {
	families, err := m.metrics(ctx)
	if err != nil {
		return 0, fmt.Errorf("metrics of %s: %w", m.name, err)
	}
	var sum float64
	for _, series := range families[name].GetMetric() {
		if has(series, labels) {
			sum += series.GetCounter().GetValue() + series.GetGauge().GetValue() + series.GetUntyped().GetValue()
		}
	}
	return sum, nil
}

func (m *Member) metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	url := m.direct() + "/metrics"
	if m.metricsAddr != "" {
		url = m.MetricsURL()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: m.c.TLSConfig(), DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(resp.Body)
}

// CPU is what the processes of all running members have used since their start.
func (c *Cluster) CPU(t testing.TB) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, m := range c.Members() {
		if !m.Running() {
			continue
		}
		u, err := UsageOf(m.PID())
		if err != nil {
			t.Fatal(err)
		}
		sum += u.CPU
	}
	return sum
}

// has tells whether a series has all the labels.
func has(series *dto.Metric, labels map[string]string) bool {
	found := 0
	for _, l := range series.GetLabel() {
		if want, ok := labels[l.GetName()]; ok && want == l.GetValue() {
			found++
		}
	}
	return found == len(labels)
}

// Committed is the number of raft proposals that the cluster has committed, as
// the most advanced of its running members tells. What only looks at a cluster
// does not raise it.
func (c *Cluster) Committed(t testing.TB) float64 {
	t.Helper()
	var most float64
	for _, n := range c.collect(t, "etcd_server_proposals_committed_total", nil) {
		most = max(most, n)
	}
	return most
}

// Handled is the number of calls of a gRPC method, such as "Range", that the
// running members have answered, with whatever code.
func (c *Cluster) Handled(t testing.TB, method string) float64 {
	t.Helper()
	var sum float64
	for _, n := range c.collect(t, "grpc_server_handled_total", map[string]string{"grpc_method": method}) {
		sum += n
	}
	return sum
}

func (c *Cluster) collect(t testing.TB, name string, labels map[string]string) []float64 {
	t.Helper()
	var all []float64
	for _, m := range c.Members() {
		if !m.Running() {
			continue
		}
		n, err := m.Metric(context.WithoutCancel(t.Context()), name, labels)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}
