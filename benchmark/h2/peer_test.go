package h2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// peer is a server that does what a script says, one frame after the other.
type peer struct {
	*http2.Framer
	t    testing.TB
	conn net.Conn
	enc  *hpack.Encoder
	buf  bytes.Buffer
}

// scripted serves each connection with the script, once both sides have greeted
// each other, and returns the URL.
func scripted(t testing.TB, script func(*peer), s ...http2.Setting) string {
	t.Helper()
	var running sync.WaitGroup
	t.Cleanup(running.Wait) // which the end of the client's connection brings about
	return fake.TCP(t, func(conn net.Conn) {
		running.Add(1)
		defer running.Done()
		p := &peer{Framer: http2.NewFramer(conn, conn), t: t, conn: conn}
		p.enc = hpack.NewEncoder(&p.buf)
		p.AllowIllegalWrites = true
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(conn, preface); err != nil || string(preface) != http2.ClientPreface {
			t.Errorf("the client opens with %q, %v", preface, err)
			return
		}
		p.must(p.WriteSettings(s...))
		script(p)
	})
}

func (p *peer) must(err error) {
	if err != nil {
		p.t.Logf("the peer: %v", err) // the client may have gone
	}
}

// next waits for a frame of type F and passes over all others; ok is false when
// the client has gone.
func next[F http2.Frame](p *peer) (f F, ok bool) {
	for {
		frame, err := p.ReadFrame()
		if err != nil {
			return f, false
		}
		if f, ok := frame.(F); ok {
			return f, true
		}
	}
}

// request waits for a whole call and returns its stream, 0 when the client has
// gone.
func (p *peer) request() uint32 {
	for {
		d, ok := next[*http2.DataFrame](p)
		switch {
		case !ok:
			return 0
		case d.StreamEnded():
			return d.StreamID
		}
	}
}

// linger reads until the client goes.
func (p *peer) linger() { _, _ = io.Copy(io.Discard, p.conn) }

// block encodes name, value, name, value, ...
func (p *peer) block(fields ...string) []byte {
	p.buf.Reset()
	for i := 0; i < len(fields); i += 2 {
		p.must(p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}))
	}
	return bytes.Clone(p.buf.Bytes())
}

// headers sends headers in one frame.
func (p *peer) headers(id uint32, ends bool, fields ...string) {
	p.must(p.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: p.block(fields...), EndHeaders: true, EndStream: ends,
	}))
}

// opening are the headers of a proper answer.
var opening = []string{":status", "200", "content-type", "application/grpc"}

// message is a message as gRPC sends it.
func message(s string) []byte {
	b := make([]byte, prefixLen, prefixLen+len(s))
	binary.BigEndian.PutUint32(b[1:], uint32(len(s)))
	return append(b, s...)
}

// answer answers a call properly.
func (p *peer) answer(id uint32, s string) {
	p.headers(id, false, opening...)
	for part := range slices.Chunk(message(s), maxFrameSize) {
		p.must(p.WriteData(id, false, part))
	}
	p.headers(id, true, "grpc-status", "0")
}

// serve answers every call with what it is given, if that is "" with "ok".
func (p *peer) serve() {
	for id := p.request(); id != 0; id = p.request() {
		p.answer(id, "ok")
	}
}

// call is a call with a short request.
func call() *benchmark.Call {
	return &benchmark.Call{Method: benchmark.Put, Request: []byte("request")}
}

// calls are some.
func calls(n int) []*benchmark.Call {
	all := make([]*benchmark.Call, n)
	for i := range all {
		all[i] = call()
		all[i].Slot = i
	}
	return all
}

// over expects that the connection is over and why, and that it stays so.
func over(t *testing.T, c benchmark.Conn) error {
	t.Helper()
	done, err := c.Receive(nil)
	if err == nil || len(done) > 0 {
		t.Fatalf("received %d calls and %v of a connection that is to be over", len(done), err)
	}
	late := call()
	c.Send(late)
	c.Flush()
	done, again := c.Receive(nil)
	if len(done) != 1 || again != nil || done[0].Code.String() != "Unavailable" || !done[0].Unsent {
		t.Errorf("a call sent afterwards: %+v, %v", done, again)
	}
	if done, again := c.Receive(nil); !errors.Is(again, err) || len(done) > 0 {
		t.Errorf("then received %d calls and %v, want %v", len(done), again, err)
	}
	return err
}

// soon fails the test when f takes long.
func soon(t *testing.T, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
