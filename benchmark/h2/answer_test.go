package h2

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// answers are answers to a call, and how the call ends. After each of them the
// connection goes on.
var answers = map[string]struct {
	give func(p *peer, id uint32)
	code codes.Code
	text string // what the message or the answer contains
}{
	"proper": {func(p *peer, id uint32) { p.answer(id, "hello") }, codes.OK, "hello"},
	"empty":  {func(p *peer, id uint32) { p.answer(id, "") }, codes.OK, ""},
	"trailers only": {func(p *peer, id uint32) {
		p.headers(id, true, append(opening, "grpc-status", "5", "grpc-message", "no such thing")...)
	}, codes.NotFound, "no such thing"},
	"escapes": {func(p *peer, id uint32) {
		p.headers(id, true, append(opening, "grpc-status", "3", "grpc-message", "50%25 f%C3%BCr %zz %4")...)
	}, codes.InvalidArgument, "50% für %zz %4"},
	"informational headers first": {func(p *peer, id uint32) {
		p.headers(id, false, ":status", "103", "link", "x")
		p.answer(id, "hello")
	}, codes.OK, "hello"},
	"a byte at a time": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		for _, b := range message("slow") {
			p.must(p.WriteData(id, false, []byte{b}))
			p.must(p.WriteData(id, false, nil))
		}
		p.headers(id, true, "grpc-status", "0")
	}, codes.OK, "slow"},
	"padded, with priority": {func(p *peer, id uint32) {
		p.must(p.WriteHeaders(http2.HeadersFrameParam{
			StreamID: id, BlockFragment: p.block(opening...), EndHeaders: true, PadLength: 9,
			Priority: http2.PriorityParam{StreamDep: 1, Weight: 3},
		}))
		p.must(p.WriteDataPadded(id, false, message("hello"), make([]byte, 200)))
		p.must(p.WritePriority(id, http2.PriorityParam{Weight: 1}))
		p.must(p.WriteHeaders(http2.HeadersFrameParam{
			StreamID: id, BlockFragment: p.block("grpc-status", "0"), EndHeaders: true, EndStream: true, PadLength: 1,
		}))
	}, codes.OK, "hello"},
	"headers in pieces": {func(p *peer, id uint32) {
		block := p.block(append(opening, "a", strings.Repeat("a", 20000), "b", "b")...)
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:1]}))
		for _, b := range block[1:10] {
			p.must(p.WriteContinuation(id, false, []byte{b}))
		}
		p.must(p.WriteContinuation(id, true, block[10:]))
		p.must(p.WriteData(id, false, message("hello")))
		block = p.block("grpc-status", "0")
		p.must(p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block[:1], EndStream: true}))
		p.must(p.WriteContinuation(id, true, block[1:]))
	}, codes.OK, "hello"},
	"unknown frames between": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteRawFrame(0xee, 0xff, id, []byte("extension")))
		p.must(p.WriteData(id, false, message("hello")))
		p.must(p.WriteRawFrame(0xee, 0xff, 0, nil))
		p.headers(id, true, "grpc-status", "0")
	}, codes.OK, "hello"},
	"a code that gRPC does not know": {func(p *peer, id uint32) {
		p.headers(id, true, append(opening, "grpc-status", "77", "grpc-message", "new")...)
	}, codes.Code(77), "new"},
	"a message and an error": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, message("hello")))
		p.headers(id, true, "grpc-status", "8", "grpc-message", "full")
	}, codes.ResourceExhausted, "full"},

	"no status":        {func(p *peer, id uint32) { p.headers(id, true, opening...) }, codes.Internal, "without a status"},
	"a status of text": {func(p *peer, id uint32) { p.headers(id, true, append(opening, "grpc-status", "OK")...) }, codes.Unknown, `grpc-status "OK"`},
	"OK and no message": {func(p *peer, id uint32) {
		p.headers(id, true, append(opening, "grpc-status", "0")...)
	}, codes.Internal, "without a whole message"},
	"OK and half a message": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, message("hello")[:7]))
		p.headers(id, true, "grpc-status", "0")
	}, codes.Internal, "without a whole message"},
	"data that ends it": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, true, message("hello")))
	}, codes.Internal, "without a status"},
	"two messages": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, append(message("hello"), message("hello")...)))
	}, codes.Internal, "more than one message"},
	"compressed": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, []byte{1, 0, 0, 0, 1, 0}))
	}, codes.Internal, "compressed"},
	"4 GiB announced": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, []byte{0, 255, 255, 255, 255, 0}))
	}, codes.ResourceExhausted, "larger than"},
	"data first": {func(p *peer, id uint32) { p.must(p.WriteData(id, false, message("hello"))) }, codes.Internal, "data before headers"},
	"headers in the middle": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.headers(id, false, "grpc-status", "0")
	}, codes.Internal, "in the middle"},

	"a website": {func(p *peer, id uint32) { p.headers(id, false, ":status", "200", "content-type", "text/html") }, codes.Unknown, "text/html"},
	"nearly gRPC": {func(p *peer, id uint32) {
		p.headers(id, false, ":status", "200", "content-type", "application/grpc-web")
	}, codes.Unknown, "grpc-web"},
	"gRPC with proto": {func(p *peer, id uint32) {
		p.headers(id, true, ":status", "200", "content-type", "application/grpc+proto", "grpc-status", "9")
	}, codes.FailedPrecondition, ""},
	"HTTP 400": {httpStatus("400"), codes.Internal, `"400"`},
	"HTTP 401": {httpStatus("401"), codes.Unauthenticated, `"401"`},
	"HTTP 403": {httpStatus("403"), codes.PermissionDenied, `"403"`},
	"HTTP 404": {httpStatus("404"), codes.Unimplemented, `"404"`},
	"HTTP 429": {httpStatus("429"), codes.Unavailable, `"429"`},
	"HTTP 502": {httpStatus("502"), codes.Unavailable, `"502"`},
	"HTTP 503": {httpStatus("503"), codes.Unavailable, `"503"`},
	"HTTP 504": {httpStatus("504"), codes.Unavailable, `"504"`},
	"HTTP 418": {httpStatus("418"), codes.Unknown, `"418"`},

	"reset: no error": {reset(http2.ErrCodeNo), codes.Internal, "NO_ERROR"},
	"reset: refused":  {reset(http2.ErrCodeRefusedStream), codes.OK, "ok"}, // what is served next
	"reset: refused in the middle": {func(p *peer, id uint32) {
		p.headers(id, false, opening...)
		p.must(p.WriteData(id, false, message("another")[:9]))
		reset(http2.ErrCodeRefusedStream)(p, id)
	}, codes.OK, "ok"},
	"reset: cancelled": {reset(http2.ErrCodeCancel), codes.Canceled, "CANCEL"},
	"reset: calm":      {reset(http2.ErrCodeEnhanceYourCalm), codes.ResourceExhausted, "ENHANCE_YOUR_CALM"},
	"reset: flow":      {reset(http2.ErrCodeFlowControl), codes.ResourceExhausted, "FLOW_CONTROL"},
	"reset: security":  {reset(http2.ErrCodeInadequateSecurity), codes.PermissionDenied, "INADEQUATE_SECURITY"},
	"reset: internal":  {reset(http2.ErrCodeInternal), codes.Internal, "INTERNAL_ERROR"},
	"a window that grows by nothing": {func(p *peer, id uint32) {
		p.must(p.WriteRawFrame(http2.FrameWindowUpdate, 0, id, make([]byte, 4)))
	}, codes.Internal, "grow by 0"},
	"a window that overflows": {func(p *peer, id uint32) { p.must(p.WriteWindowUpdate(id, maxWindow)) }, codes.Internal, "grow by 2147483647"},
}

