package etcd

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// announce starts an answer whose message says it is so long.
func announce(w http.ResponseWriter, length int, compressed byte) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Encoding", "gzip")
	_, _ = w.Write(binary.BigEndian.AppendUint32([]byte{compressed}, uint32(length)))
	w.(http.Flusher).Flush()
}

// bomb is what 40 MB of zeros shrink to.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.CopyN(z, zeros{}, 1<<20)
	etcdtest.OK(t, err)
	etcdtest.OK(t, z.Close())
	return bytes.Repeat(b.Bytes(), 40)
}

// crude are servers that are no member at all, and why they are none.
func crude(t *testing.T) map[string]struct {
	url    string
	reason cluster.Reason
} {
	t.Helper()
	bytesOf := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = io.WriteString(c, s)
			_, _ = io.Copy(io.Discard, c)
		}
	}
	goAway := string(fake.Preface) + string(fake.GoAway)
	shrunk := bomb(t)
	return map[string]struct {
		url    string
		reason cluster.Reason
	}{
		"HTTP/1": {fake.TCP(t, bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n")), cluster.ReasonInvalid},
		"a website": {fake.Handler(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>")
		}), cluster.ReasonOther},
		"accepts and closes": {fake.TCP(t, func(net.Conn) {}), cluster.ReasonUnreachable},
		"noise":              {fake.TCP(t, bytesOf(strings.Repeat("noise", 1<<18))), cluster.ReasonUnreachable},
		"sends away":         {fake.TCP(t, bytesOf(goAway)), cluster.ReasonUnreachable},
		"greets and closes":  {fake.TCP(t, func(c net.Conn) { _, _ = c.Write(fake.Preface) }), cluster.ReasonUnreachable},
		"300 MB": {fake.Handler(t, func(w http.ResponseWriter, _ *http.Request) {
			announce(w, 300<<20, 0)
			_, _ = io.CopyN(w, zeros{}, 300<<20)
		}), cluster.ReasonTooLarge},
		"40 MB compressed": {fake.Handler(t, func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(shrunk), 1)
			_, _ = w.Write(shrunk)
		}), cluster.ReasonTooLarge},
		"an error text of 1 MB": {fake.Handler(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Grpc-Status", "13")
			w.Header().Set("Grpc-Message", strings.Repeat("x", 1<<20))
		}), cluster.ReasonUnreachable},
	}
}

// watchWith watches two members that are in order and, before them, whatever
// is at the address.
func watchWith(t *testing.T, f *fake.Cluster, url string) *Client {
	t.Helper()
	return watch(t, append([]string{url}, f.Endpoints()[1:]...), func(o *Options) { o.Cluster.DiscoverMembers = false })
}

// What is no member costs nobody else anything, and us little.
func TestServerThatIsNoMember(t *testing.T) {
	for name, test := range crude(t) {
		t.Run(name, func(t *testing.T) {
			f := fake.New(t, 3)
			c := watchWith(t, f, test.url)
			within(t, func() {
				for range 3 {
					v := judge(t, c)
					spared(t, f, v)
					if got := reasons(v)[test.url]; got != test.reason {
						t.Errorf("it failed because of %q, want %q: %+v", got, test.reason, v.Failed)
					}
				}
			})
		})
	}
}

// An answer that cannot be decoded, or is empty, is none.
func TestAnswersOfGarbage(t *testing.T) {
	for name, answer := range map[string]string{
		"garbage": "\xff\xff\xff\xff", "nothing": "", "a cut one": "\x0a\x10\x08\x01", "nested groups": strings.Repeat("\x0b", 1<<16),
	} {
		t.Run(name, func(t *testing.T) {
			f := fake.New(t, 3)
			f.Server(0).Tell(fake.Script{Bytes: func(string, []byte) []byte { return []byte(answer) }})
			v := judge(t, watch(t, f.Endpoints()))
			spared(t, f, v)
			if got := reasons(v)[f.Server(0).URL]; got != cluster.ReasonInvalid {
				t.Errorf("it failed because of %q: %+v", got, v.Failed)
			}
		})
	}
}

// Who stalls costs the round one deadline, not the sum of several, and the
// member list is asked for elsewhere.
func TestServerThatStalls(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		announce(w, 100, 0)
		for range 100 {
			_, _ = w.Write([]byte{0})
			w.(http.Flusher).Flush()
			if !sleep(r.Context(), time.Second) {
				return
			}
		}
	}
	for name, serve := range map[string]func(*testing.T, *fake.Server) string{
		"a message of a byte a second": func(t *testing.T, _ *fake.Server) string { return fake.Handler(t, drip) },
		"a connection of a byte a second": func(t *testing.T, s *fake.Server) string {
			etcdtest.OK(t, s.Wire(fake.Trickle))
			return s.URL
		},
		"accepts and hangs": func(t *testing.T, s *fake.Server) string {
			etcdtest.OK(t, s.Wire(fake.Hang))
			return s.URL
		},
		"greets and hangs": func(t *testing.T, s *fake.Server) string {
			s.Tell(fake.Script{Before: fake.Silent})
			return s.URL
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fake.New(t, 3)
			url := serve(t, f.Server(0))
			v := judge(t, watchWith(t, f, url))
			spared(t, f, v)
			if got := reasons(v)[url]; got != cluster.ReasonTimeout || v.Took > linearizableTimeout || v.Voters != cluster.Known(3) {
				t.Errorf("it failed because of %q after %v, voters %v", got, v.Took, v.Voters)
			}
		})
	}
}

// A server that sends every connection away, or breaks it, is not stormed:
// attempts are made for the calls of a round, and with growing pauses.
func TestUselessServerIsNotStormed(t *testing.T) {
	var connections atomic.Int64
	count := func(f func(net.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			connections.Add(1)
			f(c)
		}
	}
	for name, serve := range map[string]func(net.Conn){
		"resets":     func(c net.Conn) { etcdtest.OK(t, c.(*net.TCPConn).SetLinger(0)) },
		"greets":     func(c net.Conn) { _, _ = c.Write(fake.Preface) },
		"sends away": func(c net.Conn) { _, _ = c.Write(append(bytes.Clone(fake.Preface), fake.GoAway...)) },
		"sends away when asked": func(c net.Conn) {
			_, _ = c.Write(fake.Preface)
			if _, err := io.CopyN(io.Discard, c, 120); err == nil { // longer than what opens a connection
				_, _ = c.Write(fake.GoAway)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const rounds = 10
			connections.Store(0)
			f := fake.New(t, 3)
			c := watchWith(t, f, fake.TCP(t, count(serve)))
			for range rounds {
				spared(t, f, judge(t, c))
			}
			// Each round has Status, the read and the list; one in doubt asks again.
			if n := connections.Load(); n > 6*rounds {
				t.Errorf("%d connections in %d rounds", n, rounds)
			}
		})
	}
}
