package h2

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

// dial connects to the endpoint with what change makes of a target for tests,
// and expects that nothing of the connection is left at the end of the test.
func dial(t testing.TB, endpoint string, change func(*benchmark.Target)) *conn {
	t.Helper()
	target := benchmark.Target{Endpoint: endpoint, Timeout: 20 * time.Second, InFlight: 64}
	if change != nil {
		change(&target)
	}
	return dialWith(t, Engine{}, target)
}

func dialWith(t testing.TB, e Engine, target benchmark.Target) *conn {
	t.Helper()
	c, err := e.Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		noneLeft(t)
	})
	return c.(*conn)
}

// noneLeft waits until no goroutine is inside this package, but for the tests.
func noneLeft(t testing.TB) {
	t.Helper()
	var left string
	for range 100 {
		left = ""
		buf := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "h2.(*socket)") || strings.Contains(g, "h2.(*conn)") {
				left += g + "\n\n"
			}
		}
		if left == "" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", left)
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	etcdtest.OK(t, err)
	return b
}

// do makes calls, all at once, and returns them when all have ended.
func do(t testing.TB, c benchmark.Conn, calls ...*benchmark.Call) []*benchmark.Call {
	t.Helper()
	for _, call := range calls {
		c.Send(call)
	}
	c.Flush()
	return receive(t, c, len(calls))
}

// receive waits for that many calls.
func receive(t testing.TB, c benchmark.Conn, n int) []*benchmark.Call {
	t.Helper()
	var done []*benchmark.Call
	for len(done) < n {
		var err error
		if done, err = c.Receive(done); err != nil {
			t.Fatalf("received %d of %d calls: %v", len(done), n, err)
		}
	}
	if len(done) > n {
		t.Fatalf("received %d calls, sent %d", len(done), n)
	}
	return done
}

// okay makes a call that must succeed, and decodes its answer into out.
func okay(t testing.TB, c benchmark.Conn, m benchmark.Method, request, out proto.Message) {
	t.Helper()
	call := do(t, c, &benchmark.Call{Method: m, Request: encode(t, request)})[0]
	if call.Code != codes.OK {
		t.Fatalf("%s: %s: %s", m.Path(), call.Code, call.Message)
	}
	etcdtest.OK(t, proto.Unmarshal(call.Response, out))
}

func put(key, value string) *pb.PutRequest {
	return &pb.PutRequest{Key: []byte(key), Value: []byte(value)}
}

func get(key string) *pb.RangeRequest { return &pb.RangeRequest{Key: []byte(key)} }
