package h2

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// kv answers reads and writes with what a test gives it.
type kv struct {
	pb.UnimplementedKVServer
	get func(context.Context, *pb.RangeRequest) (*pb.RangeResponse, error)
}

func (s *kv) Range(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	return s.get(ctx, r)
}

// echoKV answers with the key as the value.
func echoKV(_ context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	return &pb.RangeResponse{Kvs: []*mvccpb.KeyValue{{Value: r.Key}}}, nil
}

// grpcServer serves with grpc-go and returns the server and its URL.
func grpcServer(t *testing.T, get func(context.Context, *pb.RangeRequest) (*pb.RangeResponse, error), o ...grpc.ServerOption) (*grpc.Server, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	s := grpc.NewServer(o...)
	pb.RegisterKVServer(s, &kv{get: get})
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(s.Stop)
	return s, "http://" + ln.Addr().String()
}

// reads are calls whose keys have n bytes.
func reads(t *testing.T, number, n int) []*benchmark.Call {
	t.Helper()
	all := make([]*benchmark.Call, number)
	for i := range all {
		all[i] = &benchmark.Call{Slot: i, Method: benchmark.Range, Request: encode(t, &pb.RangeRequest{Key: pattern(n + i)})}
	}
	return all
}

// expectEcho checks the answer of echoKV.
func expectEcho(t *testing.T, got *benchmark.Call) {
	t.Helper()
	var asked pb.RangeRequest
	var r pb.RangeResponse
	etcdtest.OK(t, proto.Unmarshal(got.Request, &asked))
	if err := proto.Unmarshal(got.Response, &r); got.Code != codes.OK || err != nil || len(r.Kvs) != 1 || !bytes.Equal(r.Kvs[0].Value, asked.Key) {
		t.Fatalf("call %d: %s %q, %d bytes back, %v", got.Slot, got.Code, got.Message, len(got.Response), err)
	}
}

// Whatever a grpc-go server is set to, calls of all sizes come through.
func TestGRPCServers(t *testing.T) {
	large := []grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20), grpc.MaxSendMsgSize(64 << 20)}
	for name, o := range map[string][]grpc.ServerOption{
		"defaults":        nil,
		"one stream":      {grpc.MaxConcurrentStreams(1)},
		"seven streams":   {grpc.MaxConcurrentStreams(7)},
		"static windows":  {grpc.StaticStreamWindowSize(64 << 10), grpc.StaticConnWindowSize(64 << 10)},
		"no buffers":      {grpc.WriteBufferSize(0), grpc.ReadBufferSize(0)},
		"no header table": {grpc.HeaderTableSize(0)},
		"small table":     {grpc.HeaderTableSize(60)},
		"workers":         {grpc.NumStreamWorkers(2)},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := grpcServer(t, echoKV, append(large, o...)...)
			c := dial(t, url, nil)
			for _, size := range []int{0, 100, 20000, 300000} {
				for range 3 {
					for _, got := range do(t, c, reads(t, 30, size)...) {
						expectEcho(t, got)
					}
				}
			}
			for _, got := range do(t, c, reads(t, 2, 8<<20)...) {
				expectEcho(t, got)
			}
		})
	}
}

// Codes and messages arrive as the server means them.
func TestGRPCCodes(t *testing.T) {
	_, url := grpcServer(t, func(_ context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
		return nil, status.Error(codes.Code(r.Limit), string(r.Key))
	})
	c := dial(t, url, nil)
	for _, text := range []string{"", "plain", "100% für ü\x00\n\r%41", strings.Repeat("long ", 2000), "日本語"} {
		for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
			r := encode(t, &pb.RangeRequest{Key: []byte(text), Limit: int64(code)})
			got := do(t, c, &benchmark.Call{Method: benchmark.Range, Request: r})[0]
			if got.Code != code || got.Message != text || got.Unsent {
				t.Errorf("%s %q, want %s %q", got.Code, got.Message, code, text)
			}
		}
	}
	got := do(t, c, &benchmark.Call{Method: benchmark.LeaseGrant})[0]
	if got.Code != codes.Unimplemented || !strings.Contains(got.Message, "etcdserverpb.Lease") {
		t.Errorf("%s %q", got.Code, got.Message)
	}
}

