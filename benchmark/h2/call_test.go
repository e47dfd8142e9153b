package h2

import (
	"encoding/binary"
	"net"
	"net/url"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// echoless is a peer without a network: it answers each call when it is read
// from, with the same frames.
type echoless struct {
	net.Conn
	answer []byte // of stream 1
	ids    []uint32
}

func (e *echoless) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		h := parseFrameHeader(rest)
		if h.Type == http2.FrameData && h.Flags&http2.FlagDataEndStream != 0 {
			e.ids = append(e.ids, h.StreamID)
		}
		rest = rest[frameHeaderLen+int(h.Length):]
	}
	return len(p), nil
}

func (e *echoless) Read(p []byte) (n int, err error) {
	for _, id := range e.ids {
		copy(p[n:], e.answer)
		for end := n + len(e.answer); n < end; {
			binary.BigEndian.PutUint32(p[n+5:], id)
			n += frameHeaderLen + int(parseFrameHeader(p[n:]).Length)
		}
	}
	e.ids = e.ids[:0]
	return n, nil
}

func (e *echoless) SetReadDeadline(time.Time) error { return nil }
func (e *echoless) Close() error                    { return nil }

// unconnected is a connection to such a peer.
func unconnected(e *echoless) *conn {
	c := newConn(newSocket(e), &url.URL{Scheme: "http", Host: "localhost:2379"}, benchmark.Target{Timeout: time.Minute, InFlight: 10}, Engine{})
	c.net, c.greeted = e, true
	c.window, c.peer.window = 1<<40, 1<<40 // nobody gives them back
	return c
}

// What is too much for one write leaves in several, without anybody's help.
func TestMuchForOneWrite(t *testing.T) {
	e := &echoless{}
	c := unconnected(e)
	for _, call := range calls(5) {
		call.Request = pattern(maxBacklog)
		c.Send(call)
	}
	c.Flush()
	if len(e.ids) != 5 {
		t.Errorf("%d calls have left", len(e.ids))
	}
}

// batch is what a connection without a network costs: a function that makes ten
// calls.
func batch(tb testing.TB) func() {
	tb.Helper()
	var first, again []byte
	recorded(tb, func(p *peer, id uint32) {
		first = recordedBy(p, func() { p.answer(id, string(pattern(256))) })
		again = recordedBy(p, func() { p.answer(id, string(pattern(256))) })
	})
	e := &echoless{answer: first}
	c := unconnected(e)
	if got := do(tb, c, call())[0]; got.Code != codes.OK {
		tb.Fatal(got.Message)
	}
	e.answer = again // with references to what the first put into the table
	done := calls(10)
	return func() {
		for _, call := range done {
			c.Send(call)
		}
		c.Flush()
		for done = done[:0]; len(done) < 10; {
			var err error
			if done, err = c.Receive(done); err != nil {
				tb.Fatal(err)
			}
		}
		for _, call := range done {
			if call.Code != codes.OK || len(call.Response) != 256 {
				tb.Fatalf("%s %q", call.Code, call.Message)
			}
		}
	}
}

// A call allocates nothing once its buffers have grown.
func TestCallsDoNotAllocate(t *testing.T) {
	ten := batch(t)
	for range 10 {
		ten()
	}
	if n := testing.AllocsPerRun(1000, ten); n > 0 {
		t.Errorf("%v allocations in ten calls", n)
	}
}

// BenchmarkCall is what a call costs without a network, the system or a peer.
func BenchmarkCall(b *testing.B) {
	ten := batch(b)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 10 {
		ten()
	}
}
