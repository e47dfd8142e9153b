package h2

import (
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// limit sets the time limit of a target's calls.
func limit(d time.Duration) func(*benchmark.Target) {
	return func(t *benchmark.Target) { t.Timeout = d }
}

// A server that is going away finishes what it took; the rest is known not to
// have been acted on, and the connection takes no more calls.
func TestGoAway(t *testing.T) {
	away := make(chan struct{})
	c := dial(t, scripted(t, func(p *peer) {
		first, second := p.request(), p.request()
		p.request()
		p.must(p.WriteGoAway(second, http2.ErrCodeNo, []byte("bye")))
		<-away
		p.answer(second, "second")
		p.answer(first, "first")
		p.linger()
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 3}), nil)
	all := calls(4)
	for _, call := range all {
		c.Send(call)
	}
	c.Flush()
	for _, got := range receive(t, c, 2) { // the third, and the one that waits in line
		if got.Code != codes.Unavailable || !got.Unsent || got.Slot < 2 || !strings.Contains(got.Message, `NO_ERROR "bye"`) {
			t.Errorf("call %d: %s %q, unsent %v", got.Slot, got.Code, got.Message, got.Unsent)
		}
	}
	late := do(t, c, call())[0]
	if late.Code != codes.Unavailable || !late.Unsent {
		t.Errorf("a call afterwards: %s %q, unsent %v", late.Code, late.Message, late.Unsent)
	}
	close(away)
	for _, got := range receive(t, c, 2) {
		if got.Code != codes.OK || string(got.Response) != []string{"first", "second"}[got.Slot] {
			t.Errorf("call %d: %s %q", got.Slot, got.Code, got.Message)
		}
	}
	if err := over(t, c); !strings.Contains(err.Error(), "sends connections away") {
		t.Error(err)
	}
}

func TestGoAwayWithoutCalls(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		p.answer(p.request(), "ok")
		p.must(p.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, nil))
		p.linger()
	}), nil)
	do(t, c, call())
	if err := over(t, c); !strings.Contains(err.Error(), "ENHANCE_YOUR_CALM") {
		t.Error(err)
	}
}

// A call that ends in Flush is handed out by the Receive that waits elsewhere.
func TestReceiveIsWoken(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		p.must(p.WriteGoAway(p.request(), http2.ErrCodeNo, nil))
		p.linger()
	}), nil)
	c.Send(call())
	c.Flush()
	received := make(chan []*benchmark.Call)
	go func() {
		done, _ := c.Receive(nil)
		received <- done
	}()
	etcdtest.Eventually(t, 10*time.Second, "the farewell", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.leaving != nil
	})
	etcdtest.OK(t, c.net.SetReadDeadline(time.Time{})) // no ticks
	c.Send(call())
	c.Flush()
	select {
	case done := <-received:
		if len(done) != 1 || !done[0].Unsent {
			t.Errorf("%+v", done)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing is received")
		_ = c.Close()
		<-received
	}
}

// A connection that breaks takes its calls with it. Those that had not left can
// be sent again elsewhere.
func TestConnectionBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(p *peer)
		text string
	}{
		"closed":                {func(p *peer) {}, "closed the connection"},
		"reset":                 {func(p *peer) { etcdtest.OK(t, p.conn.(*net.TCPConn).SetLinger(0)) }, "connection"},
		"closed inside a frame": {func(p *peer) { _, _ = p.conn.Write([]byte{0, 0, 9, 0, 0, 0}) }, "closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, scripted(t, func(p *peer) {
				p.request()
				test.end(p)
			}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1}), nil)
			for _, got := range do(t, c, calls(3)...) {
				if got.Code != codes.Unavailable || got.Unsent != (got.Slot > 0) || !strings.Contains(got.Message, test.text) {
					t.Errorf("call %d: %s %q, unsent %v", got.Slot, got.Code, got.Message, got.Unsent)
				}
			}
			over(t, c)
		})
	}
}

// Close ends Receive and what is left, whoever calls it, and as often as one likes.
func TestClose(t *testing.T) {
	c := dial(t, scripted(t, (*peer).linger), nil)
	for _, call := range calls(3) {
		c.Send(call)
	}
	c.Flush()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = c.Close()
		_ = c.Close()
	}()
	for _, got := range receive(t, c, 3) {
		if got.Code != codes.Unavailable || got.Unsent {
			t.Errorf("%s %q, unsent %v", got.Code, got.Message, got.Unsent)
		}
	}
	<-closed
	if err := over(t, c); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A call that is not answered ends at its limit, a tenth later at most, and the
