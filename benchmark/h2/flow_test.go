package h2

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// pattern is n bytes of which no part looks like another.
func pattern(n int) []byte {
	b := make([]byte, 0, n+20)
	for i := int64(0); len(b) < n; i++ {
		b = append(strconv.AppendInt(b, i, 10), ',')
	}
	return b[:n]
}

// echoer answers calls with what they said, within the windows that it grants
// one by one: by bytes for the stream after each frame, and for the connection.
func echoer(t *testing.T, by uint32, s ...http2.Setting) string {
	return scripted(t, func(p *peer) {
		got := map[uint32][]byte{}
		for {
			d, ok := next[*http2.DataFrame](p)
			if !ok {
				return
			}
			id, n := d.StreamID, uint32(len(d.Data()))
			if got[id] = append(got[id], d.Data()...); d.StreamEnded() {
				p.must(p.WriteWindowUpdate(0, n))
				p.answer(id, string(got[id][prefixLen:]))
				delete(got, id)
				continue
			}
			if n == 0 || n > by {
				t.Errorf("a frame of %d bytes, the window was %d", n, by)
			}
			p.must(p.WriteWindowUpdate(id, by))
			p.must(p.WriteWindowUpdate(0, n))
		}
	}, append(s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: by})...)
}

// echo makes calls with requests of all sizes around the limits and expects them
// back.
func echo(t *testing.T, c benchmark.Conn, largest int) {
	t.Helper()
	all := calls(5)
	for i, size := range []int{0, 1, largest / 3, largest - 1, largest} {
		all[i].Request = pattern(size)
	}
	for _, got := range do(t, c, all...) {
		if got.Code != codes.OK || !bytes.Equal(got.Response, got.Request) {
			t.Errorf("a request of %d bytes: %s %q, %d bytes back", len(got.Request), got.Code, got.Message, len(got.Response))
		}
	}
}

func TestWindows(t *testing.T) {
	for name, test := range map[string]struct {
		by      uint32
		largest int
	}{
		"a byte":         {1, 100},
		"a prefix":       {prefixLen, 500},
		"less than that": {prefixLen - 1, 500},
		"odd":            {1001, 100000},
		"a frame":        {maxFrameSize, 200000},
	} {
		t.Run(name, func(t *testing.T) { echo(t, dial(t, echoer(t, test.by), nil), test.largest) })
	}
}

// The connection's window is shared: who is behind waits, and gets its turn.
func TestWindowOfConnection(t *testing.T) {
	const each = 40000 // two calls do not fit into 65535 bytes
	c := dial(t, scripted(t, func(p *peer) {
		p.request()
		sum := each + prefixLen
		for sum < initialWindow {
			d, ok := next[*http2.DataFrame](p)
			if !ok {
				return
			}
			sum += len(d.Data())
		}
		if sum != initialWindow {
			t.Errorf("the client sent %d bytes", sum)
		}
		p.must(p.WriteWindowUpdate(0, 1<<20))
		p.request()
		p.answer(3, "second")
		p.answer(1, "first")
	}), nil)
	all := calls(2)
	all[0].Request, all[1].Request = pattern(each), pattern(each)
	done := do(t, c, all...)
	if string(done[0].Response)+string(done[1].Response) != "secondfirst" {
		t.Errorf("%+v, %+v", done[0], done[1])
	}
}

// Windows of streams that are open change with the setting, below zero too.
func TestInitialWindowChanges(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		sent := 0
		for sent < 1000 {
			d, _ := next[*http2.DataFrame](p)
			sent += len(d.Data())
		}
		setting(http2.SettingInitialWindowSize, 10)(p, 0) // now 990 below zero
		p.must(p.WriteWindowUpdate(1, 990))               // zero
		p.must(p.WritePing(false, [8]byte{1}))
		// What the client sends on a window of zero would come before this.
		for {
			frame, err := p.ReadFrame()
			if err != nil {
				return
			}
			if _, ok := frame.(*http2.DataFrame); ok {
				t.Error("data without a window")
			}
			if f, ok := frame.(*http2.PingFrame); ok && f.IsAck() {
				break
			}
		}
		setting(http2.SettingInitialWindowSize, 1<<20)(p, 0)
		p.answer(p.request(), "ok")
	}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1000}), func(target *benchmark.Target) { target.Timeout = 4e9 })
	one := call()
	one.Request = pattern(50000)
	if got := do(t, c, one)[0]; got.Code != codes.OK {
		t.Errorf("%s %s", got.Code, got.Message)
	}
}