// The server sees the limit of the call, its token and what it is.
func TestGRPCMetadata(t *testing.T) {
	type seen struct {
		left  time.Duration
		token []string
	}
	got := make(chan seen, 10)
	_, url := grpcServer(t, func(ctx context.Context, _ *pb.RangeRequest) (*pb.RangeResponse, error) {
		deadline, _ := ctx.Deadline()
		md, _ := metadata.FromIncomingContext(ctx)
		got <- seen{time.Until(deadline), md.Get("token")}
		return &pb.RangeResponse{}, nil
	})
	var token atomic.Pointer[string]
	c := dial(t, url, func(target *benchmark.Target) {
		target.Timeout = 90 * time.Second
		target.Token = func() string { return *token.Load() }
	})
	for _, want := range []string{"", "one", "one", "one", "two", "", "one", "one"} {
		token.Store(&want)
		if done := do(t, c, reads(t, 1, 1)...)[0]; done.Code != codes.OK {
			t.Fatalf("%s %q", done.Code, done.Message)
		}
		s := <-got
		if s.left > 90*time.Second || s.left < 30*time.Second || strings.Join(s.token, ",") != want {
			t.Errorf("%v left, token %q, want %q", s.left, s.token, want)
		}
	}
}

// The server's own time limit ends calls in the same words as ours.
func TestGRPCDeadline(t *testing.T) {
	released := make(chan struct{}, 100)
	_, url := grpcServer(t, func(ctx context.Context, _ *pb.RangeRequest) (*pb.RangeResponse, error) {
		<-ctx.Done()
		released <- struct{}{}
		return nil, status.FromContextError(ctx.Err()).Err()
	})
	c := dial(t, url, limit(50*time.Millisecond))
	for range 5 {
		for _, got := range do(t, c, reads(t, 10, 1)...) {
			if got.Code != codes.DeadlineExceeded || got.Unsent {
				t.Errorf("%s %q", got.Code, got.Message)
			}
		}
	}
	for range 50 {
		<-released
	}
}

// A server that stops gracefully answers what it took.
func TestGRPCGracefulStop(t *testing.T) {
	var mu sync.Mutex
	taken, release := 0, make(chan struct{})
	s, url := grpcServer(t, func(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
		mu.Lock()
		taken++
		mu.Unlock()
		<-release
		return echoKV(ctx, r)
	})
	c := dial(t, url, nil)
	for _, call := range reads(t, 10, 1) {
		c.Send(call)
	}
	c.Flush()
	etcdtest.Eventually(t, 10*time.Second, "calls taken", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return taken == 10
	})
	go s.GracefulStop()
	received := make(chan []*benchmark.Call, 1)
	go func() { received <- receive(t, c, 10) }() // reads GOAWAY meanwhile
	etcdtest.Eventually(t, 10*time.Second, "the farewell", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.leaving != nil
	})
	close(release)
	for _, got := range <-received {
		expectEcho(t, got)
	}
	over(t, c)
}

// Connections that the server ends by age lose no call that it took, and tell of
// the others that they can be sent again.
func TestGRPCMaxAge(t *testing.T) {
	var handled atomic.Int64
	_, url := grpcServer(t, func(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
		handled.Add(1)
		return echoKV(ctx, r)
	}, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 100 * time.Millisecond}))
	var answered, unsent int64
	for rounds := 0; rounds < 3; {
		c, err := Engine{}.Dial(t.Context(), benchmark.Target{Endpoint: url, Timeout: 20 * time.Second, InFlight: 10})
		if err != nil {
			continue // aged before it was made, on a busy machine
		}
		rounds++
		done := reads(t, 10, 1)
		for left := false; ; {
			for _, call := range done {
				if !left {
					c.Send(call)
				}
			}
			c.Flush()
			if done, err = c.Receive(done[:0]); err != nil {
				break
			}
			for _, got := range done {
				switch {
				case got.Code == codes.OK:
					answered++
				case got.Code == codes.Unavailable && got.Unsent:
					unsent++
					left = true
				default:
					t.Fatalf("%s %q", got.Code, got.Message)
				}
			}
		}
		_ = c.Close()
	}
	if handled.Load() != answered || answered == 0 {
		t.Errorf("the server handled %d calls, %d were answered, %d not sent", handled.Load(), answered, unsent)
	}
}
