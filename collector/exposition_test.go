package collector

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// What must be true of every exposition, whatever the state of the world.

// eachScenario runs a check on what each scenario gathers.
func eachScenario(t *testing.T, check func(t *testing.T, sc scenario, families []*dto.MetricFamily)) {
	t.Helper()
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			families, err := sc.exporter(t).Gather(sc.views)
			if err != nil {
				t.Fatal(err)
			}
			check(t, sc, families)
		})
	}
}

func TestLint(t *testing.T) {
	eachScenario(t, func(t *testing.T, _ scenario, families []*dto.MetricFamily) {
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	})
}

func TestFamiliesAndSeriesAreSorted(t *testing.T) {
	eachScenario(t, func(t *testing.T, _ scenario, families []*dto.MetricFamily) {
		for i, f := range families {
			if i > 0 && families[i-1].GetName() >= f.GetName() {
				t.Errorf("%s comes after %s", f.GetName(), families[i-1].GetName())
			}
			for j := 1; j < len(f.GetMetric()); j++ {
				if a, b := labelValues(f.GetMetric()[j-1]), labelValues(f.GetMetric()[j]); slices.Compare(a, b) >= 0 {
					t.Errorf("%s: %q comes after %q", f.GetName(), b, a)
				}
			}
		}
	})
}

func TestSeriesHaveTheDeclaredLabels(t *testing.T) {
	declared := map[string]*family{}
	for _, f := range allFamilies() {
		if declared[f.name] != nil {
			t.Errorf("%s is declared twice", f.name)
		}
		declared[f.name] = f
	}
	eachScenario(t, func(t *testing.T, sc scenario, families []*dto.MetricFamily) {
		for _, f := range families {
			if !strings.HasPrefix(f.GetName(), "etcd_monitor_") {
				continue // of client_golang
			}
			d := declared[f.GetName()]
			if d == nil {
				t.Errorf("%s is not declared", f.GetName())
				continue
			}
			if d == clusterInfo {
				d = infoOf(sc.views) // its labels are configured
			}
			if f.GetType() != d.kind || f.GetHelp() != d.help {
				t.Errorf("%s is %v %q, and declared %v %q", d.name, f.GetType(), f.GetHelp(), d.kind, d.help)
			}
			for _, m := range f.GetMetric() {
				if got := labelNames(m); !slices.Equal(got, d.labels) {
					t.Errorf("%s has labels %v, and declares %v", d.name, got, d.labels)
				}
			}
		}
	})
}

// TestTextParsesBack: what a parser makes of the text is what was gathered.
func TestTextParsesBack(t *testing.T) {
	eachScenario(t, func(t *testing.T, sc scenario, families []*dto.MetricFamily) {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		parsed, err := parser.TextToMetricFamilies(strings.NewReader(sc.scrape(t)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			p := parsed[f.GetName()]
			if unsteady(f.GetName()) {
				continue
			}
			if len(p.GetMetric()) != len(f.GetMetric()) {
				t.Errorf("%s: %d series became %d", f.GetName(), len(f.GetMetric()), len(p.GetMetric()))
				continue
			}
			for i, m := range f.GetMetric() {
				if a, b := labelValues(m), labelValues(p.GetMetric()[i]); !slices.Equal(a, b) {
					t.Errorf("%s: %q became %q", f.GetName(), a, b)
				}
				if a, b := value(m), value(p.GetMetric()[i]); a != b {
					t.Errorf("%s%q: %v became %v", f.GetName(), labelValues(m), a, b)
				}
			}
		}
	})
}

func TestNoSeriesIsNaN(t *testing.T) {
	eachScenario(t, func(t *testing.T, _ scenario, families []*dto.MetricFamily) {
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if math.IsNaN(value(m)) {
					t.Errorf("%s%q is NaN", f.GetName(), labelValues(m))
				}
			}
		}
	})
}

func TestFormatsAreNegotiated(t *testing.T) {
	sc := scenarios()[0]
	t.Run("OpenMetrics", func(t *testing.T) {
		resp, body := get(t, sc.handler(t), http.Header{"Accept": {"application/openmetrics-text;version=1.0.0"}})
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0") {
			t.Errorf("Content-Type: %s", got)
		}
		for _, want := range []string{
			"# TYPE etcd_monitor_cluster_leader_changes counter\n",
			"etcd_monitor_cluster_leader_changes_total{cluster=\"prod\"} 1.0\n",
			"etcd_monitor_member_db_seconds_to_quota{cluster=\"prod\",member=\"m2\"} +Inf\n",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("there is no %q", want)
			}
		}
		if !strings.HasSuffix(body, "\n# EOF\n") {
			t.Errorf("it ends in %q", body[max(0, len(body)-40):])
		}
	})
	t.Run("protobuf, with native histograms", func(t *testing.T) {
		const format = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
		resp, body := get(t, sc.handler(t), http.Header{"Accept": {strings.ReplaceAll(format, " ", "")}})
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, format) {
			t.Fatalf("Content-Type: %s", got)
		}
		dec := expfmt.NewDecoder(strings.NewReader(body), expfmt.NewFormat(expfmt.TypeProtoDelim))
		native := 0
		for {
			var f dto.MetricFamily
			if err := dec.Decode(&f); err != nil {
				break
			}
			if f.GetName() == probeDuration.name {
				for _, m := range f.GetMetric() {
					if h := m.GetHistogram(); len(h.GetPositiveSpan()) > 0 && len(h.GetBucket()) == len(probeBuckets) {
						native++
					}
				}
			}
		}
		if native != 2 {
			t.Errorf("%d histograms are both classic and native, want 2", native)
		}
	})
}

func labelNames(m *dto.Metric) []string {
	var names []string
	for _, l := range m.GetLabel() {
		names = append(names, l.GetName())
	}
	return names
}

func labelValues(m *dto.Metric) []string {
	var values []string
	for _, l := range m.GetLabel() {
		values = append(values, l.GetValue())
	}
	return values
}

// value is that of a gauge or counter, else the sum.
func value(m *dto.Metric) float64 {
	switch {
	case m.Gauge != nil:
		return m.GetGauge().GetValue()
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Summary != nil:
		return m.GetSummary().GetSampleSum()
	case m.Untyped != nil:
		return m.GetUntyped().GetValue()
	}
	return m.GetHistogram().GetSampleSum()
}
