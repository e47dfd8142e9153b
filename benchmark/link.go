package benchmark

import (
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// link is one of the connections that was asked for, through all that happens
// to it: it is lost and made again, it follows the leader. It owns the
// operations that may be on it at a time.
type link struct {
	fleet *fleet
	index int

	mu      sync.Mutex // guards what follows, and Send and Flush of the session
	ops     []op
	free    []int // ops that wait for something to do
	again   []int // ops that etcd never got, to be sent on the next session
	session *session
	phase   *phase // the current one, or the last
	sent    bool   // something, and not flushed
}

// session is one connection of a link, from dialling to its end.
type session struct {
	link     *link
	endpoint string
	conn     Conn
	inFlight int       // guarded by link.mu
	record   *recorder // of the phase, nil before the first; guarded by link.mu
}

func newLink(f *fleet, index, ops int) *link {
	l := &link{fleet: f, index: index, ops: make([]op, ops)}
	for i := range l.ops {
		l.ops[i].Slot = i
		l.free = append(l.free, i)
	}
	return l
}

// enter makes the link take part in a phase. None was going on.
func (l *link) enter(p *phase) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = p
	templates := p.work.templates()
	for i := range l.ops {
		o := &l.ops[i]
		o.messages = o.messages[:0]
		for _, t := range templates {
			o.messages = append(o.messages, append([]byte(nil), t.bytes...))
		}
	}
	if l.session != nil {
		l.session.record = l.fleet.recorder(l, l.session.endpoint)
	}
}

// place begins the next operation that is due, if there is one and the link has
// room. The caller flushes.
func (l *link) place() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session != nil && l.phase != nil && l.begin(l.phase, l.phase.since(time.Now()))
}

// begin is place, with the lock held.
func (l *link) begin(p *phase, now int64) bool {
	if len(l.free) == 0 {
		return false
	}
	index, due, ok := p.claim(now)
	if !ok {
		return false
	}
	slot := l.free[len(l.free)-1]
	l.free = l.free[:len(l.free)-1]
	o := &l.ops[slot]
	o.index, o.due, o.sent, o.step, o.kind = index, due, now, 0, 0
	p.work.begin(o)
	l.send(o)
	return true
}

// send puts a call on the current session. The caller holds the lock.
func (l *link) send(o *op) {
	o.session = l.session
	o.session.inFlight++
	o.session.conn.Send(&o.Call)
	l.sent = true
}

func (l *link) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushLocked()
}

func (l *link) flushLocked() {
	if l.sent && l.session != nil {
		l.session.conn.Flush()
	}
	l.sent = false
}

// serve receives what ends on the session until the connection does.
func (s *session) serve() {
	var done []*Call
	for {
		var err error
		done, err = s.conn.Receive(done[:0])
		if err == nil {
			s.link.settle(s, done)
			continue
		}
		if s.link.lost(s) {
			_ = s.conn.Close()
			s.link.fleet.gone(s.link, s, err)
			return
		}
	}
}

// lost detaches the session, and reports whether nothing is left on it.
func (l *link) lost(s *session) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == s {
		l.flushLocked() // ends what was sent and not flushed
		l.session = nil
	}
	return s.inFlight == 0
}

// settle takes what has ended, and begins what is due in its place.
func (l *link) settle(s *session, done []*Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.phase
	ended := 0
	s.record.mu.Lock()
	for _, c := range done {
		if l.settleOne(p, s, &l.ops[c.Slot]) {
			ended++
		}
	}
	s.record.mu.Unlock()
	if s != l.session {
		s.conn.Flush() // operations of several calls go on where they began
		if s.inFlight == 0 {
			_ = s.conn.Close()
		}
	}
	if l.session != nil {
		now := p.since(time.Now())
		for l.begin(p, now) {
		}
		l.flushLocked()
	}
	if ended > 0 {
		p.end(ended)
	}
}

// settleOne looks at a call that has ended, and reports whether its operation
// has.
func (l *link) settleOne(p *phase, s *session, o *op) bool {
	s.inFlight--
	switch {
	case o.Code == codes.OK:
		more, problem := p.work.end(o)
		if more {
			o.step++
			s.inFlight++
			s.conn.Send(&o.Call)
			l.sent = l.sent || s == l.session
			return false
		}
		if problem == "" {
			s.record.ok(o.kind, o.due, o.sent, p.since(o.Ended))
		} else {
			s.record.fail(o.kind, wrongAnswer, problem)
		}
	case o.Unsent && l.session != nil && l.session != s:
		l.send(o) // settle flushes
		return false
	case o.Unsent:
		l.again = append(l.again, o.Slot)
		return false
	default:
		s.record.fail(o.kind, o.Code.String(), o.Message)
		l.fleet.failed(s.endpoint, o)
	}
	l.free = append(l.free, o.Slot)
	return true
}

// attach makes a new connection the link's, and sends what an earlier one could
// not. The earlier one, if there still is one, ends when its calls have.
func (l *link) attach(endpoint string, conn Conn) *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &session{link: l, endpoint: endpoint, conn: conn}
	old := l.session
	l.session = s
	if l.phase != nil {
		s.record = l.fleet.recorder(l, endpoint)
		for _, slot := range l.again {
			l.send(&l.ops[slot])
		}
		l.again = l.again[:0]
		now := l.phase.since(time.Now())
		for l.begin(l.phase, now) {
		}
		l.flushLocked()
	}
	if old != nil && old.inFlight == 0 {
		_ = old.conn.Close()
	}
	return s
}