func httpStatus(status string) func(*peer, uint32) {
	return func(p *peer, id uint32) { p.headers(id, true, ":status", status, "content-type", "text/plain") }
}

func reset(code http2.ErrCode) func(*peer, uint32) {
	return func(p *peer, id uint32) { p.must(p.WriteRSTStream(id, code)) }
}

func TestAnswers(t *testing.T) {
	for name, test := range answers {
		t.Run(name, func(t *testing.T) {
			c := dial(t, scripted(t, func(p *peer) {
				if id := p.request(); id != 0 {
					test.give(p, id)
				}
				p.serve()
			}), nil)
			got := do(t, c, &benchmark.Call{Request: []byte("request"), Response: make([]byte, 3, 64), Message: "old", Code: 2})[0]
			if got.Code != test.code || got.Ended.IsZero() || time.Since(got.Ended) > time.Minute {
				t.Errorf("%s %q at %v, want %s", got.Code, got.Message, got.Ended, test.code)
			}
			if test.code == codes.OK && (string(got.Response) != test.text || got.Message != "") {
				t.Errorf("answered %q %q, want %q", got.Response, got.Message, test.text)
			}
			if test.code != codes.OK && !strings.Contains(got.Message, test.text) {
				t.Errorf("message %q, want %q in it", got.Message, test.text)
			}
			if got.Unsent {
				t.Error("unsent, on a connection that lives")
			}
			if again := do(t, c, got)[0]; again.Code != codes.OK || string(again.Response) != "ok" {
				t.Errorf("the next call: %s %q", again.Code, again.Message)
			}
		})
	}
}

