package h2

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// Windows that we grant, and again before they are used up. What arrives is taken
// at once: they are there for the peer, who must have some, and bound nothing.
const (
	initialWindow = 1<<16 - 1 // HTTP/2's default
	streamWindow  = 1 << 20
	connWindow    = 1 << 24
)

// complete tells whether the answer's one message has arrived.
func (s *stream) complete() bool {
	return s.got >= prefixLen && s.got-prefixLen == s.length()
}

// length is that of the answer's message, once its prefix has arrived.
func (s *stream) length() int { return int(binary.BigEndian.Uint32(s.prefix[1:])) }

// known is the stream with that number; nil if it has ended. The error is that
// no such stream has ever been.
func (c *conn) known(h http2.FrameHeader) (*stream, error) {
	s := c.streams[h.StreamID]
	if s == nil && (h.StreamID%2 == 0 || int64(h.StreamID) >= c.next) {
		return nil, fault(errProtocol, "%s frame of stream %d, which was never opened", h.Type, h.StreamID)
	}
	return s, nil
}

func (c *conn) onHeaders(h http2.FrameHeader, p []byte, now time.Time) error {
	p, err := unpad(h, p)
	if err != nil {
		return err
	}
	if h.Flags&http2.FlagHeadersPriority != 0 {
		if len(p) < 5 {
			return fault(errFrameSize, "HEADERS frame too short for its priority")
		}
		p = p[5:]
	}
	ends := h.Flags&http2.FlagHeadersEndStream != 0
	if h.Flags&http2.FlagHeadersEndHeaders == 0 {
		d := &c.decoder
		d.partial, d.stream, d.ends = append(d.partial[:0], p...), h.StreamID, ends
		if h.StreamID == 0 {
			return fault(errProtocol, "HEADERS frame without a stream")
		}
		return nil
	}
	return c.onBlock(h, p, ends, now)
}

func (c *conn) onContinuation(h http2.FrameHeader, p []byte, now time.Time) error {
	d := &c.decoder
	switch {
	case d.stream == 0:
		return fault(errProtocol, "CONTINUATION frame without headers before it")
	case len(d.partial)+len(p) > maxHeaders:
		return fault(errCalm, "headers of more than %d bytes", maxHeaders)
	case len(p) == 0 && h.Flags&http2.FlagContinuationEndHeaders == 0:
		return fault(errCalm, "empty CONTINUATION frame")
	}
	d.partial = append(d.partial, p...)
	if h.Flags&http2.FlagContinuationEndHeaders == 0 {
		return nil
	}
	d.stream = 0
	return c.onBlock(h, d.partial, d.ends, now)
}

// onBlock acts on whole headers, those that open an answer or those that end it.
func (c *conn) onBlock(h http2.FrameHeader, block []byte, ends bool, now time.Time) error {
	list, err := c.decoder.decode(block) // of ended streams, too: it may change the table
	if err != nil {
		return err
	}
	s, err := c.known(h)
	switch {
	case s == nil || err != nil:
		return err
	case ends:
		c.end(s, trailing(list, s.complete()), now, true)
	case s.headed:
		c.end(s, outcome{code: codes.Internal, message: "the server sent headers in the middle of an answer"}, now, false)
	case strings.HasPrefix(list.status, "1"): // informational; others follow
	case list.status != "200" || !isGRPC(list.contentType):
		c.end(s, notGRPC(list), now, false)
	default:
		s.headed = true
	}
	return nil
}

func (c *conn) onData(h http2.FrameHeader, p []byte, now time.Time) error {
	p, err := unpad(h, p)
	if err != nil {
		return err
	}
	if c.taken += h.Length; c.taken >= connWindow/2 {
		_ = c.framer.WriteWindowUpdate(0, c.taken)
		c.taken, c.urgent = 0, true
	}
	s, err := c.known(h)
	if s == nil || err != nil {
		return err
	}
	s.taken += h.Length
	o := s.take(p)
	switch {
	case o.code != codes.OK:
		c.end(s, o, now, h.Flags&http2.FlagDataEndStream != 0)
	case h.Flags&http2.FlagDataEndStream != 0:
		c.end(s, trailing(&headers{}, false), now, true)
	case s.taken >= streamWindow/2:
		_ = c.framer.WriteWindowUpdate(s.id, s.taken)
		s.taken, c.urgent = 0, true
	}
	return nil
}

// take adds to the answer's message. The outcome is OK as long as it may be one.
func (s *stream) take(p []byte) outcome {
	if !s.headed {
		return outcome{code: codes.Internal, message: "the server sent data before headers"}
	}
	if s.got < prefixLen {
		n := copy(s.prefix[s.got:], p)
		s.got += n
		p = p[n:]
		if s.got < prefixLen {
			return outcome{}
		}
		switch {
		case s.prefix[0] != 0:
			return outcome{code: codes.Internal, message: "the server compressed its answer, which we did not offer"}
		case s.length() > benchmark.MaxResponse:
			return outcome{code: codes.ResourceExhausted, message: fmt.Sprintf("the answer is larger than %d bytes", benchmark.MaxResponse)}
		}
		// Memory grows with what arrives, never with what is announced.
		s.call.Response = slices.Grow(s.call.Response, min(s.length(), maxFrameSize))
	}
	if s.got-prefixLen+len(p) > s.length() {
		return outcome{code: codes.Internal, message: "the server sent more than one message"}
	}
	s.call.Response = append(s.call.Response, p...)
	s.got += len(p)
	return outcome{}
}
