package h2

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// breaches are what a peer does while a call is in flight that ends the
// connection, and what is said of it.
var breaches = map[string]struct {
	commit func(p *peer, id uint32)
	code   http2.ErrCode // the peer is told
	text   string
}{
	"a frame of 1 MiB": {func(p *peer, id uint32) {
		p.must(p.WriteRawFrame(http2.FrameData, 0, id, make([]byte, 1<<20)))
	}, http2.ErrCodeFrameSize, "DATA frame of 1048576 bytes"},
	"headers without end": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}}))
		for p.WriteContinuation(id, false, make([]byte, 1<<14)) == nil {
		}
	}, http2.ErrCodeEnhanceYourCalm, "headers of more than 65536 bytes"},
	"headers of nothing": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}}))
		for p.WriteContinuation(id, false, nil) == nil {
		}
	}, http2.ErrCodeEnhanceYourCalm, "empty CONTINUATION"},
	"a field of 100 kB": {func(p *peer, id uint32) {
		block := p.block("grpc-message", strings.Repeat("~", 100000))
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:16000]}))
		for block = block[16000:]; len(block) > 16000; block = block[16000:] {
			p.must(p.WriteContinuation(id, false, block[:16000]))
		}
		p.must(p.WriteContinuation(id, true, block))
	}, http2.ErrCodeEnhanceYourCalm, "headers of more than"},
	"a small block of many headers": {func(p *peer, id uint32) {
		block := p.block("a", strings.Repeat("a", 4000))
		for range 15000 {
			block = append(block, 0x80|62)
		}
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:16000]}))
		p.must(p.WriteContinuation(id, true, block[16000:]))
	}, http2.ErrCodeEnhanceYourCalm, "headers of 60"},
	"a reference to nowhere": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0xff, 0x80, 0x01}, EndHeaders: true}))
	}, http2.ErrCodeCompression, "header block"},
	"half a field": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x40, 5, 'a'}, EndHeaders: true}))
	}, http2.ErrCodeCompression, "truncated"},
	"a table of 1 GiB": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x3f, 0xe1, 0xff, 0xff, 0xff, 0x03}, EndHeaders: true}))
	}, http2.ErrCodeCompression, "header block"},
	"another frame inside headers": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}}))
		p.must(p.WritePing(false, [8]byte{}))
	}, http2.ErrCodeProtocol, "PING frame of stream 0 inside the headers of stream 1"},
	"another stream inside headers": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}}))
		p.must(p.WriteContinuation(id+2, true, nil))
	}, http2.ErrCodeProtocol, "CONTINUATION frame of stream 3 inside the headers of stream 1"},
	"a continuation of nothing": {func(p *peer, id uint32) { p.must(p.WriteContinuation(id, true, nil)) }, http2.ErrCodeProtocol, "without headers before"},

	"data without a stream":              {raw(http2.FrameData, 0, 0, 1), http2.ErrCodeProtocol, "stream 0"},
	"data of a stream to come":           {raw(http2.FrameData, 0, 3, 1), http2.ErrCodeProtocol, "never opened"},
	"headers without a stream":           {raw(http2.FrameHeaders, 4, 0, 0), http2.ErrCodeProtocol, "stream 0"},
	"open headers of no stream":          {raw(http2.FrameHeaders, 0, 0, 0), http2.ErrCodeProtocol, "without a stream"},
	"headers of a stream of theirs":      {raw(http2.FrameHeaders, 4, 2, 0), http2.ErrCodeProtocol, "stream 2"},
	"more padding than data":             {raw(http2.FrameData, 8, 1, 1, 9), http2.ErrCodeProtocol, "padding"},
	"padding of no data":                 {raw(http2.FrameData, 8, 1, 0), http2.ErrCodeProtocol, "padding"},
	"headers padded away":                {raw(http2.FrameHeaders, 8|4, 1, 3, 3), http2.ErrCodeProtocol, "padding"},
	"headers short of a priority":        {raw(http2.FrameHeaders, 32|4, 1, 4), http2.ErrCodeFrameSize, "priority"},
	"a priority of 4 bytes":              {raw(http2.FramePriority, 0, 1, 4), http2.ErrCodeFrameSize, "4 bytes"},
	"a reset of no stream":               {raw(http2.FrameRSTStream, 0, 0, 4), http2.ErrCodeProtocol, "without a stream"},
	"a reset of a stream to come":        {raw(http2.FrameRSTStream, 0, 9, 4), http2.ErrCodeProtocol, "never opened"},
	"a reset of 5 bytes":                 {raw(http2.FrameRSTStream, 0, 1, 5), http2.ErrCodeFrameSize, "5 bytes"},
	"settings of a stream":               {raw(http2.FrameSettings, 0, 1, 0), http2.ErrCodeProtocol, "of a stream"},
	"settings of 5 bytes":                {raw(http2.FrameSettings, 0, 0, 5), http2.ErrCodeFrameSize, "5 bytes"},
	"settings acknowledged with content": {raw(http2.FrameSettings, 1, 0, 6), http2.ErrCodeFrameSize, "6 bytes"},
	"a promise":                          {raw(http2.FramePushPromise, 4, 1, 4), http2.ErrCodeProtocol, "pushes"},
	"a ping of a stream":                 {raw(http2.FramePing, 0, 1, 8), http2.ErrCodeProtocol, "of a stream"},
	"a ping of 7 bytes":                  {raw(http2.FramePing, 0, 0, 7), http2.ErrCodeFrameSize, "7 bytes"},
	"sent away by a stream":              {raw(http2.FrameGoAway, 0, 1, 8), http2.ErrCodeProtocol, "of a stream"},
	"sent away in 7 bytes":               {raw(http2.FrameGoAway, 0, 0, 7), http2.ErrCodeFrameSize, "7 bytes"},
	"a window update of 3 bytes":         {raw(http2.FrameWindowUpdate, 0, 0, 3), http2.ErrCodeFrameSize, "3 bytes"},
	"a window that grows by nothing":     {raw(http2.FrameWindowUpdate, 0, 0, 4), http2.ErrCodeFlowControl, "grows by 0"},
	"a window for a stream to come":      {raw(http2.FrameWindowUpdate, 0, 5, 4), http2.ErrCodeProtocol, "never opened"},
	"a window that overflows":            {func(p *peer, _ uint32) { p.must(p.WriteWindowUpdate(0, maxWindow)) }, http2.ErrCodeFlowControl, "grows by 2147483647"},
	"an initial window of 4 GiB":         {setting(http2.SettingInitialWindowSize, 1<<32-1), http2.ErrCodeFlowControl, "initial window"},
	"an initial window that overflows a stream": {func(p *peer, id uint32) {
		p.must(p.WriteWindowUpdate(id, 1<<20))
		setting(http2.SettingInitialWindowSize, maxWindow)(p, id)
	}, http2.ErrCodeFlowControl, "overflows stream 1"},
	"a frame size of 1":     {setting(http2.SettingMaxFrameSize, 1), http2.ErrCodeProtocol, "frame size"},
	"a frame size of 4 GiB": {setting(http2.SettingMaxFrameSize, 1<<32-1), http2.ErrCodeProtocol, "frame size"},
	"push enabled":          {setting(http2.SettingEnablePush, 1), http2.ErrCodeProtocol, "ENABLE_PUSH"},
}

