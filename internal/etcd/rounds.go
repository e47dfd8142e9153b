package etcd

import (
	"context"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// roundGrace is how old a running round may get before the next one starts
// beside it.
const roundGrace = 250 * time.Millisecond

// maxRounds is how many rounds may be under way at once.
const maxRounds = 2

// running is a round under way, or waiting to start.
type running interface {
	// run asks and returns when all is answered or ctx ends.
	run(ctx context.Context)
	// observation is what is known so far.
	observation() cluster.Observation
}

// rounds shares rounds of collection among callers without ever giving anybody
// an old one: who arrives while a round runs waits for the next, together with
// all others who do. If the running one takes long, the next starts beside it.
// Only who has to leave before his round can begin gets what the youngest one
// under way knows by then.
type rounds struct {
	start func() running
	grace time.Duration

	mu     sync.Mutex // guards what follows
	active []*round   // running, oldest first
	next   *round     // not started
	wg     sync.WaitGroup
	closed bool
}

type round struct {
	began    time.Time
	deadline time.Time     // the latest of those who wait for it
	r        running       // nil before it began
	done     chan struct{} // closed when it ended, or will never begin
}

func (s *rounds) get(ctx context.Context) cluster.Observation {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(localTimeout + linearizableTimeout)
	}
	s.mu.Lock()
	if s.closed || ctx.Err() != nil {
		s.mu.Unlock()
		return unanswered()
	}
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	mine := s.next
	if deadline.After(mine.deadline) {
		mine.deadline = deadline
	}
	s.advance()
	s.mu.Unlock()

	select {
	case <-mine.done:
	case <-ctx.Done():
	}
	s.mu.Lock()
	if n := len(s.active); mine.r == nil && n > 0 {
		mine = s.active[n-1] // ours never began, and that is no reason to call everybody silent
	}
	r := mine.r
	s.mu.Unlock()
	if r == nil {
		return unanswered()
	}
	return r.observation()
}

// unanswered is the observation of who asks when nobody is asked any more.
func unanswered() cluster.Observation {
	now := time.Now()
	return cluster.Observation{Start: now, End: now}
}

// advance starts the next round if it may start now, or sees to it that it will.
func (s *rounds) advance() {
	if s.next == nil || len(s.active) >= maxRounds || s.closed {
		return // the end of a round advances
	}
	if n := len(s.active); n > 0 {
		if age := time.Since(s.active[n-1].began); age < s.grace {
			time.AfterFunc(s.grace-age, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.advance()
			})
			return
		}
	}
	r := s.next
	s.next = nil
	if !time.Now().Before(r.deadline) { // with no time to answer, everybody would look dead
		close(r.done)
		return
	}
	r.began, r.r = time.Now(), s.start()
	s.active = append(s.active, r)
	s.wg.Go(func() { s.run(r) })
}

func (s *rounds) run(r *round) {
	ctx, cancel := context.WithDeadline(context.Background(), r.deadline)
	defer cancel()
	r.r.run(ctx)
	close(r.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.active {
		if s.active[i] == r {
			s.active = append(s.active[:i], s.active[i+1:]...)
			break
		}
	}
	s.advance()
}

// wait ends the sharing: no round starts any more, and those under way end.
func (s *rounds) wait() {
	s.mu.Lock()
	if s.next != nil && !s.closed {
		close(s.next.done)
	}
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}
