package h2

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// socket is a TCP connection whose Write never waits: what the system does not
// take at once is kept and written by a goroutine that lives for only so long.
// Below a TLS connection it makes that one's Write not wait either.
type socket struct {
	net.Conn
	raw     syscall.RawConn // nil: every write goes through the goroutine
	attempt func(fd uintptr) bool
	wait    sync.WaitGroup
	behind  atomic.Bool // the goroutine runs; changes with the lock held

	mu      sync.Mutex  // guards what follows
	drained func(error) // called when nothing is kept any more, or why it never will be written
	p       []byte      // what attempt is to write, and what came of it
	n       int
	kept    []byte // not yet given to the system
	writing int    // bytes that the goroutine is writing
	err     error
}

func newSocket(c net.Conn) *socket {
	s := &socket{Conn: c, drained: func(error) {}}
	if sc, ok := c.(syscall.Conn); ok {
		s.raw, _ = sc.SyscallConn()
	}
	s.attempt = func(fd uintptr) bool {
		s.n = writeNow(fd, s.p)
		return true
	}
	return s
}

// Write implements net.Conn. It takes all of p.
func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n := 0
	if !s.behind.Load() {
		n = s.now(p)
	}
	if n < len(p) && s.err == nil {
		s.kept = append(s.kept, p[n:]...)
		if s.behind.CompareAndSwap(false, true) {
			s.wait.Go(s.drain)
		}
	}
	return len(p), s.err
}

// now writes what the system takes without waiting. The caller holds the lock.
func (s *socket) now(p []byte) int {
	if s.raw == nil {
		return 0
	}
	s.p, s.n = p, 0
	err := s.raw.Write(s.attempt)
	s.p = nil
	if err != nil {
		s.err = err
		return 0
	}
	return s.n
}

// drain writes what is kept, waiting as long as it takes.
func (s *socket) drain() {
	var spare []byte
	for {
		s.mu.Lock()
		p := s.kept
		s.kept, s.writing = spare[:0], len(p)
		if len(p) == 0 || s.err != nil {
			s.kept, s.writing = nil, 0
			s.behind.Store(false)
			drained, err := s.drained, s.err
			s.mu.Unlock()
			drained(err)
			return
		}
		s.mu.Unlock()
		_, err := s.Conn.Write(p)
		spare = p
		s.mu.Lock()
		if s.err == nil {
			s.err = err
		}
		s.mu.Unlock()
	}
}

// Close implements net.Conn. No goroutine starts after it.
func (s *socket) Close() error {
	s.mu.Lock()
	if s.err == nil {
		s.err = net.ErrClosed
	}
	s.mu.Unlock()
	return s.Conn.Close()
}

// onDrained sets what is called when a backlog is gone.
func (s *socket) onDrained(f func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained = f
}

// backlog is how many bytes the peer has yet to take, beyond what the system
// keeps for it.
func (s *socket) backlog() int {
	if !s.behind.Load() {
		return 0 // without the lock: it is asked for each call
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept) + s.writing
}