// raw sends a frame whose payload of n bytes starts with the given ones.
func raw(f http2.FrameType, flags http2.Flags, id uint32, n int, first ...byte) func(*peer, uint32) {
	payload := make([]byte, n)
	copy(payload, first)
	return func(p *peer, _ uint32) { p.must(p.WriteRawFrame(f, flags, id, payload)) }
}

func setting(id http2.SettingID, v uint32) func(*peer, uint32) {
	return func(p *peer, _ uint32) { p.must(p.WriteSettings(http2.Setting{ID: id, Val: v})) }
}

func TestBreaches(t *testing.T) {
	for name, test := range breaches {
		t.Run(name, func(t *testing.T) {
			told := make(chan http2.ErrCode, 1)
			c := dial(t, scripted(t, func(p *peer) {
				id := p.request()
				go func() {
					if g, ok := next[*http2.GoAwayFrame](p); ok {
						told <- g.ErrCode
					}
					close(told)
				}()
				test.commit(p, id)
				<-told
			}), nil)
			got := do(t, c, call())[0]
			if got.Code != codes.Unavailable || got.Unsent || !strings.Contains(got.Message, test.text) {
				t.Errorf("%s %q, unsent %v, want %q", got.Code, got.Message, got.Unsent, test.text)
			}
			if err := over(t, c); err.Error() != got.Message {
				t.Errorf("the connection ended because %v, the call because %s", err, got.Message)
			}
			var fault *faultError
			if !errors.As(c.err, &fault) || fault.code != test.code {
				t.Errorf("%v, want %s", c.err, test.code)
			}
		})
	}
}

