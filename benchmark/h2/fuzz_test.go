package h2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// tape is a connection on which the peer says what is on the tape, in pieces of
// the given size, and hears everything.
type tape struct {
	net.Conn
	said  []byte
	piece int
}

func (t *tape) Read(p []byte) (int, error) {
	if len(t.said) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.said[:min(t.piece, len(t.said))])
	t.said = t.said[n:]
	return n, nil
}

func (t *tape) Write(p []byte) (int, error)     { return len(p), nil }
func (t *tape) Close() error                    { return nil }
func (t *tape) SetReadDeadline(time.Time) error { return nil }

// taped is a connection with a tape and three calls in flight: one that has been
// sent, one that waits for a window and one that waits in line.
func taped(said []byte, piece int) *conn {
	raw := &tape{said: said, piece: piece}
	u := &url.URL{Scheme: "http", Host: "localhost:2379"}
	c := newConn(newSocket(raw), u, benchmark.Target{Timeout: time.Minute, InFlight: 3}, Engine{})
	c.greeted, c.peer.maxStreams = true, 2
	for i, call := range calls(3) {
		if i == 1 {
			call.Request = pattern(70000)
		}
		c.Send(call)
	}
	c.Flush()
	return c
}

// recorded is what a peer says with the function.
func recorded(t testing.TB, say func(*peer, uint32)) []byte {
	p := &peer{t: t}
	p.enc = hpack.NewEncoder(&p.buf)
	return recordedBy(p, func() { say(p, 1) })
}

// recordedBy is what the peer says next.
func recordedBy(p *peer, say func()) []byte {
	var b bytes.Buffer
	p.Framer = http2.NewFramer(&b, nil)
	p.AllowIllegalWrites = true
	say()
	return b.Bytes()
}

// bad is the first whole frame that x/net finds to be an error of the connection.
func bad(said []byte) error {
	rest := bytes.NewReader(said)
	f := http2.NewFramer(io.Discard, rest)
	f.SetMaxReadFrameSize(maxFrameSize)
	for {
		h, err := f.ReadFrameHeader()
		if errors.Is(err, http2.ErrFrameTooLarge) {
			return err
		}
		if rest.Len() < int(h.Length) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%v: %w", h, err)
		}
		_, err = f.ReadFrameForHeader(h)
		var conn http2.ConnectionError
		if errors.As(err, &conn) && h.Type != http2.FramePriorityUpdate { // an extension that we ignore
			return fmt.Errorf("%v: %w", h, err)
		}
	}
}

// Whatever a peer says: calls end once, memory holds no more than was said, and
// what x/net's framer does not let pass does not pass here.
func FuzzPeer(f *testing.F) {
	for _, a := range answers {
		f.Add(recorded(f, a.give), 1000)
	}
	for name, b := range breaches {
		if !strings.Contains(name, "headers ") { // some of those do not end
			f.Add(recorded(f, b.commit), 7)
		}
	}
	f.Add(recorded(f, func(p *peer, id uint32) {
		setting(http2.SettingMaxConcurrentStreams, 5)(p, id)
		setting(http2.SettingHeaderTableSize, 0)(p, id)
		p.must(p.WriteWindowUpdate(0, 1<<20))
		p.must(p.WriteWindowUpdate(3, 1<<20))
		p.must(p.WritePing(false, [8]byte{}))
		p.answer(5, "third")
		p.must(p.WriteGoAway(3, http2.ErrCodeNo, []byte("bye")))
		p.answer(3, "second")
		p.answer(1, "first")
	}), 1)
	f.Fuzz(func(t *testing.T, said []byte, piece int) {
		c := taped(said, max(1, piece%1500))
		ended, bytes := map[int]int{}, 0
		for {
			done, err := c.Receive(nil)
			if err != nil {
				break
			}
			for _, call := range done {
				ended[call.Slot]++
				bytes += len(call.Response)
				if call.Code == codes.OK && call.Message != "" {
					t.Errorf("OK with a message: %q", call.Message)
				}
			}
		}
		if len(ended) != 3 || ended[0]+ended[1]+ended[2] != 3 {
			t.Errorf("calls ended: %v", ended)
		}
		if bytes > len(said) || len(c.streams)+len(c.queue)+len(c.blocked) > 0 {
			t.Errorf("%d bytes of answers, left: %d streams, %d in line, %d blocked", bytes, len(c.streams), len(c.queue), len(c.blocked))
		}
		if errors.Is(c.err, errEnded) {
			if err := bad(said); err != nil {
				t.Errorf("passed: %v", err)
			}
		}
	})
}

// percentEncode is what gRPC says that senders do.
func percentEncode(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func FuzzStatus(f *testing.F) {
	f.Add("0", "", "200", "application/grpc", true)
	f.Add("5", "f%C3%BCr %", "", "", false)
	f.Add("-1", "%%%4", "404", "text/html", false)
	f.Add("4294967296", "%zz%00", "1", "", true)
	f.Fuzz(func(t *testing.T, code, text, status, contentType string, complete bool) {
		if got := percentDecode(percentEncode(text)); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
		if got := percentDecode(text); len(got) > len(text) || !strings.Contains(text, "%") && got != text {
			t.Errorf("%q is decoded to %q", text, got)
		}
		o := trailing(&headers{status: status, contentType: contentType, grpcStatus: code, grpcMessage: text}, complete)
		if o.code == codes.OK && (strings.Trim(code, "0") != "" || code == "" || !complete || o.message != "") {
			t.Errorf("status %q is taken for OK", code)
		}
	})
}

// A block that is kept leaves the peer's table as it is.
func FuzzOnlyIndexed(f *testing.F) {
	f.Add([]byte{0x83, 0x86, 0xbe, 0xbf})
	f.Add([]byte{0xff, 0x80, 0x00, 0x40, 0x01, 'a', 0x01, 'b'})
	f.Add([]byte{0x40, 0x01, 'a', 0x01, 'b'})
	f.Add([]byte{0x20})
	f.Fuzz(func(t *testing.T, block []byte) {
		if !onlyIndexed(block) {
			return
		}
		var b bytes.Buffer
		enc := hpack.NewEncoder(&b)
		for _, name := range []string{"one", "two", "three"} {
			_ = enc.WriteField(hpack.HeaderField{Name: name, Value: name})
		}
		dec := hpack.NewDecoder(4096, nil)
		if _, err := dec.DecodeFull(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		once, err := dec.DecodeFull(block)
		if err != nil {
			return
		}
		twice, err := dec.DecodeFull(block)
		if err != nil || fmt.Sprint(once) != fmt.Sprint(twice) {
			t.Errorf("first %v, then %v, %v", once, twice, err)
		}
		if last, err := dec.DecodeFull([]byte{0x80 | 62}); err != nil || last[0].Name != "three" {
			t.Errorf("the newest entry is %v, %v", last, err)
		}
	})
}
