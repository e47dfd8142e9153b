package benchmark

import (
	"math"
	"slices"
	"time"
)

// Point is what happened in a stretch of a run. Times are of ends of operations.
type Point struct {
	At      float64  `json:"at_seconds"` // of its begin, since that of the measurement
	Seconds float64  `json:"seconds"`
	Ops     int64    `json:"ops"` // that succeeded
	Errors  int64    `json:"errors"`
	P50     *float64 `json:"p50_seconds"`
	P99     *float64 `json:"p99_seconds"`
	Max     float64  `json:"max_seconds"`
}

// Progress is what a run tells while it goes on.
type Progress struct {
	Phase   string // populate, warm up, measure, clean up
	Elapsed time.Duration
	Done    int64   // operations that have ended
	Total   int64   // of how many; 0 when time ends the run
	Left    float64 // seconds, a guess; negative when there is none
	Rate    float64 // successes per second, in the last one
	P99     float64 // seconds, in the last one; NaN without enough of them
	Errors  int64   // so far
}

const (
	sliceTime = 100 * time.Millisecond
	// maxPoints bounds a series. When it is full, two points become one.
	maxPoints = 3600
)

// series collects points of a second, and of a tenth for the first ten seconds:
// short runs are compared by those.
type series struct {
	f      *fleet
	p      *phase
	second *slice // being collected
	began  time.Time
	points []Point
	tenths []Point
	width  int // seconds per point
	errors int64
}

func newSeries(f *fleet, p *phase) *series {
	return &series{f: f, p: p, second: newSlice(), began: p.base, width: 1}
}

func (s *series) collect(stopped <-chan struct{}) {
	tick := time.NewTicker(sliceTime)
	defer tick.Stop()
	tenth := newSlice()
	last := s.began
	for n := 1; ; n++ {
		end := false
		select {
		case <-tick.C:
		case <-stopped:
			end = true
		}
		now := time.Now()
		s.gather(tenth)
		if len(s.tenths) < 100 {
			s.tenths = append(s.tenths, s.point(tenth, last, now))
		}
		s.second.latency.merge(tenth.latency)
		s.second.failed += tenth.failed
		s.errors += tenth.failed
		tenth.latency.reset()
		tenth.failed = 0
		last = now
		if n%(10*s.width) == 0 || end {
			s.push(now)
		}
		if end {
			return
		}
	}
}

// gather takes what all recorders have.
func (s *series) gather(into *slice) {
	s.f.mu.Lock()
	all := make([]*recorder, 0, len(s.f.recorders))
	for _, r := range s.f.recorders {
		all = append(all, r)
	}
	s.f.mu.Unlock()
	for _, r := range all {
		part := r.takeSlice()
		into.latency.merge(part.latency)
		into.failed += part.failed
	}
}

// push ends a point, and tells of it.
func (s *series) push(now time.Time) {
	pt := s.point(s.second, s.began, now)
	s.second.latency.reset()
	s.second.failed = 0
	s.began = now
	s.points = append(s.points, pt)
	if len(s.points) == maxPoints {
		s.halve()
	}
	if s.f.c.Progress != nil {
		s.f.c.Progress(s.progress(pt, now))
	}
}

func (s *series) point(from *slice, began, ended time.Time) Point {
	return Point{
		At: began.Sub(s.p.base).Seconds(), Seconds: ended.Sub(began).Seconds(),
		Ops: from.latency.count(), Errors: from.failed,
		P50: from.latency.quantile(0.5), P99: from.latency.quantile(0.99), Max: from.latency.max.Seconds(),
	}
}

// halve makes one point of two. The percentiles of the two cannot be put
// together; the worse is kept.
func (s *series) halve() {
	for i := range len(s.points) / 2 {
		a, b := s.points[2*i], s.points[2*i+1]
		s.points[i] = Point{
			At: a.At, Seconds: a.Seconds + b.Seconds, Ops: a.Ops + b.Ops, Errors: a.Errors + b.Errors,
			P50: worse(a.P50, b.P50), P99: worse(a.P99, b.P99), Max: max(a.Max, b.Max),
		}
	}
	s.points = slices.Clip(s.points[:len(s.points)/2])
	s.width *= 2
}

func worse(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func (s *series) progress(last Point, now time.Time) Progress {
	p := Progress{
		Phase: "measure", Elapsed: now.Sub(s.p.base), Done: s.p.ended.Load(), Errors: s.errors,
		Rate: float64(last.Ops) / max(last.Seconds, 1e-9), P99: math.NaN(), Left: -1,
	}
	if last.P99 != nil {
		p.P99 = *last.P99
	}
	switch limit := s.p.limit.Load(); {
	case s.f.c.Duration > 0:
		p.Left = max(0, (s.f.c.Duration - p.Elapsed).Seconds())
	case limit < unlimited:
		p.Total = limit
		if rate := float64(p.Done) / p.Elapsed.Seconds(); rate > 0 {
			p.Left = float64(limit-p.Done) / rate
		}
	}
	return p
}

// quantile is the value that a share q of the sample does not exceed, in
// seconds. It is nil when the sample is too small to tell: one value at least
// must lie beyond it, and a median needs ten.
func (s *sample) quantile(q float64) *float64 {
	n := float64(s.count())
	if n < 10 || n*(1-q) < 1-1e-9 {
		return nil
	}
	v := time.Duration(s.hist.ValueAtQuantile(100*q)) * unitOfLatency
	v = min(max(v, s.min), s.max)
	seconds := v.Seconds()
	return &seconds
}
