package benchmark

import (
	"context"
	"fmt"
	"time"
)

// outcome is what a phase came to.
type outcome struct {
	began     time.Time
	took      time.Duration
	cpu       time.Duration // of this process; 0 if that cannot be told
	hostBusy  *float64      // share of this host's processors
	begun     int64         // operations
	ended     int64
	neverSent int64 // due on the schedule, and not sent before it was given up

	undelivered int64 // to watchers
	series      *series
	recorders   []*recorder
}

// succeeded are the operations that did.
func (o outcome) succeeded() int64 {
	n := o.ended
	for _, r := range o.recorders {
		r.mu.Lock()
		for _, f := range r.failures {
			n -= f.count
		}
		r.mu.Unlock()
	}
	return n
}

// drive runs a phase: until limit has passed, or, if limit is 0, until its
// operations have ended. The outcome is good for what it says even with an
// error, which is why the phase was cut short.
func (f *fleet) drive(p *phase, limit time.Duration) (outcome, error) {
	clock, err := newAlarmClock()
	if err != nil {
		return outcome{}, err
	}
	defer clock.close()
	f.mu.Lock()
	f.recorders, f.kinds, f.scheduled = map[recorderKey]*recorder{}, len(p.work.kinds()), p.pace != nil
	f.mu.Unlock()
	cpu, _ := processCPU()
	hostTotal, hostIdle, _ := hostTime()
	p.base = time.Now()
	for _, l := range f.links {
		l.enter(p)
	}
	var collecting chan struct{}
	s := newSeries(f, p)
	stopped := make(chan struct{})
	if p.record {
		collecting = make(chan struct{})
		go func() { defer close(collecting); s.collect(stopped) }()
	}
	fed := make(chan struct{})
	go func() { defer close(fed); f.feed(p, clock) }()

	err = f.await(p, limit)
	o := outcome{began: p.base, took: time.Since(p.base), series: s}
	if now, ok := processCPU(); ok {
		o.cpu = now - cpu
	}
	if total, idle, ok := hostTime(); ok && total > hostTotal {
		busy := 1 - (idle-hostIdle)/(total-hostTotal)
		o.hostBusy = &busy
	}
	p.stop()
	<-fed
	close(stopped)
	if collecting != nil {
		<-collecting
	}
	o.begun, o.ended = p.begun(), p.ended.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.recorders {
		o.recorders = append(o.recorders, r)
	}
	return o, err
}

// await waits for the end of a phase and of the operations that are under way.
func (f *fleet) await(p *phase, limit time.Duration) error {
	var over <-chan time.Time
	if limit > 0 {
		// What is due at the very end is still sent, and so is what has piled up
		// while etcd stood still; but not for ever.
		if p.pace != nil {
			limit += f.c.Timeout
		}
		t := time.NewTimer(limit)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-p.done:
		return nil
	case <-over:
	case <-f.ctx.Done():
	}
	p.stop()
	// Every call has its deadline; an interrupt does not wait for it.
	wait := f.c.Timeout + f.c.Timeout/5 + 100*time.Millisecond
	if f.ended() {
		wait = min(wait, time.Second)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
	case <-f.ctx.Done():
	}
	if f.ended() {
		return context.Cause(f.ctx)
	}
	if left := p.begun() - p.ended.Load(); left > 0 {
		return fmt.Errorf("%d operations do not end", left)
	}
	return nil
}

// begun is how many operations began, once the phase was stopped.
func (p *phase) begun() int64 { return min(p.limit.Load(), p.next.Load()) }

// feed begins operations: in a closed loop the first one of each client, with a
// schedule every one when it is due, on whatever connection has room. When none
// has, the connections take what is overdue by themselves.
func (f *fleet) feed(p *phase, clock *alarmClock) {
	if p.pace == nil {
		f.feedClosed(p, clock)
		return
	}
	const longest = 10 * time.Millisecond // until the end of the phase is noticed
	touched := make([]*link, 0, len(f.links))
	for turn := 0; ; {
		index := p.next.Load()
		if index >= p.limit.Load() {
			return
		}
		if wait := time.Duration(p.pace.due(index) - p.since(time.Now())); wait > 0 {
			clock.sleep(min(wait, longest))
			continue
		}
		touched = touched[:0]
		full := 0 // links in a row without room
		for full < len(f.links) && p.overdue() {
			l := f.links[turn%len(f.links)]
			turn++
			if !l.place() {
				full++
				continue
			}
			full = 0
			if len(touched) == 0 || touched[len(touched)-1] != l {
				touched = append(touched, l)
			}
		}
		for _, l := range touched {
			l.flush()
		}
		if full > 0 {
			clock.sleep(time.Millisecond)
		}
	}
}

// overdue reports whether the next operation is due.
func (p *phase) overdue() bool {
	index := p.next.Load()
	return index < p.limit.Load() && p.pace.due(index) <= p.since(time.Now())
}

// feedClosed begins the first operation of each client, all at once or, in a
// ramp, one after the other.
func (f *fleet) feedClosed(p *phase, clock *alarmClock) {
	total := f.c.Connections * f.c.Clients
	for i := range total {
		due := int64(p.ramp) * int64(i) / int64(total)
		for wait := due - p.since(time.Now()); wait > 0; wait = due - p.since(time.Now()) {
			select {
			case <-p.done:
				return
			default:
			}
			clock.sleep(min(time.Duration(wait), 10*time.Millisecond))
		}
		l := f.links[i%len(f.links)]
		l.place()
		if p.ramp > 0 || i >= total-len(f.links) {
			l.flush()
		}
	}
}
