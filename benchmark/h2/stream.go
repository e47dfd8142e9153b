package h2

import (
	"slices"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// stream is a call on its way.
type stream struct {
	call    *benchmark.Call
	id      uint32 // 0 while it waits for its turn
	flushed time.Time
	sent    int   // bytes of the request's message that have left, prefix included
	window  int64 // what the peer lets us send on the stream
	again   bool  // the peer has refused it once
	headed  bool  // the answer's headers have arrived
	prefix  [prefixLen]byte
	got     int    // bytes of the answer's message, prefix included
	taken   uint32 // bytes that the peer does not know to be taken
}

// prefixLen is the length of what precedes a message: a flag and its length.
const prefixLen = 5

// unsent is how much of the message has yet to leave.
func (s *stream) unsent() int { return prefixLen + len(s.call.Request) - s.sent }

// outcome is how a call ended.
type outcome struct {
	code    codes.Code
	message string
	unsent  bool // the server has certainly not acted on it, and the connection takes no more
}

// start begins a call, or lets it wait for its turn. The caller holds the lock.
func (c *conn) start(call *benchmark.Call, now time.Time) {
	s := c.newStream(call, now)
	if over := c.closing(); over != nil {
		c.hand(s, outcome{codes.Unavailable, over.Error(), true}, now)
		return
	}
	if len(c.queue) > 0 || !c.room() {
		c.queue = append(c.queue, s)
		return
	}
	c.open(s)
}

// closing is why no call is accepted any more; nil if one is.
func (c *conn) closing() error {
	if c.err != nil {
		return c.err
	}
	return c.leaving
}

// room tells whether another call may leave.
func (c *conn) room() bool { return uint32(len(c.streams)) < c.peer.maxStreams && c.roomy() }

// roomy tells whether the peer takes what is sent.
func (c *conn) roomy() bool { return c.sock.backlog()+len(c.out) <= maxBacklog }

func (c *conn) newStream(call *benchmark.Call, now time.Time) *stream {
	n := len(c.free)
	if n == 0 {
		return &stream{call: call, flushed: now}
	}
	s := c.free[n-1]
	c.free = c.free[:n-1]
	*s = stream{call: call, flushed: now}
	return s
}

// open gives the stream its number and sends as much as it may.
func (c *conn) open(s *stream) {
	s.id, s.window = uint32(c.next), c.peer.window
	c.next += 2
	c.streams[s.id] = s
	c.sendHeaders(s)
	if c.sendMessage(s); s.unsent() > 0 {
		c.blocked = append(c.blocked, s)
	}
	if c.next > lastStream {
		c.leave(errExhausted, lastStream, s.flushed)
	}
}

// proceed sends what had to wait, as far as it no longer has to.
func (c *conn) proceed() {
	if c.err != nil {
		return
	}
	if len(c.blocked) > 0 {
		c.blocked = slices.DeleteFunc(c.blocked, func(s *stream) bool {
			if c.roomy() {
				c.sendMessage(s)
			}
			return s.unsent() == 0
		})
	}
	for len(c.queue) > 0 && c.leaving == nil && c.room() {
		s := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.open(s)
	}
}

// end ends a call whose stream is open. Unless the peer has ended the stream and
// got all of the request, it is told that nobody waits any more.
func (c *conn) end(s *stream, o outcome, now time.Time, told bool) {
	delete(c.streams, s.id)
	if s.unsent() > 0 {
		c.blocked = slices.DeleteFunc(c.blocked, func(b *stream) bool { return b == s })
		told = false
	}
	if !told {
		_ = c.framer.WriteRSTStream(s.id, http2.ErrCodeCancel)
	}
	c.hand(s, o, now)
}

// hand makes the call ready for Receive.
func (c *conn) hand(s *stream, o outcome, now time.Time) {
	call := s.call
	call.Code, call.Message, call.Unsent, call.Ended = o.code, o.message, o.unsent, now
	c.ended = append(c.ended, call)
	s.call = nil
	c.free = append(c.free, s)
	if c.leaving != nil && len(c.streams) == 0 {
		c.die(c.leaving)
	}
}