// Frames are as large as the peer takes, in both directions of a change.
func TestFrameSize(t *testing.T) {
	sizes := make(chan int, 100)
	c := dial(t, scripted(t, func(p *peer) {
		p.must(p.WriteWindowUpdate(0, 1<<24))
		p.SetMaxReadFrameSize(1 << 20)
		for {
			d, ok := next[*http2.DataFrame](p)
			if !ok {
				return
			}
			if sizes <- len(d.Data()); d.StreamEnded() {
				p.answer(d.StreamID, "ok")
			}
		}
	}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 24}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 18}), nil)
	one := call()
	do(t, c, one) // so that the window is open
	one.Request = pattern(1 << 19)
	do(t, c, one)
	<-sizes
	if n := <-sizes; n != 1<<18 {
		t.Errorf("a frame of %d bytes", n)
	}
}

// A header block that is larger than a frame goes on in others.
func TestLongToken(t *testing.T) {
	token := strings.Repeat("~", 40000)
	got := make(chan string, 1)
	c := dial(t, scripted(t, func(p *peer) {
		p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		h, ok := next[*http2.MetaHeadersFrame](p)
		if !ok {
			return
		}
		for _, f := range h.Fields {
			if f.Name == "token" {
				got <- f.Value
			}
		}
		p.answer(p.request(), "ok")
	}), func(target *benchmark.Target) { target.Token = func() string { return token } })
	if done := do(t, c, call())[0]; done.Code != codes.OK || <-got != token {
		t.Errorf("%s %s", done.Code, done.Message)
	}
}

// An answer larger than all windows arrives, because they are opened again.
func TestLargeAnswer(t *testing.T) {
	const size = connWindow + 3<<20 + 12345
	want := pattern(size)
	c := dial(t, scripted(t, func(p *peer) {
		id := p.request()
		p.headers(id, false, opening...)
		stream, conn := streamWindow, connWindow
		for rest := message(string(want)); len(rest) > 0; {
			for min(stream, conn) == 0 {
				u, ok := next[*http2.WindowUpdateFrame](p)
				if !ok {
					return
				}
				if u.StreamID == 0 {
					conn += int(u.Increment)
				} else {
					stream += int(u.Increment)
				}
			}
			n := min(stream, conn, len(rest), maxFrameSize)
			p.must(p.WriteData(id, false, rest[:n]))
			rest, stream, conn = rest[n:], stream-n, conn-n
		}
		p.headers(id, true, "grpc-status", "0")
	}), nil)
	if got := do(t, c, call())[0]; got.Code != codes.OK || !bytes.Equal(got.Response, want) {
		t.Errorf("%s %s, %d bytes", got.Code, got.Message, len(got.Response))
	}
}

// Calls beyond the peer's limit wait in line; a limit of zero holds all up.
func TestMaxConcurrentStreams(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		p.must(p.WritePing(false, [8]byte{}))
		if f, ok := next[*http2.PingFrame](p); !ok || !f.IsAck() {
			return
		}
		setting(http2.SettingMaxConcurrentStreams, 2)(p, 0)
		open := map[uint32]bool{}
		for len(open) < 2 {
			open[p.request()] = true
		}
		for i := 0; ; i++ {
			for id := range open {
				delete(open, id)
				p.answer(id, "ok")
				break
			}
			id := p.request()
			if id == 0 {
				return
			}
			if open[id] = true; len(open) > 2 {
				t.Errorf("%d streams are open", len(open))
			}
		}
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 0}), nil)
	all := calls(62)
	for _, call := range all {
		c.Send(call)
	}
	c.Flush()
	for i, got := range receive(t, c, 61) {
		if got.Code != codes.OK {
			t.Errorf("call %d: %s %s", i, got.Code, got.Message)
		}
	}
}