// server is told; its late answer is nobody's.
func TestDeadline(t *testing.T) {
	const timeout = 400 * time.Millisecond
	cancelled := make(chan http2.ErrCode, 1)
	c := dial(t, scripted(t, func(p *peer) {
		id := p.request()
		r, ok := next[*http2.RSTStreamFrame](p)
		if !ok || r.StreamID != id {
			t.Errorf("%v, %v", r, ok)
			return
		}
		cancelled <- r.ErrCode
		p.answer(id, "late")
		p.serve()
	}), limit(timeout))
	start := time.Now()
	got := do(t, c, call())[0]
	took := got.Ended.Sub(start)
	if got.Code != codes.DeadlineExceeded || got.Unsent || took < timeout {
		t.Errorf("%s %q after %v, unsent %v", got.Code, got.Message, took, got.Unsent)
	}
	t.Logf("ended after %v", took)
	if code := <-cancelled; code != http2.ErrCodeCancel {
		t.Error(code)
	}
	if got := do(t, c, got)[0]; got.Code != codes.OK || string(got.Response) != "ok" {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

// So does one that waits for its turn, for a window, or while the connection is
// busy with others.
func TestDeadlineOfWaiting(t *testing.T) {
	for name, setting := range map[string]http2.Setting{
		"in line":      {ID: http2.SettingMaxConcurrentStreams, Val: 0},
		"for a window": {ID: http2.SettingInitialWindowSize, Val: 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, scripted(t, func(p *peer) {
				for p.WritePing(false, [8]byte{}) == nil {
					if _, ok := next[*http2.PingFrame](p); !ok {
						return
					}
				}
			}, setting), limit(50*time.Millisecond))
			for range 3 {
				for _, got := range do(t, c, calls(5)...) {
					if got.Code != codes.DeadlineExceeded || got.Unsent {
						t.Errorf("%s %q, unsent %v", got.Code, got.Message, got.Unsent)
					}
				}
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.streams)+len(c.queue)+len(c.blocked) > 0 || len(c.free) > 5 {
				t.Errorf("left: %d streams, %d in line, %d blocked, %d free", len(c.streams), len(c.queue), len(c.blocked), len(c.free))
			}
		})
	}
}

// The server's clock for a call may end it before ours is looked at.
func TestServerCancelsLate(t *testing.T) {
	const timeout = 50 * time.Millisecond
	c := dial(t, scripted(t, func(p *peer) {
		id := p.request()
		<-time.After(timeout)
		p.must(p.WriteRSTStream(id, http2.ErrCodeCancel))
		p.linger()
	}), limit(timeout))
	etcdtest.OK(t, c.net.SetReadDeadline(time.Time{})) // no ticks
	if got := do(t, c, call())[0]; got.Code != codes.DeadlineExceeded {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

func TestNoDeadline(t *testing.T) {
	c := dial(t, scripted(t, (*peer).serve), limit(0))
	if got := do(t, c, call())[0]; got.Code != codes.OK {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

// A peer that has vanished answers no pings; one that is only slow does.
func TestPings(t *testing.T) {
	e := Engine{PingAfter: 100 * time.Millisecond, PingTimeout: 300 * time.Millisecond}
	target := benchmark.Target{Timeout: time.Minute, InFlight: 1}
	t.Run("vanished", func(t *testing.T) {
		target.Endpoint = scripted(t, (*peer).linger)
		c := dialWith(t, e, target)
		c.tick = 10 * time.Millisecond
		if got := do(t, c, call())[0]; got.Code != codes.Unavailable || got.Message != errSilent.Error() {
			t.Errorf("%s %q", got.Code, got.Message)
		}
		over(t, c)
	})
	t.Run("slow", func(t *testing.T) {
		var pings atomic.Int64
		target.Endpoint = scripted(t, func(p *peer) {
			id := p.request()
			for range 5 {
				f, ok := next[*http2.PingFrame](p)
				if !ok {
					return
				}
				pings.Add(1)
				p.must(p.WritePing(true, f.Data))
			}
			p.answer(id, "ok")
			p.linger()
		})
		c := dialWith(t, e, target)
		c.tick = 10 * time.Millisecond
		if got := do(t, c, call())[0]; got.Code != codes.OK || pings.Load() != 5 {
			t.Errorf("%s %q, %d pings", got.Code, got.Message, pings.Load())
		}
	})
}

// The peer's pings are answered while calls are in flight, too, if only with a
// tick.
func TestPeersPings(t *testing.T) {
	c := dial(t, scripted(t, func(p *peer) {
		id := p.request()
		for i := range byte(3) {
			data := [8]byte{i, 2, 3, 4, 5, 6, 7, 8}
			p.must(p.WritePing(false, data))
			if f, ok := next[*http2.PingFrame](p); !ok || !f.IsAck() || f.Data != data {
				t.Errorf("%v", f)
			}
		}
		p.answer(id, "ok")
		p.linger()
	}), nil)
	if got := do(t, c, call())[0]; got.Code != codes.OK {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

// Stream numbers end; the connection does, too, when its last call has.
func TestStreamNumbersEnd(t *testing.T) {
	c := dial(t, scripted(t, (*peer).serve), nil)
	c.next = lastStream - 2
	for _, got := range do(t, c, calls(3)...) {
		if ok := got.Slot < 2; (got.Code == codes.OK) != ok || got.Unsent == ok {
			t.Errorf("call %d: %s %q, unsent %v", got.Slot, got.Code, got.Message, got.Unsent)
		}
	}
	if err := over(t, c); !errors.Is(err, errExhausted) {
		t.Error(err)
	}
}

// Sender and receiver may be two goroutines, and Close a third's.
func TestConcurrentUse(t *testing.T) {
	c := dial(t, scripted(t, (*peer).serve), nil)
	const total = 5000
	free := make(chan *benchmark.Call, 32)
	for range cap(free) {
		free <- call()
	}
	go func() {
		for range total {
			c.Send(<-free)
			c.Flush()
		}
	}()
	var done []*benchmark.Call
	for n := 0; n < total; n += len(done) {
		var err error
		if done, err = c.Receive(done[:0]); err != nil {
			t.Fatal(err)
		}
		for _, got := range done {
			if got.Code != codes.OK {
				t.Fatalf("%s %q", got.Code, got.Message)
			}
			free <- got
		}
	}
}
