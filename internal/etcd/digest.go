package etcd

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// maxLine bounds a line of an exposition.
	maxLine = 64 << 10
	// maxDigestSeries bounds a digest; each bucket counts.
	maxDigestSeries = 200
)

// digester filters an exposition line by line: parsing all of it would cost ten
// times as much, and two thousand lines are not asked for.
type digester struct {
	member     cluster.ID
	series     int
	truncated  bool
	values     map[string]*cluster.DigestValue
	histograms map[string]*cluster.DigestHistogram
}

// readDigest reads an exposition to its end. Its member is 0 when the exposition
// does not say whose it is.
func readDigest(r io.Reader) (cluster.Digest, cluster.ID, error) {
	d := &digester{values: map[string]*cluster.DigestValue{}, histograms: map[string]*cluster.DigestHistogram{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 32<<10), maxLine) // not of the connection, which stays
	for lines.Scan() {
		d.line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return cluster.Digest{}, 0, fmt.Errorf("exposition: %w", err)
	}
	if len(d.values) == 0 && len(d.histograms) == 0 {
		return cluster.Digest{}, 0, errors.New("exposition: none of etcd's metrics in it")
	}
	return d.digest(), d.member, nil
}

func (d *digester) line(l []byte) {
	if len(l) == 0 || l[0] == '#' {
		return
	}
	end := bytes.IndexAny(l, "{ ")
	if end <= 0 {
		return
	}
	name := l[:end]
	if n, ok := natives[string(name)]; ok {
		d.take(n, l[end:])
	}
	if n, ok := alsoNatives[string(name)]; ok {
		d.take(n, l[end:])
	}
	if string(name) == serverIDMetric {
		if labels, _, ok := parseSeries(l[end:]); ok {
			id, err := strconv.ParseUint(labels["server_id"], 16, 64)
			if err == nil {
				d.member = cluster.ID(id)
			}
		}
	}
}

func (d *digester) take(n native, rest []byte) {
	// etcd exposes hundreds of combinations of method and code from the start,
	// all at 0; the ones that count are those that happened.
	if bytes.HasSuffix(rest, []byte(" 0")) && (len(n.from) > 1 || n.only[0] != "") {
		if len(n.from) == 0 {
			d.value(n.name, n, nil) // there are streams, if none now
		}
		return
	}
	labels, value, ok := parseSeries(rest)
	if !ok || n.only[0] != "" && labels[n.only[0]] != n.only[1] {
		return
	}
	own := make([]string, len(n.from))
	for i, l := range n.from {
		own[i] = cluster.SafeLabel(labels[l])
	}
	var key strings.Builder
	key.WriteString(n.name)
	for _, o := range own {
		key.WriteString("\x00" + o)
	}
	if n.part != whole {
		d.histogram(key.String(), n, own, labels["le"], value)
		return
	}
	if v := d.value(key.String(), n, own); v != nil {
		if n.sign != 0 {
			value *= n.sign
		}
		v.Value += value
	}
}

// value is the series of that key, new at 0; nil when there is no room.
func (d *digester) value(key string, n native, own []string) *cluster.DigestValue {
	v := d.values[key]
	if v == nil && d.room() {
		v = &cluster.DigestValue{Name: n.name, Labels: own}
		d.values[key] = v
	}
	return v
}

func (d *digester) histogram(key string, n native, own []string, le string, value float64) {
	h := d.histograms[key]
	if h == nil {
		if !d.room() {
			return
		}
		h = &cluster.DigestHistogram{Name: n.name, Labels: own}
		d.histograms[key] = h
	}
	if n.part == sum {
		h.Sum = value
		return
	}
	if value < 0 || value > math.MaxInt64 {
		return
	}
	if n.part == count {
		h.Count = uint64(value)
		return
	}
	upper, err := strconv.ParseFloat(le, 64)
	if err == nil && !math.IsInf(upper, 1) && !math.IsNaN(upper) && d.room() {
		h.Buckets = append(h.Buckets, cluster.DigestBucket{Upper: upper, Count: uint64(value)})
	}
}

func (d *digester) room() bool {
	d.series++
	d.truncated = d.truncated || d.series > maxDigestSeries
	return d.series <= maxDigestSeries
}

// digest puts the series in order. Numbers that cannot be are dropped: a count
// of streams below 0 is two lines read at different times.
func (d *digester) digest() cluster.Digest {
	out := cluster.Digest{Truncated: d.truncated}
	for _, v := range d.values {
		if v.Name == "active_streams" || v.Name == "compact_revision" {
			v.Value = max(v.Value, 0) // etcd tells -1 before the first compaction
		}
		if !math.IsNaN(v.Value) {
			out.Values = append(out.Values, *v)
		}
	}
	for _, h := range d.histograms {
		if math.IsNaN(h.Sum) {
			continue
		}
		slices.SortStableFunc(h.Buckets, func(a, b cluster.DigestBucket) int { return cmp.Compare(a.Upper, b.Upper) })
		h.Buckets = slices.CompactFunc(h.Buckets, func(a, b cluster.DigestBucket) bool { return a.Upper == b.Upper })
		out.Histograms = append(out.Histograms, *h)
	}
	slices.SortFunc(out.Values, func(a, b cluster.DigestValue) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Labels, b.Labels))
	})
	slices.SortFunc(out.Histograms, func(a, b cluster.DigestHistogram) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Labels, b.Labels))
	})
	return out
}

// parseSeries parses what follows a name: labels in braces, if any, a value,
// perhaps a timestamp.
func parseSeries(b []byte) (labels map[string]string, value float64, ok bool) {
	if len(b) > 0 && b[0] == '{' {
		labels, b, ok = parseLabels(b[1:])
		if !ok {
			return nil, 0, false
		}
	}
	text, _, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	value, err := strconv.ParseFloat(text, 64)
	return labels, value, err == nil
}

// parseLabels parses up to the closing brace.
func parseLabels(b []byte) (labels map[string]string, rest []byte, ok bool) {
	labels = map[string]string{}
	for {
		b = bytes.TrimLeft(b, ", ")
		if len(b) > 0 && b[0] == '}' {
			return labels, b[1:], true
		}
		name, after, found := bytes.Cut(b, []byte(`="`))
		if !found {
			return nil, nil, false
		}
		var text []byte
		i := 0
		for ; i < len(after) && after[i] != '"'; i++ {
			if after[i] == '\\' && i+1 < len(after) {
				i++
				if after[i] == 'n' {
					text = append(text, '\n')
					continue
				}
			}
			text = append(text, after[i])
		}
		if i >= len(after) {
			return nil, nil, false
		}
		labels[string(name)] = string(text)
		b = after[i+1:]
	}
}
