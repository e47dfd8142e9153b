//go:build unix

package h2

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// The load that figures are given for: ten connections with ten calls in flight
// each, keys of 32 bytes and values of 256.
const (
	loadConns = 10
	loadCalls = 10
	keySize   = 32
	keyAt     = 2 // in an encoded request: tag and length come first
	valueSize = 256
	keySpace  = 1000
)

// load is calls of one kind to one member.
type load struct {
	target  benchmark.Target
	method  benchmark.Method
	request []byte // of key 0; each call has a number of its own in the key
}

// cpu is what this process has used of processors, in the system too. Members
// are processes of their own.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	etcdtest.OK(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// run makes n calls and returns the CPU time that they took.
func (l load) run(tb testing.TB, e benchmark.Engine, n int) time.Duration {
	tb.Helper()
	var conns []benchmark.Conn
	for range loadConns {
		c, err := e.Dial(tb.Context(), l.target)
		etcdtest.OK(tb, err)
		defer c.Close()
		conns = append(conns, c)
	}
	before := cpu(tb)
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() { l.loop(tb, c, &left) })
	}
	wg.Wait()
	return cpu(tb) - before
}

// loop keeps calls in flight on a connection until none are left.
func (l load) loop(tb testing.TB, c benchmark.Conn, left *atomic.Int64) {
	var done []*benchmark.Call
	for range loadCalls {
		done = append(done, &benchmark.Call{Method: l.method, Request: slices.Clone(l.request)})
	}
	for running := 0; ; running -= len(done) {
		for _, call := range done {
			if call.Code != codes.OK {
				tb.Errorf("%s: %s", call.Code, call.Message)
				return
			}
			if left.Add(-1) < 0 {
				continue
			}
			binary.BigEndian.PutUint64(call.Request[keyAt+keySize-8:], rand.Uint64N(keySpace))
			c.Send(call)
			running++
		}
		c.Flush()
		if running == 0 {
			return
		}
		var err error
		if done, err = c.Receive(done[:0]); err != nil {
			tb.Error(err)
			return
		}
	}
}

// BenchmarkCPU is the client's CPU time per call, beside that of grpc-go in the
// same minutes on the same member.
func BenchmarkCPU(b *testing.B) {
	for name, o := range map[string]etcdtest.TLS{"plain": {}, "TLS": {Client: true}} {
		cl := etcdtest.New(b, etcdtest.Options{Members: 1, TLS: o})
		target := benchmark.Target{Endpoint: cl.Endpoints()[0], TLS: cl.TLSConfig(), Timeout: 5 * time.Second, InFlight: loadCalls}
		key, value := make([]byte, keySize), make([]byte, valueSize)
		for _, w := range []struct {
			name    string
			method  benchmark.Method
			request proto.Message
		}{
			{"put", benchmark.Put, &pb.PutRequest{Key: key, Value: value}},
			{"linearizable", benchmark.Range, &pb.RangeRequest{Key: key}},
			{"serializable", benchmark.Range, &pb.RangeRequest{Key: key, Serializable: true}},
		} {
			l := load{target, w.method, encode(b, w.request)}
			b.Run(name+"/"+w.name, func(b *testing.B) {
				const chunk = 10000 // calls by one engine before it is the other's turn
				var ours, theirs time.Duration
				for n := b.N; n > 0; n -= chunk {
					ours += l.run(b, Engine{}, min(n, chunk))
					theirs += l.run(b, benchmark.GRPC(), min(n, chunk))
				}
				b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "cpu-ns/call")
				b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "grpc-cpu-ns/call")
				b.ReportMetric(float64(ours)/float64(theirs), "of-grpc")
			})
		}
	}
}
