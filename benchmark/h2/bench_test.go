package h2

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// The load of the figures: ten connections with ten calls in flight each, keys
// of 32 bytes and values of 256.
const (
	loadConns = 10
	inFlight  = 10
	keySize   = 32
	valueSize = 256
	loadKeys  = 1000
)

// cpu is what this process has used of processors, in the system too.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	etcdtest.OK(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// workload is a kind of call. Each call has the encoded message of the first
// with a key of its own written over it.
type workload struct {
	name   string
	method benchmark.Method
	first  interface {
		Reset()
	}
}

func key(i uint64) []byte {
	k := make([]byte, keySize)
	binary.BigEndian.PutUint64(k[keySize-8:], i)
	return k
}

// drive keeps calls in flight on the connections until n have ended.
func drive(tb testing.TB, e benchmark.Engine, target benchmark.Target, n int, m benchmark.Method, template []byte) {
	tb.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range loadConns {
		c, err := e.Dial(tb.Context(), target)
		etcdtest.OK(tb, err)
		defer c.Close()
		wg.Go(func() { driveOne(tb, c, &left, m, template) })
	}
	wg.Wait()
}

func driveOne(tb testing.TB, c benchmark.Conn, left *atomic.Int64, m benchmark.Method, template []byte) {
	done := make([]*benchmark.Call, 0, inFlight)
	for i := range inFlight {
		done = append(done, &benchmark.Call{Slot: i, Method: m, Request: append([]byte(nil), template...)})
	}
	const keyAt = 2 // tag and length come first
	running := 0
	for {
		for _, call := range done {
			if call.Code != codes.OK {
				tb.Errorf("%s: %s", call.Code, call.Message)
				return
			}
			if left.Add(-1) < 0 {
				continue
			}
			binary.BigEndian.PutUint64(call.Request[keyAt+keySize-8:], rand.Uint64N(loadKeys))
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
		running -= len(done)
	}
}

func BenchmarkCPU(b *testing.B) {
	cl := etcdtest.New(b, etcdtest.Options{Members: 1})
	target := benchmark.Target{Endpoint: cl.Endpoints()[0], Timeout: 5 * time.Second, InFlight: inFlight}
	value := make([]byte, valueSize)
	for _, w := range []struct {
		name string
		m    benchmark.Method
		req  []byte
	}{
		{"put", benchmark.Put, encode(b, &pb.PutRequest{Key: key(1), Value: value})},
		{"range-l", benchmark.Range, encode(b, &pb.RangeRequest{Key: key(1)})},
		{"range-s", benchmark.Range, encode(b, &pb.RangeRequest{Key: key(1), Serializable: true})},
	} {
		b.Run(w.name, func(b *testing.B) {
			before := cpu(b)
			drive(b, Engine{}, target, b.N, w.m, w.req)
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
	_ = fmt.Sprint
}
