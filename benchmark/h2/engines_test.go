package h2

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// engines are ours and the one that it must not differ from.
func engines() []benchmark.Engine { return []benchmark.Engine{Engine{}, benchmark.GRPC()} }

// script is calls of all methods, good ones and bad ones, in an order in which
// the answers are the same each time on an empty prefix.
func script(t *testing.T, prefix string) []*benchmark.Call {
	t.Helper()
	all := []byte(prefix + "\xff")
	var calls []*benchmark.Call
	add := func(m benchmark.Method, request proto.Message) {
		calls = append(calls, &benchmark.Call{Slot: len(calls), Method: m, Request: encode(t, request)})
	}
	for _, key := range []string{"a", "b", "c"} {
		add(benchmark.Put, put(prefix+key, string(pattern(40000))))
	}
	add(benchmark.Put, &pb.PutRequest{Key: []byte(prefix + "a"), PrevKv: true})
	add(benchmark.Range, get(prefix+"b"))
	add(benchmark.Range, &pb.RangeRequest{Key: []byte(prefix), RangeEnd: all, Serializable: true})
	add(benchmark.Range, &pb.RangeRequest{Key: []byte(prefix), RangeEnd: all, CountOnly: true})
	add(benchmark.Range, get(prefix+"none"))
	add(benchmark.Txn, &pb.TxnRequest{
		Compare: []*pb.Compare{{Key: []byte(prefix + "b"), Target: pb.Compare_VERSION, TargetUnion: &pb.Compare_Version{Version: 1}}},
		Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestRange{RequestRange: get(prefix + "b")}}},
	})
	add(benchmark.DeleteRange, &pb.DeleteRangeRequest{Key: []byte(prefix), RangeEnd: all})
	add(benchmark.LeaseGrant, &pb.LeaseGrantRequest{ID: 4711, TTL: 600})
	add(benchmark.LeaseRevoke, &pb.LeaseRevokeRequest{ID: 4711})
	add(benchmark.LeaseRevoke, &pb.LeaseRevokeRequest{ID: 4711})                          // not found
	add(benchmark.Put, put("", "v"))                                                      // no key
	add(benchmark.Put, put(prefix+"large", string(pattern(3<<20))))                       // too large
	add(benchmark.Range, &pb.RangeRequest{Key: []byte("k"), Revision: 1 << 40})           // in the future
	add(benchmark.Txn, &pb.TxnRequest{Success: []*pb.RequestOp{{}}})                      // of nothing
	calls = append(calls, &benchmark.Call{Slot: len(calls), Request: []byte("\xff\xff")}) // no message
	return calls
}

// timeless takes out of an answer what differs from one time to the next.
func timeless(t *testing.T, c *benchmark.Call) string {
	t.Helper()
	if c.Code != codes.OK {
		return ""
	}
	answer := map[benchmark.Method]proto.Message{
		benchmark.Put: &pb.PutResponse{}, benchmark.Range: &pb.RangeResponse{}, benchmark.DeleteRange: &pb.DeleteRangeResponse{},
		benchmark.Txn: &pb.TxnResponse{}, benchmark.LeaseGrant: &pb.LeaseGrantResponse{}, benchmark.LeaseRevoke: &pb.LeaseRevokeResponse{},
	}[c.Method]
	etcdtest.OK(t, proto.Unmarshal(c.Response, answer))
	etcdtest.OK(t, protorange.Range(answer.ProtoReflect(), func(v protopath.Values) error {
		m, ok := v.Index(-1).Value.Interface().(protoreflect.Message)
		if !ok {
			return nil
		}
		for _, name := range []protoreflect.Name{"header", "create_revision", "mod_revision"} {
			if f := m.Descriptor().Fields().ByName(name); f != nil {
				m.Clear(f)
			}
		}
		return nil
	}))
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(answer)
	etcdtest.OK(t, err)
	return string(b)
}