// The table of headers is as small as the peer wants it.
func TestHeaderTableSize(t *testing.T) {
	for _, size := range []uint32{0, 33, 100, 300, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := dial(t, scripted(t, func(p *peer) {
				p.ReadMetaHeaders = hpack.NewDecoder(min(size, 4096), nil)
				for {
					h, ok := next[*http2.MetaHeadersFrame](p)
					if !ok {
						return
					}
					if len(h.Fields) != 9 || h.PseudoValue("path") != "/etcdserverpb.KV/Range" {
						t.Errorf("%v", h.Fields)
					}
					p.answer(p.request(), "ok")
				}
			}, http2.Setting{ID: http2.SettingHeaderTableSize, Val: size}),
				func(target *benchmark.Target) { target.Token = func() string { return "token" } })
			for range 5 {
				if got := do(t, c, &benchmark.Call{Method: benchmark.Range})[0]; got.Code != codes.OK {
					t.Fatalf("%s %s", got.Code, got.Message)
				}
			}
		})
	}
}

// Whatever came before, the peer's table makes of a call's headers what they are.
func TestHeadersOfCalls(t *testing.T) {
	type seen struct{ path, token string }
	got := make(chan seen, 1)
	var token string
	c := dial(t, scripted(t, func(p *peer) {
		p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		for {
			h, ok := next[*http2.MetaHeadersFrame](p)
			if !ok {
				return
			}
			s := seen{path: h.PseudoValue("path")}
			for _, f := range h.Fields {
				if f.Name == "token" {
					s.token = f.Value
				}
			}
			got <- s
			p.answer(p.request(), "ok")
		}
	}), func(target *benchmark.Target) { target.Token = func() string { return token } })
	const put, get, txn = benchmark.Put, benchmark.Range, benchmark.Txn
	for _, of := range []string{"", "one", "two"} {
		token = of
		for _, m := range []benchmark.Method{put, put, get, put, get, get, txn, put, get, txn, txn, put} {
			if done := do(t, c, &benchmark.Call{Method: m})[0]; done.Code != codes.OK {
				t.Fatalf("%s %q", done.Code, done.Message)
			}
			if s := <-got; s.path != m.Path() || s.token != token {
				t.Errorf("the peer sees %+v, want %s and %q", s, m.Path(), token)
			}
		}
	}
}

// The same bytes of an answer mean something else once its table has changed.
func TestHeadersOfAnswers(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		for _, status := range []string{"0", "", "", "5", "", ""} {
			id := p.request()
			p.headers(id, false, opening...)
			p.must(p.WriteData(id, false, message("hello")))
			trailers := []byte{0x80 | 62} // the newest of the table
			if status != "" {
				trailers = p.block("grpc-status", status)
			}
			p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: trailers, EndHeaders: true, EndStream: true}))
		}
		p.linger()
	}), nil)
	for i, want := range []codes.Code{0, 0, 0, 5, 5, 5} {
		if got := do(t, c, call())[0]; got.Code != want {
			t.Errorf("call %d: %s %q, want %s", i, got.Code, got.Message, want)
		}
	}
}

// What is too much for one write leaves without waiting for an answer.
func TestMuchAtOnce(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		p.must(p.WriteWindowUpdate(0, 1<<30))
		p.answer(p.request(), "ok")
		var ids []uint32
		for range 5 {
			ids = append(ids, p.request())
		}
		for _, id := range ids {
			p.answer(id, "ok")
		}
		p.linger()
	}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: maxWindow}), nil)
	do(t, c, call()) // so that the window is open
	all := calls(5)
	for _, call := range all {
		call.Request = pattern(maxBacklog)
	}
	for _, got := range do(t, c, all...) {
		if got.Code != codes.OK {
			t.Errorf("%s %q", got.Code, got.Message)
		}
	}
}
