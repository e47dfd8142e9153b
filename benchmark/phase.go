package benchmark

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// phase is one stretch of load: the population of keys, a warm-up, the
// measurement. Operations are numbered from 0; claiming the next number is all
// that connections share.
type phase struct {
	work   workload
	pace   *pace // nil for a closed loop
	ramp   time.Duration
	record bool
	base   time.Time // when it began

	next  atomic.Int64 // number of the next operation
	limit atomic.Int64 // operations that may begin
	ended atomic.Int64
	once  sync.Once
	done  chan struct{} // closed when all that began have ended, and no more may
}

// unlimited is the limit of a phase that time ends.
const unlimited = math.MaxInt64 / 2

func newPhase(work workload, ops int64) *phase {
	p := &phase{work: work, done: make(chan struct{})}
	p.limit.Store(ops)
	return p
}

// since is the time in the phase, in nanoseconds.
func (p *phase) since(t time.Time) int64 { return int64(t.Sub(p.base)) }

// claim takes the next operation that is due by now, and tells when it was. In a
// closed loop one is always due.
func (p *phase) claim(now int64) (index, due int64, ok bool) {
	if p.pace == nil {
		index = p.next.Add(1) - 1
		return index, now, index < p.limit.Load()
	}
	for {
		index = p.next.Load()
		if index >= p.limit.Load() {
			return 0, 0, false
		}
		if due = p.pace.due(index); due > now {
			return 0, 0, false
		}
		if p.next.CompareAndSwap(index, index+1) {
			return index, due, true
		}
	}
}

// stop lets no more operations begin.
func (p *phase) stop() {
	begun := p.next.Swap(unlimited)
	if begun < p.limit.Load() {
		p.limit.Store(begun)
	}
	p.check()
}

// end counts operations that have ended.
func (p *phase) end(n int) {
	p.ended.Add(int64(n))
	p.check()
}

func (p *phase) check() {
	if p.ended.Load() >= p.limit.Load() {
		p.once.Do(func() { close(p.done) })
	}
}

// pace is a schedule: when each operation is due, whatever etcd does.
type pace struct {
	rate float64 // operations per second
	ramp float64 // seconds in which the rate rises from nothing to rate
}

// due is when operation i is to begin, in nanoseconds since the phase began.
func (p *pace) due(i int64) int64 {
	inRamp := p.rate * p.ramp / 2 // operations
	if n := float64(i); n < inRamp {
		return int64(math.Sqrt(2*n*p.ramp/p.rate) * 1e9)
	}
	return int64((p.ramp + (float64(i)-inRamp)/p.rate) * 1e9)
}

// count is how many operations are due before d is over.
func (p *pace) count(d time.Duration) int64 {
	s := d.Seconds()
	if s < p.ramp {
		return int64(math.Ceil(p.rate * s * s / (2 * p.ramp)))
	}
	return int64(math.Ceil(p.rate * (s - p.ramp/2)))
}
