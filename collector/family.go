package collector

import (
	"cmp"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// family is one metric as it is declared.
type family struct {
	name, help string
	kind       dto.MetricType
	labels     []string
}

func gauge(name, help string, labels ...string) *family {
	return &family{name, help, dto.MetricType_GAUGE, labels}
}

func counter(name, help string, labels ...string) *family {
	return &family{name, help, dto.MetricType_COUNTER, labels}
}

// sink takes the series of one scrape. It drops NaN: what is not a number was
// not measured.
type sink struct {
	families map[*family]*dto.MetricFamily
	cluster  string // value of the label cluster of what is added
}

func newSink() *sink { return &sink{families: map[*family]*dto.MetricFamily{}} }

// metric adds a series. The first label is always cluster, whose value the sink
// knows; labels are the values of the others, in the order of declaration.
func (s *sink) metric(f *family, labels []string) *dto.Metric {
	mf := s.families[f]
	if mf == nil {
		mf = &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &f.kind}
		s.families[f] = mf
	}
	pairs := make([]dto.LabelPair, len(f.labels))
	m := &dto.Metric{Label: make([]*dto.LabelPair, len(f.labels))}
	values := make([]string, len(f.labels))
	values[0] = s.cluster
	copy(values[1:], labels)
	for i := range pairs {
		pairs[i].Name, pairs[i].Value = &f.labels[i], &values[i]
		m.Label[i] = &pairs[i]
	}
	mf.Metric = append(mf.Metric, m)
	return m
}

// add adds a gauge or a counter.
func (s *sink) add(f *family, value float64, labels ...string) {
	if math.IsNaN(value) {
		return
	}
	m := s.metric(f, labels)
	if f.kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &value}
	} else {
		m.Gauge = &dto.Gauge{Value: &value}
	}
}

// summary adds a summary.
func (s *sink) summary(f *family, count int, sum float64, quantiles map[float64]float64, labels ...string) {
	n := uint64(count)
	d := &dto.Summary{SampleCount: &n, SampleSum: &sum}
	for q, v := range quantiles {
		d.Quantile = append(d.Quantile, &dto.Quantile{Quantile: &q, Value: &v})
	}
	slices.SortFunc(d.Quantile, func(a, b *dto.Quantile) int { return cmp.Compare(a.GetQuantile(), b.GetQuantile()) })
	s.metric(f, labels).Summary = d
}

// gathered are the families with their series, ordered by name.
func (s *sink) gathered() []*dto.MetricFamily {
	out := make([]*dto.MetricFamily, 0, len(s.families))
	for _, mf := range s.families {
		out = append(out, mf)
	}
	sortFamilies(out)
	return out
}

func sortFamilies(fs []*dto.MetricFamily) {
	slices.SortFunc(fs, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
