package h2

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// connect is both ends of a TCP connection.
func connect(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	accepted := make(chan net.Conn)
	done := make(chan struct{})
	url := fake.TCP(t, func(c net.Conn) {
		accepted <- c
		<-done
	})
	t.Cleanup(func() { close(done) })
	ours, err := net.Dial("tcp", url[len("http://"):])
	etcdtest.OK(t, err)
	t.Cleanup(func() { _ = ours.Close() })
	return ours, <-accepted
}

// Write takes everything at once and in order, whether the peer reads or not,
// and on systems where one cannot write without waiting, too.
func TestSocket(t *testing.T) {
	for name, prepare := range map[string]func(*socket){
		"now": func(*socket) {}, "only by waiting": func(s *socket) { s.raw = nil },
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := connect(t)
			s := newSocket(ours)
			prepare(s)
			var drained atomic.Int64
			s.onDrained(func(error) { drained.Add(1) })
			want := pattern(30 << 20) // more than a system keeps
			soon(t, func() {
				for rest := want; len(rest) > 0; {
					n, err := s.Write(rest[:min(len(rest), 100001)])
					etcdtest.OK(t, err)
					rest = rest[n:]
				}
			})
			if s.backlog() == 0 {
				t.Error("no backlog")
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("the peer got something else: %v", err)
			}
			s.wait.Wait()
			if backlog := s.backlog(); backlog != 0 || drained.Load() == 0 {
				t.Errorf("afterwards a backlog of %d, drained %d times", backlog, drained.Load())
			}
		})
	}
}

// A broken socket fails writes, and tells who waits for the backlog.
func TestSocketBreaks(t *testing.T) {
	ours, theirs := connect(t)
	s := newSocket(ours)
	drained := make(chan error, 1)
	s.onDrained(func(err error) { drained <- err })
	_, err := s.Write(make([]byte, 30<<20))
	etcdtest.OK(t, err)
	etcdtest.OK(t, theirs.(*net.TCPConn).SetLinger(0))
	etcdtest.OK(t, theirs.Close())
	if err := <-drained; err == nil {
		t.Error("the backlog is gone, and the peer has not read it")
	}
	if _, err := s.Write([]byte{1}); err == nil {
		t.Error("a write to a broken socket succeeds")
	}
	etcdtest.OK(t, s.Close())
	s.wait.Wait()
	closed, _ := connect(t)
	s = newSocket(closed)
	etcdtest.OK(t, s.Close())
	if _, err := s.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// dribble hands out what it reads in small pieces.
type dribble struct{ net.Conn }

func (d dribble) Read(p []byte) (int, error) { return d.Conn.Read(p[:min(len(p), 3)]) }

// TLS works through records, whole is never a lie, and what came together is
// known to be there.
func TestRecords(t *testing.T) {
	cert := httptest.NewUnstartedServer(http.NotFoundHandler())
	cert.StartTLS()
	defer cert.Close()
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"as it comes": func(c net.Conn) net.Conn { return c },
		"in pieces":   func(c net.Conn) net.Conn { return dribble{c} },
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := connect(t)
			want := pattern(200000)
			written := make(chan struct{})
			some := written
			go func() {
				c := tls.Server(theirs, &tls.Config{Certificates: cert.TLS.Certificates})
				for rest := want; len(rest) > 0; {
					if some != nil && len(want)-len(rest) > 5000 {
						close(some)
						some = nil
					}
					n := min(len(rest), 1+len(rest)%700)
					if _, err := c.Write(rest[:n]); err != nil {
						t.Error(err)
						return
					}
					rest = rest[n:]
				}
			}()
			r := newRecords(newSocket(wrap(ours)))
			client := tls.Client(r, &tls.Config{InsecureSkipVerify: true})
			etcdtest.OK(t, client.Handshake())
			<-written
			var got []byte
			together := 0
			for buf := make([]byte, 5000); len(got) < len(want); {
				whole := r.whole()
				if whole {
					together++
					etcdtest.OK(t, client.SetReadDeadline(longAgo)) // what waits fails
				}
				n, err := client.Read(buf)
				if err != nil {
					t.Fatalf("whole: %v, %v", whole, err)
				}
				got = append(got, buf[:n]...)
				etcdtest.OK(t, client.SetReadDeadline(time.Time{}))
			}
			if !bytes.Equal(got, want) {
				t.Error("something else arrived")
			}
			if name == "as it comes" && together == 0 {
				t.Error("no two records ever came together")
			}
		})
	}
}