// Both engines get the same answers to the same calls, and etcd counts as many.
func TestEnginesAgreeOnAnswers(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{Members: 1})
	var answers [2][]*benchmark.Call
	for i, e := range engines() {
		before := [2]float64{cl.Handled(t, "Put"), cl.Handled(t, "Range")}
		c, err := e.Dial(t.Context(), benchmark.Target{Endpoint: cl.Endpoints()[0], Timeout: 20 * time.Second, InFlight: 10})
		etcdtest.OK(t, err)
		for _, call := range script(t, "prefix/") {
			answers[i] = append(answers[i], do(t, c, call)...)
		}
		etcdtest.OK(t, c.Close())
		if puts := cl.Handled(t, "Put") - before[0]; puts != 5 { // two fail before etcd counts
			t.Errorf("%s: etcd counts %v puts", e.Name(), puts)
		}
		if ranges := cl.Handled(t, "Range") - before[1]; ranges != 5 {
			t.Errorf("%s: etcd counts %v ranges", e.Name(), ranges)
		}
	}
	for i, ours := range answers[0] {
		theirs := answers[1][i]
		if ours.Code != theirs.Code || ours.Message != theirs.Message || timeless(t, ours) != timeless(t, theirs) {
			t.Errorf("call %d: h2 got %s %q (%d bytes), grpc %s %q (%d bytes)", i,
				ours.Code, ours.Message, len(ours.Response), theirs.Code, theirs.Message, len(theirs.Response))
		}
	}
}

// pause answers each call when as many ms have passed as its key says.
func pause(ctx context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	select {
	case <-time.After(time.Duration(binary.BigEndian.Uint64(r.Key)) * time.Millisecond):
		return &pb.RangeResponse{}, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

// latencies makes calls at a fixed rate of a server that pauses, with a few slow
// calls among many, by each engine in turn: what disturbs one disturbs the other.
// It returns how long they took, counted from when each was due.
func latencies(t *testing.T, url string) (took [2][]time.Duration) {
	t.Helper()
	const (
		each     = 100
		interval = 8 * time.Millisecond
	)
	var conns [2]benchmark.Conn
	for i, e := range engines() {
		c, err := e.Dial(t.Context(), benchmark.Target{Endpoint: url, Timeout: 20 * time.Second, InFlight: each})
		etcdtest.OK(t, err)
		defer c.Close()
		conns[i] = c
	}
	start := time.Now()
	due := func(i int) time.Time { return start.Add(time.Duration(i) * interval) }
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 2 * each {
			pause := uint64(30)
			if i/2%10 == 0 {
				pause = 150
			}
			<-time.After(time.Until(due(i)))
			conns[i%2].Send(&benchmark.Call{Slot: i, Method: benchmark.Range, Request: encode(t, &pb.RangeRequest{Key: binary.BigEndian.AppendUint64(nil, pause)})})
			conns[i%2].Flush()
		}
	})
	for i := range conns {
		wg.Go(func() {
			for len(took[i]) < each {
				done, err := conns[i].Receive(nil)
				if err != nil {
					t.Error(err)
					return
				}
				for _, got := range done {
					if got.Code != codes.OK {
						t.Errorf("%s %q", got.Code, got.Message)
					}
					took[i] = append(took[i], got.Ended.Sub(due(got.Slot)))
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(took[0])
	slices.Sort(took[1])
	return took
}

// Both engines measure the same latencies where neither is busy. A machine that
// is busy with other things may disturb one of them, but not three times.
func TestEnginesAgreeOnLatency(t *testing.T) {
	_, url := grpcServer(t, pause)
	var differ []string
	for range 3 {
		differ = nil
		took := latencies(t, url)
		if t.Failed() {
			return
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.97} {
			at := int(q * float64(len(took[0])-1))
			ours, theirs := took[0][at], took[1][at]
			text := fmt.Sprintf("quantile %v: h2 %v, grpc %v", q, ours, theirs)
			t.Log(text)
			if math.Abs(float64(ours-theirs)) > 0.2*float64(max(ours, theirs)) {
				differ = append(differ, text)
			}
		}
		if differ == nil {
			return
		}
	}
	t.Errorf("%q", differ)
}