// A call that is refused again has failed: the connection lives, and would be
// asked for ever.
func TestRefusedTwice(t *testing.T) {
	refuse := reset(http2.ErrCodeRefusedStream)
	c := dial(t, scripted(t, func(p *peer) {
		refuse(p, p.request())
		refuse(p, p.request())
		p.serve()
	}), nil)
	got := do(t, c, call())[0]
	if got.Code != codes.Unavailable || got.Unsent || !strings.Contains(got.Message, "REFUSED_STREAM") {
		t.Errorf("%s %q, unsent %v", got.Code, got.Message, got.Unsent)
	}
	if got = do(t, c, got)[0]; got.Code != codes.OK {
		t.Errorf("the next call: %s %q", got.Code, got.Message)
	}
}

// A call that is answered before all of it has left is reset, and what is left of
// it does not leave.
func TestAnsweredEarly(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		d, _ := next[*http2.DataFrame](p)
		p.headers(d.StreamID, true, append(opening, "grpc-status", "8", "grpc-message", "too much")...)
		p.must(p.WriteWindowUpdate(d.StreamID, 1<<20))
		for {
			frame, err := p.ReadFrame()
			if err != nil {
				return
			}
			if f, ok := frame.(*http2.DataFrame); ok && f.StreamID == d.StreamID {
				t.Error("more of the call arrives")
			}
			if f, ok := frame.(*http2.RSTStreamFrame); ok && f.StreamID == d.StreamID {
				break
			}
		}
		p.serve()
	}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10}), nil)
	one := call()
	one.Request = pattern(1000)
	if got := do(t, c, one)[0]; got.Code != codes.ResourceExhausted || got.Message != "too much" {
		t.Errorf("%s %q", got.Code, got.Message)
	}
	short := &benchmark.Call{Request: []byte("tiny")}
	if got := do(t, c, short)[0]; got.Code != codes.OK {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

// A stream that we end is reset, one that the peer ended is not.
func TestPeerIsToldOfEnds(t *testing.T) {
	for name, told := range map[string]bool{
		"proper": false, "trailers only": false, "reset: internal": false, "data that ends it": false,
		"two messages": true, "compressed": true, "a website": true, "headers in the middle": true,
	} {
		t.Run(name, func(t *testing.T) {
			resets := make(chan bool, 1)
			c := dial(t, scripted(t, func(p *peer) {
				id := p.request()
				answers[name].give(p, id)
				seen := false
				for {
					frame, err := p.ReadFrame()
					if err != nil {
						return
					}
					switch f := frame.(type) {
					case *http2.RSTStreamFrame:
						seen = seen || f.StreamID == id && f.ErrCode == http2.ErrCodeCancel
					case *http2.DataFrame:
						resets <- seen
						p.answer(f.StreamID, "ok")
					}
				}
			}), nil)
			do(t, c, call())
			do(t, c, call())
			if got := <-resets; got != told {
				t.Errorf("reset: %v, want %v", got, told)
			}
		})
	}
}
