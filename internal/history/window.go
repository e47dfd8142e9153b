package history

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// tick is the resolution of a latency. 32 bits of it are seven minutes, more
// than any call may take.
const tick = 100 * time.Nanosecond

// sample is one latency. With its place in window.sorted it takes 12 bytes.
type sample struct {
	at   int32  // seconds since Memory.epoch
	took uint32 // ticks
}

// window holds the latest latencies of one operation through one member, also
// in order of size: quantiles are asked for with every scrape, and sorting a
// thousand values per member and scrape costs more than all the rest.
type window struct {
	samples ring[sample]
	sorted  []uint32 // ticks
	latency cluster.Latency
	stale   bool // latency is of other samples
}

// add takes in a sample. They come nearly in the order of their times.
func (w *window) add(s sample, maxAge int32) {
	newest := s.at
	if last := w.samples.last(); last != nil {
		newest = max(newest, last.at)
	}
	w.expire(newest, maxAge)
	if newest-s.at > maxAge {
		return
	}
	if w.samples.n == w.samples.max {
		w.drop()
	}
	w.samples.push(s)
	i, _ := slices.BinarySearch(w.sorted, s.took)
	w.sorted = slices.Insert(w.sorted, i, s.took)
	w.stale = true
}

// expire drops what is older than maxAge, in seconds.
func (w *window) expire(now, maxAge int32) {
	for w.samples.n > 0 && now-w.samples.at(0).at > maxAge {
		w.drop()
	}
}

func (w *window) drop() {
	i, _ := slices.BinarySearch(w.sorted, w.samples.at(0).took)
	w.sorted = slices.Delete(w.sorted, i, i+1)
	w.samples.pop()
	w.stale = true
}

// sum is the latency of the window; scratch is an empty slice to work in.
func (w *window) sum(scratch []float64) cluster.Latency {
	if w.stale {
		for _, t := range w.sorted {
			scratch = append(scratch, float64(t)/float64(time.Second/tick))
		}
		w.latency, w.stale = cluster.LatencyOf(scratch), false
	}
	return w.latency
}

// Latency is the window of one operation through one member.
type Latency struct {
	Member cluster.ID
	Op     string
	cluster.Latency
}

// Sample takes in how long one operation through a member took, and when it
// ended.
func (m *Memory) Sample(member cluster.ID, op string, at time.Time, took time.Duration) {
	if took < 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.seats.at(member, at)
	if s == nil {
		return
	}
	w := s.windows[op]
	if w == nil {
		w = &window{samples: ring[sample]{max: m.opts.Samples}}
		if s.windows == nil {
			s.windows = map[string]*window{}
		}
		s.windows[op] = w
	}
	w.add(sample{
		at:   m.seconds(at),
		took: uint32(min((took+tick/2)/tick, math.MaxUint32)),
	}, m.maxAge())
}

// seconds since the first sample.
func (m *Memory) seconds(t time.Time) int32 {
	if m.epoch.IsZero() {
		m.epoch = t
	}
	s := t.Sub(m.epoch) / time.Second
	return int32(min(max(s, math.MinInt32/2), math.MaxInt32/2))
}

func (m *Memory) maxAge() int32 {
	return int32(min(m.opts.MaxAge/time.Second, math.MaxInt32/2))
}

// latencies sums up the windows that hold a sample at that time, by member and
// operation.
func (m *Memory) latencies(now time.Time) []Latency {
	var list []Latency
	scratch := make([]float64, 0, m.opts.Samples)
	for id, h := range m.seats.held {
		for op, w := range h.value.windows {
			w.expire(m.seconds(now), m.maxAge())
			if w.samples.n == 0 {
				continue
			}
			l := Latency{Member: id, Op: op}
			l.Latency = w.sum(scratch)
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b Latency) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Op, b.Op))
	})
	return list
}
