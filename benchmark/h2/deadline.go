package h2

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
)

// Ends of calls are looked at in ticks of a sixteenth of the time limit, within
// these bounds, and so is the health of the connection.
const (
	minTick = time.Millisecond
	maxTick = 250 * time.Millisecond
)

func tickFor(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return maxTick
	}
	return min(max(timeout/16, minTick), maxTick)
}

// rearm makes the next tick end the read that waits for it.
func (c *conn) rearm(now time.Time) error { return c.net.SetReadDeadline(now.Add(c.tick)) }

// onTick ends calls whose time is up. The caller holds the lock.
func (c *conn) onTick(now time.Time) {
	for _, s := range c.streams {
		if c.late(s, now) {
			c.end(s, c.expired(), now, false)
		}
	}
	c.queue = slices.DeleteFunc(c.queue, func(s *stream) bool {
		late := c.late(s, now)
		if late {
			c.hand(s, c.expired(), now)
		}
		return late
	})
	c.checkHealth(now)
	c.urgent = true
	c.reply()
	if c.err == nil {
		_ = c.rearm(now) // what fails will fail the read
	}
}

// late tells whether the call's time is up.
func (c *conn) late(s *stream, now time.Time) bool {
	return c.timeout > 0 && now.Sub(s.flushed) >= c.timeout
}

func (c *conn) expired() outcome {
	return outcome{code: codes.DeadlineExceeded, message: fmt.Sprintf("no answer within %v", c.timeout)}
}

// health is what is known of a peer that may have vanished without a word.
type health struct {
	heard uint64 // reads that brought something
	seen  uint64 // heard, when it was last looked at
	since time.Time
	asked time.Time // when a sign of life was asked for, zero if it was not
}

var errSilent = errors.New("the server does not answer pings")

// withDefaults fills in what is zero.
func (e Engine) withDefaults() Engine {
	if e.PingAfter == 0 {
		e.PingAfter = 10 * time.Second
	}
	if e.PingTimeout == 0 {
		e.PingTimeout = 5 * time.Second
	}
	return e
}

// checkHealth asks a peer for a sign of life that owes answers and is silent.
func (c *conn) checkHealth(now time.Time) {
	h := &c.health
	switch {
	case h.heard != h.seen, len(c.streams) == 0:
		h.seen, h.since, h.asked = h.heard, now, time.Time{}
	case !h.asked.IsZero():
		if now.Sub(h.asked) >= c.pings.PingTimeout {
			c.die(errSilent)
		}
	case now.Sub(h.since) >= c.pings.PingAfter:
		_ = c.framer.WritePing(false, [8]byte{'a', 'l', 'i', 'v', 'e', '?'})
		h.asked = now
	}
}
