package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

// maxBacklog is how much is kept for a peer that does not take it, before calls
// wait for their turn.
const maxBacklog = 1 << 20

// appendFrameHeader appends what precedes each frame.
func appendFrameHeader(b []byte, length int, t http2.FrameType, flags http2.Flags, id uint32) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), byte(t), byte(flags))
	return binary.BigEndian.AppendUint32(b, id)
}

// sendHeaders appends the stream's headers, in more than one frame only if they
// do not fit into one.
func (c *conn) sendHeaders(s *stream) {
	block := c.encoder.block(s.call.Method)
	t := http2.FrameHeaders
	for {
		n, flags := len(block), http2.FlagHeadersEndHeaders
		if n > c.peer.maxFrame {
			n, flags = c.peer.maxFrame, 0
		}
		c.out = appendFrameHeader(c.out, n, t, flags, s.id)
		c.out = append(c.out, block[:n]...)
		block = block[n:]
		if len(block) == 0 {
			return
		}
		t = http2.FrameContinuation
	}
}

// sendMessage appends as much of the stream's message as the windows allow.
func (c *conn) sendMessage(s *stream) {
	request := s.call.Request
	for s.unsent() > 0 {
		n := int(min(int64(s.unsent()), int64(c.peer.maxFrame), s.window, c.window))
		if n <= 0 {
			return
		}
		var flags http2.Flags
		if n == s.unsent() {
			flags = http2.FlagDataEndStream
		}
		c.out = appendFrameHeader(c.out, n, http2.FrameData, flags, s.id)
		s.window -= int64(n)
		c.window -= int64(n)
		if s.sent < prefixLen {
			var prefix [prefixLen]byte // no compression
			binary.BigEndian.PutUint32(prefix[1:], uint32(len(request)))
			k := copy(prefix[:], prefix[s.sent:])
			k = min(k, n)
			c.out = append(c.out, prefix[:k]...)
			s.sent += k
			n -= k
		}
		from := s.sent - prefixLen
		if n > 0 {
			c.out = append(c.out, request[from:from+n]...)
			s.sent += n
		}
	}
}
