package benchmark

import (
	"testing"

	"google.golang.org/grpc/codes"
)

// notingConn notes what is sent.
type notingConn struct {
	Conn

	sent    []*Call
	flushes int
}

func (c *notingConn) Send(call *Call) { c.sent = append(c.sent, call) }
func (c *notingConn) Flush()          { c.flushes++ }
func (c *notingConn) Close() error    { return nil }

// TestUnsent: a call that a connection did not send goes to the one that has
// taken its place, and waits for it if need be.
func TestUnsent(t *testing.T) {
	for _, moved := range []bool{true, false} {
		f := &fleet{server: &server{admitted: []string{"a"}}, recorders: map[recorderKey]*recorder{}, kinds: 1}
		l := newLink(f, 0, 1)
		l.phase = newPhase(&simple{}, 1)
		l.free = nil
		o := &l.ops[0]
		first, second := &notingConn{}, &notingConn{}
		s := l.attach("a", first)
		l.send(o)
		if moved {
			l.attach("a", second)
		}
		o.Code, o.Unsent = codes.Unavailable, true
		l.settle(s, []*Call{&o.Call})
		if !moved {
			if len(first.sent) != 1 {
				t.Errorf("sent %d times on a connection that takes no calls", len(first.sent))
			}
			l.lost(s)
			l.attach("a", second)
		}
		if len(second.sent) != 1 || second.flushes == 0 || s.inFlight != 0 || l.session.inFlight != 1 {
			t.Errorf("moved %v: sent %d times, %d flushes, %d and %d in flight", moved, len(second.sent), second.flushes, s.inFlight, l.session.inFlight)
		}
	}
}