// What is no HTTP/2 server fails to be dialled.
func TestDialFails(t *testing.T) {
	answer := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = io.WriteString(c, s)
			_, _ = io.Copy(io.Discard, c)
		}
	}
	closing := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = io.WriteString(c, s)
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c) // else the system resets the connection
		}
	}
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for name, test := range map[string]struct {
		serve func(net.Conn)
		text  string
	}{
		"HTTP/1":                   {answer("HTTP/1.1 400 Bad Request\r\n\r\n"), `answers "HTTP/1.1 400 Bad"`},
		"TLS":                      {answer("\x15\x03\x01\x00\x02\x02\x46"), `answers "\x15\x03\x01`},
		"another frame first":      {answer("\x00\x00\x08\x06\x00\x00\x00\x00\x00pingping"), "does not speak HTTP/2"},
		"an acknowledgement first": {answer("\x00\x00\x00\x04\x01\x00\x00\x00\x00"), "acknowledged before"},
		"settings that are wrong":  {answer("\x00\x00\x05\x04\x00\x00\x00\x00\x00settings"), "5 bytes"},
		"closes":                   {closing(""), "closed the connection before it spoke"},
		"resets":                   {func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, "connection"},
		"half a frame":             {closing(string(fake.Preface[:5])), "closed the connection before"},
		"sends away":               {answer(string(fake.Preface) + string(fake.GoAway)), "sends connections away"},
		"hangs":                    {hang, "no answer to HTTP/2: context deadline exceeded"},
		"hangs after half a frame": {answer(string(fake.Preface[:5])), "no answer to HTTP/2: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			soon(t, func() {
				c, err := Engine{}.Dial(ctx, benchmark.Target{Endpoint: fake.TCP(t, test.serve), Timeout: time.Second, InFlight: 1})
				if err == nil {
					_ = c.Close()
				}
				if err == nil || !strings.Contains(err.Error(), test.text) {
					t.Errorf("%v, want %q in it", err, test.text)
				}
			})
			noneLeft(t)
		})
	}
}

// memory is what the heap holds.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A peer that reads nothing makes calls wait and expire; what is kept for it
// does not grow with their number, and Close does not wait for it.
func TestPeerThatDoesNotRead(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	c := dial(t, scripted(t, func(p *peer) {
		p.must(p.WriteWindowUpdate(0, maxWindow-initialWindow))
		<-hold
	}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: maxWindow}), func(target *benchmark.Target) { target.Timeout = 30 * time.Millisecond })
	before := memory()
	all := calls(64)
	request := make([]byte, 1<<20)
	soon(t, func() {
		for range 20 {
			for _, call := range all {
				call.Request = request
			}
			for _, got := range do(t, c, all...) {
				if got.Code != codes.DeadlineExceeded {
					t.Fatalf("%s %s", got.Code, got.Message)
				}
			}
		}
	})
	if after := memory(); after > before+16<<20 {
		t.Errorf("the heap grew from %d to %d bytes for 1.3 GB of requests", before, after)
	}
	soon(t, func() { _ = c.Close() })
}

// A peer that asks for answers and does not read them is cut off.
func TestPeerThatOnlyAsks(t *testing.T) {
	for name, ask := range map[string]func(*peer) error{
		"pings":    func(p *peer) error { return p.WritePing(false, [8]byte{}) },
		"settings": func(p *peer) error { return p.WriteSettings() },
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, scripted(t, func(p *peer) {
				for ask(p) == nil {
				}
			}), nil)
			var got *benchmark.Call
			soon(t, func() { got = do(t, c, call())[0] })
			if got.Code != codes.Unavailable || !strings.Contains(got.Message, "does not read the answers") {
				t.Errorf("%s %s", got.Code, got.Message)
			}
		})
	}
}

// Data of ended calls is counted and dropped, so that the connection's window
// opens again for the others.
func TestDataOfEndedCalls(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		ids := []uint32{p.request(), p.request()}
		p.must(p.WriteRSTStream(ids[0], http2.ErrCodeCancel))
		opened := make(chan bool)
		go func() {
			u, ok := next[*http2.WindowUpdateFrame](p)
			opened <- ok && u.StreamID == 0 && u.Increment >= connWindow/2
			p.linger()
		}()
		for sent := 0; sent < connWindow; sent += maxFrameSize {
			p.must(p.WriteData(ids[0], false, make([]byte, maxFrameSize)))
		}
		if !<-opened {
			t.Error("the connection's window did not open again")
		}
		p.answer(ids[1], "ok")
	}), nil)
	if done := do(t, c, calls(2)...); done[0].Code != codes.Canceled || done[1].Code != codes.OK {
		t.Errorf("%s %s, %s %s", done[0].Code, done[0].Message, done[1].Code, done[1].Message)
	}
}
