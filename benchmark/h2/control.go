package h2

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
)

// settings are what the peer asks of us.
type settings struct {
	maxStreams uint32
	window     int64 // of a new stream
	maxFrame   int
}

var defaultSettings = settings{maxStreams: math.MaxUint32, window: initialWindow, maxFrame: maxFrameSize}

const (
	maxWindow = 1<<31 - 1
	// maxOwed is how many bytes of answers to pings and settings a peer may
	// leave unread.
	maxOwed = 64 << 10
)

func (c *conn) onSettings(h http2.FrameHeader, p []byte) error {
	ack := h.Flags&http2.FlagSettingsAck != 0
	switch {
	case h.StreamID != 0:
		return fault(errProtocol, "SETTINGS frame of a stream")
	case len(p)%6 != 0, ack && len(p) > 0:
		return fault(errFrameSize, "SETTINGS frame of %d bytes", len(p))
	case ack && !c.greeted:
		return fault(errProtocol, "SETTINGS acknowledged before any were sent")
	case ack:
		return nil
	}
	for ; len(p) > 0; p = p[6:] {
		if err := c.set(http2.SettingID(binary.BigEndian.Uint16(p)), binary.BigEndian.Uint32(p[2:])); err != nil {
			return err
		}
	}
	c.greeted = true
	_ = c.framer.WriteSettingsAck()
	c.owed += frameHeaderLen
	return nil
}

func (c *conn) set(id http2.SettingID, v uint32) error {
	switch id {
	case http2.SettingHeaderTableSize:
		c.encoder.limit(v)
	case http2.SettingEnablePush:
		if v != 0 {
			return fault(errProtocol, "ENABLE_PUSH by a server")
		}
	case http2.SettingMaxConcurrentStreams:
		c.peer.maxStreams = v
	case http2.SettingInitialWindowSize:
		if v > maxWindow {
			return fault(errFlow, "initial window of %d", v)
		}
		by := int64(v) - c.peer.window
		c.peer.window = int64(v)
		for _, s := range c.streams {
			if s.window += by; s.window > maxWindow {
				return fault(errFlow, "initial window of %d overflows stream %d", v, s.id)
			}
		}
	case http2.SettingMaxFrameSize:
		if v < maxFrameSize || v > 1<<24-1 {
			return fault(errProtocol, "frame size of %d", v)
		}
		c.peer.maxFrame = int(v)
	}
	return nil
}

func (c *conn) onPing(h http2.FrameHeader, p []byte) error {
	switch {
	case h.StreamID != 0:
		return fault(errProtocol, "PING frame of a stream")
	case len(p) != 8:
		return fault(errFrameSize, "PING frame of %d bytes", len(p))
	case h.Flags&http2.FlagPingAck != 0:
		return nil // that something came is all we wanted
	}
	_ = c.framer.WritePing(true, [8]byte(p))
	c.owed += frameHeaderLen + 8
	return nil
}

func (c *conn) onWindowUpdate(h http2.FrameHeader, p []byte, now time.Time) error {
	if len(p) != 4 {
		return fault(errFrameSize, "WINDOW_UPDATE frame of %d bytes", len(p))
	}
	by := int64(binary.BigEndian.Uint32(p) & maxWindow)
	if h.StreamID == 0 {
		if c.window += by; by == 0 || c.window > maxWindow {
			return fault(errFlow, "connection window grows by %d to %d", by, c.window)
		}
		return nil
	}
	s, err := c.known(h)
	if s == nil || err != nil {
		return err
	}
	if s.window += by; by == 0 || s.window > maxWindow {
		c.end(s, outcome{code: codes.Internal, message: fmt.Sprintf("the server lets the stream's window grow by %d", by)}, now, false)
	}
	return nil
}

func (c *conn) onReset(h http2.FrameHeader, p []byte, now time.Time) error {
	if err := sized(h, 4); err != nil {
		return err
	}
	s, err := c.known(h)
	if s == nil || err != nil {
		return err
	}
	code := http2.ErrCode(binary.BigEndian.Uint32(p))
	o := resetting(code)
	switch {
	case code == http2.ErrCodeCancel && c.late(s, now):
		o = c.expired() // the peer's clock for this call ran out before ours was looked at
	case o.unsent && c.leaving == nil && !s.again:
		c.retry(s)
		return nil
	case o.unsent && c.leaving == nil:
		o.unsent = false // the connection lives, and would be asked for ever
	}
	c.end(s, o, now, true)
	return nil
}

// retry sends a call once more that the peer refused. It does so when it has yet
// to take note of the end of others, as of those whose time ran out.
func (c *conn) retry(s *stream) {
	delete(c.streams, s.id)
	c.blocked = slices.DeleteFunc(c.blocked, func(b *stream) bool { return b == s })
	s.call.Response = s.call.Response[:0]
	*s = stream{call: s.call, flushed: s.flushed, again: true}
	c.queue = append(c.queue, s) // reply goes on with it
}

func (c *conn) onGoAway(h http2.FrameHeader, p []byte, now time.Time) error {
	switch {
	case h.StreamID != 0:
		return fault(errProtocol, "GOAWAY frame of a stream")
	case len(p) < 8:
		return fault(errFrameSize, "GOAWAY frame of %d bytes", len(p))
	}
	last, code := binary.BigEndian.Uint32(p)&lastStream, http2.ErrCode(binary.BigEndian.Uint32(p[4:]))
	why := fmt.Errorf("the server sends connections away: %s", code)
	if debug := p[8:]; len(debug) > 0 {
		why = fmt.Errorf("%w %.100q", why, debug)
	}
	c.leave(why, last, now)
	return nil
}

// leave accepts no more calls, ends those that the peer did not take, which are
// those of streams after last, and lets the others end by themselves.
func (c *conn) leave(why error, last uint32, now time.Time) {
	if c.leaving == nil {
		c.leaving = why
	}
	o := outcome{codes.Unavailable, why.Error(), true}
	queue := c.queue
	c.queue = nil
	for _, s := range queue {
		c.hand(s, o, now)
	}
	for id, s := range c.streams {
		if id > last {
			c.end(s, o, now, false)
		}
	}
	if len(c.streams) == 0 {
		c.die(c.leaving)
	}
}
