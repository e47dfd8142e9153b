package collector

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// sink takes the series of one scrape, and is the last guard of the exposition,
// which one bad series would spoil for all. It drops NaN: what is not a number
// was not measured. It mends labels that are no UTF-8, and keeps one of series
// with equal labels.
type sink struct {
	families map[*family]*dto.MetricFamily
	cluster  *dto.LabelPair // of what is added, see about
	info     *family        // with the labels of the clusters; nil for none

	// A scrape of a hundred members has thousands of series of many small parts
	// each. Made one by one they cost more than all the rest.
	series slab[series]
	pairs  slab[dto.LabelPair]
	labels slab[*dto.LabelPair]
	values slab[string]
}

// series is one of a single number.
type series struct {
	metric dto.Metric
	gauge  dto.Gauge
	value  float64
}

var clusterLabel = "cluster"

func newSink() *sink { return &sink{families: map[*family]*dto.MetricFamily{}} }

// about says which cluster is meant by what is added from now on.
func (s *sink) about(cluster string) {
	cluster = valid(cluster)
	s.cluster = &dto.LabelPair{Name: &clusterLabel, Value: &cluster}
}

// add adds a gauge or a counter. The first label is always cluster, which the
// sink knows; labels are the values of the others, in the order of declaration.
func (s *sink) add(f *family, value float64, labels ...string) {
	if math.IsNaN(value) {
		return
	}
	n := &s.series.take(1)[0]
	n.value = value
	if f.kind == dto.MetricType_COUNTER {
		n.metric.Counter = &dto.Counter{Value: &n.value}
	} else {
		n.gauge.Value = &n.value
		n.metric.Gauge = &n.gauge
	}
	s.put(f, &n.metric, labels)
}

// summary adds a summary.
func (s *sink) summary(f *family, count int, sum float64, quantiles map[float64]float64, labels ...string) {
	n := uint64(count)
	d := &dto.Summary{SampleCount: &n, SampleSum: &sum}
	for q, v := range quantiles {
		d.Quantile = append(d.Quantile, &dto.Quantile{Quantile: &q, Value: &v})
	}
	slices.SortFunc(d.Quantile, func(a, b *dto.Quantile) int { return cmp.Compare(a.GetQuantile(), b.GetQuantile()) })
	s.put(f, &dto.Metric{Summary: d}, labels)
}

func (s *sink) put(f *family, m *dto.Metric, labels []string) {
	mf := s.families[f]
	if mf == nil {
		mf = &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &f.kind}
		s.families[f] = mf
	}
	n := len(f.labels)
	m.Label = s.labels.take(n)
	m.Label[0] = s.cluster
	pairs, values := s.pairs.take(n-1), s.values.take(n-1)
	for i := range pairs {
		values[i] = valid(labels[i])
		pairs[i].Name, pairs[i].Value = &f.labels[i+1], &values[i]
		m.Label[i+1] = &pairs[i]
	}
	mf.Metric = append(mf.Metric, m)
}

// valid is the text without what is no UTF-8, nearly always the same.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// gathered are the families with their series, ordered by name and by labels.
func (s *sink) gathered() []*dto.MetricFamily {
	out := make([]*dto.MetricFamily, 0, len(s.families))
	for _, mf := range s.families {
		slices.SortStableFunc(mf.Metric, byLabels)
		mf.Metric = slices.CompactFunc(mf.Metric, func(a, b *dto.Metric) bool { return byLabels(a, b) == 0 })
		out = append(out, mf)
	}
	sortFamilies(out)
	return out
}

// byLabels compares series of one family.
func byLabels(a, b *dto.Metric) int {
	for i, l := range a.Label {
		if l == b.Label[i] {
			continue // the same cluster, seen from the pointer
		}
		if c := strings.Compare(*l.Value, *b.Label[i].Value); c != 0 {
			return c
		}
	}
	return 0
}

func sortFamilies(fs []*dto.MetricFamily) {
	slices.SortFunc(fs, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// slab hands out zero values of one block of memory.
type slab[T any] struct {
	free []T
	size int // of the last block
}

const maxSlab = 1024

func (s *slab[T]) take(n int) []T {
	if len(s.free) < n {
		s.size = max(min(2*s.size, maxSlab), 64, n)
		s.free = make([]T, s.size)
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix also holds for certificates that never expire, which is in the year 9999:
// UnixNano ends in 2262.
func unix(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }
