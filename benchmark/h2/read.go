package h2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/net/http2"
)

const (
	frameHeaderLen = 9
	maxFrameSize   = 16 << 10 // HTTP/2's default, which we leave as it is
	readBuffer     = 64 << 10 // room for some whole frames

	// Replies to the peer wait for company, but not in such numbers.
	maxWaiting = 4 << 10
)

// Codes for what peers do wrong, shorter.
const (
	errProtocol    = http2.ErrCodeProtocol
	errFlow        = http2.ErrCodeFlowControl
	errFrameSize   = http2.ErrCodeFrameSize
	errCompression = http2.ErrCodeCompression
	errCalm        = http2.ErrCodeEnhanceYourCalm
)

// faultError is what a peer did that ends the connection.
type faultError struct {
	code http2.ErrCode
	text string
}

func (e *faultError) Error() string { return "the server breaks HTTP/2: " + e.text }

func fault(code http2.ErrCode, format string, args ...any) error {
	return &faultError{code, fmt.Sprintf(format, args...)}
}

// lost is why a connection ended whose socket failed.
func lost(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errEnded
	}
	return fmt.Errorf("connection lost: %w", err)
}

// read waits for the peer, or for a tick, and acts on what came.
func (c *conn) read() {
	n, err := c.receive()
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && c.err == nil {
		c.health.heard++
		used, err := c.consume(c.buf[:c.fill], now)
		c.fill = copy(c.buf, c.buf[used:c.fill])
		if err != nil {
			c.abort(err)
			return
		}
		c.reply()
	}
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.onTick(now)
	default:
		c.die(lost(err))
	}
}

// receive waits for bytes and adds to buf what has come.
func (c *conn) receive() (n int, err error) {
	for {
		k, err := c.net.Read(c.buf[c.fill:])
		c.fill += k
		n += k
		if err != nil || c.records == nil || !c.records.whole() || c.fill == len(c.buf) {
			return n, err
		}
	}
}

// reply lets go what others may wait for. The rest, answers to pings and
// settings, leaves with the next calls, or with the next tick if there are none.
func (c *conn) reply() {
	if len(c.queue) > 0 || len(c.blocked) > 0 {
		c.proceed()
		c.urgent = true
	}
	if !c.urgent && len(c.streams) > 0 && len(c.out) < maxWaiting {
		return
	}
	c.urgent = false
	c.flush()
	if c.owed == 0 {
		return
	}
	if c.sock.backlog() == 0 {
		c.owed = 0
	} else if c.owed > maxOwed {
		c.abort(fault(errCalm, "it asks and does not read the answers"))
	}
}

// abort ends the connection and tells the peer why.
func (c *conn) abort(err error) {
	var f *faultError
	if errors.As(err, &f) && c.err == nil {
		_ = c.framer.WriteGoAway(0, f.code, nil)
		c.flush()
	}
	c.die(err)
}

// consume acts on the whole frames at the start of p and returns their length.
func (c *conn) consume(p []byte, now time.Time) (used int, err error) {
	if !c.greeted && len(p) > 3 && (http2.FrameType(p[3]) != http2.FrameSettings || p[0] != 0) {
		return 0, fmt.Errorf("the server does not speak HTTP/2: it answers %.16q", p)
	}
	for len(p)-used >= frameHeaderLen && c.err == nil {
		h := parseFrameHeader(p[used:])
		if h.Length > maxFrameSize {
			return used, fault(errFrameSize, "%s frame of %d bytes", h.Type, h.Length)
		}
		end := used + frameHeaderLen + int(h.Length)
		if end > len(p) {
			break
		}
		if err := c.frame(h, p[used+frameHeaderLen:end], now); err != nil {
			return used, err
		}
		used = end
	}
	return used, nil
}

func parseFrameHeader(p []byte) http2.FrameHeader {
	return http2.FrameHeader{
		Length: uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2]),
		Type:   http2.FrameType(p[3]), Flags: http2.Flags(p[4]),
		StreamID: binary.BigEndian.Uint32(p[5:]) & lastStream,
	}
}

// frame acts on one frame.
func (c *conn) frame(h http2.FrameHeader, p []byte, now time.Time) error {
	if d := &c.decoder; d.stream != 0 && (h.Type != http2.FrameContinuation || h.StreamID != d.stream) {
		return fault(errProtocol, "%s frame of stream %d inside the headers of stream %d", h.Type, h.StreamID, d.stream)
	}
	switch h.Type {
	case http2.FrameData:
		return c.onData(h, p, now)
	case http2.FrameHeaders:
		return c.onHeaders(h, p, now)
	case http2.FrameContinuation:
		return c.onContinuation(h, p, now)
	case http2.FrameRSTStream:
		return c.onReset(h, p, now)
	case http2.FrameSettings:
		return c.onSettings(h, p)
	case http2.FramePing:
		return c.onPing(h, p)
	case http2.FrameGoAway:
		return c.onGoAway(h, p, now)
	case http2.FrameWindowUpdate:
		return c.onWindowUpdate(h, p, now)
	case http2.FramePriority:
		return sized(h, 5)
	case http2.FramePushPromise:
		return fault(errProtocol, "it pushes, which we forbade")
	}
	return nil // extensions are to be ignored
}

// sized checks a frame of a stream that has a fixed length.
func sized(h http2.FrameHeader, length uint32) error {
	switch {
	case h.StreamID == 0:
		return fault(errProtocol, "%s frame without a stream", h.Type)
	case h.Length != length:
		return fault(errFrameSize, "%s frame of %d bytes", h.Type, h.Length)
	}
	return nil
}

// unpad takes the padding off a payload.
func unpad(h http2.FrameHeader, p []byte) ([]byte, error) {
	if h.Flags&http2.FlagDataPadded == 0 { // the flag of HEADERS is the same
		return p, nil
	}
	if len(p) == 0 || int(p[0]) > len(p)-1 {
		return nil, fault(errProtocol, "%s frame with more padding than payload", h.Type)
	}
	return p[1 : len(p)-int(p[0])], nil
}
