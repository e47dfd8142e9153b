package benchmark

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// watched writes keys whose values tell which operation wrote them, so that
// watchers know when it was due.
type watched struct {
	*simple
	at        int // of the number in the message
	measuring atomic.Bool
	base      atomic.Pointer[phase]
	recent    [recentWrites]struct {
		index, due atomic.Int64
	}
	received, overtaken atomic.Int64
}

// recentWrites is how far watchers may be behind before what they see cannot be
// told any more. It is a power of two.
const recentWrites = 1 << 16

// numberSize is what a value needs to tell its operation.
const numberSize = 8

// unmeasured marks the writes of a warm-up.
const unmeasured = uint64(1) << 63

func (w *maker) watched() *watched {
	s := w.writes()
	return &watched{simple: s, at: bytes.Index(s.one.bytes, w.value)}
}

func (w *watched) kinds() []kind {
	return []kind{{name: "write"}, {name: "delivery", aside: true}}
}

func (w *watched) begin(o *op) {
	w.simple.begin(o)
	number := uint64(o.index)
	if w.measuring.Load() {
		r := &w.recent[o.index%recentWrites]
		r.due.Store(o.due)
		r.index.Store(o.index + 1) // 0 is nothing
	} else {
		number |= unmeasured
	}
	binary.BigEndian.PutUint64(o.Request[w.at:], number)
}

// watchers receive what is written, each on a stream of its own.
type watchers struct {
	fleet  *fleet
	work   *watched
	conns  []*grpc.ClientConn
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// newWatchers returns when all streams watch all keys of the run.
func newWatchers(f *fleet, w *watched, k keyspace) (*watchers, error) {
	ctx, cancel := context.WithCancel(f.ctx)
	ws := &watchers{fleet: f, work: w, cancel: cancel}
	for i := range f.c.Watchers {
		if err := ws.add(ctx, i, k); err != nil {
			ws.close()
			return nil, fmt.Errorf("watch: %w", err)
		}
	}
	return ws, nil
}

func (ws *watchers) add(ctx context.Context, i int, k keyspace) error {
	endpoint, err := ws.fleet.server.target(ws.fleet.c.EndpointMode, i)
	if err != nil {
		return err
	}
	if i < ws.fleet.c.Connections {
		conn, err := ws.dial(endpoint)
		if err != nil {
			return fmt.Errorf("endpoint %s: %w", endpoint, err)
		}
		ws.conns = append(ws.conns, conn)
	}
	conn := ws.conns[i%len(ws.conns)]
	token, err := ws.fleet.login(ctx, endpoint)
	if err != nil {
		return err
	}
	if token != nil {
		ctx = metadata.AppendToOutgoingContext(ctx, "token", token())
	}
	stream, err := pb.NewWatchClient(conn).Watch(ctx)
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	err = stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{
		CreateRequest: &pb.WatchCreateRequest{Key: []byte(k.prefix), RangeEnd: k.end()},
	}})
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	answer, err := stream.Recv()
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	if answer.GetCanceled() {
		return fmt.Errorf("endpoint %s: refused: %s", endpoint, answer.GetCancelReason())
	}
	l := ws.fleet.links[i%len(ws.fleet.links)]
	ws.wg.Go(func() { ws.receive(ctx, stream, l, endpoint) })
	return nil
}

func (ws *watchers) dial(endpoint string) (*grpc.ClientConn, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	creds := insecure.NewCredentials()
	if c := ws.fleet.server.client.TLSConfig(endpoint); c != nil {
		creds = credentials.NewTLS(c)
	}
	return grpc.NewClient("passthrough:///"+u.Host, grpc.WithTransportCredentials(creds),
		grpc.WithDisableServiceConfig(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
}

// receive records when each write of the measurement arrives.
func (ws *watchers) receive(ctx context.Context, stream pb.Watch_WatchClient, l *link, endpoint string) {
	for {
		answer, err := stream.Recv()
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			ws.fleet.fail(fmt.Errorf("watch: endpoint %s: %w", endpoint, err))
			return
		case answer.GetCanceled():
			ws.fleet.fail(fmt.Errorf("watch: endpoint %s: cancelled: %s", endpoint, answer.GetCancelReason()))
			return
		}
		p := ws.work.base.Load()
		if p == nil {
			continue
		}
		r := ws.fleet.recorder(l, endpoint)
		r.mu.Lock()
		for _, e := range answer.GetEvents() {
			ws.work.deliver(r, p, e.GetKv().GetValue(), now)
		}
		r.mu.Unlock()
	}
}

// deliver records one event. The caller holds the recorder's lock.
func (w *watched) deliver(r *recorder, p *phase, value []byte, now time.Time) {
	if len(value) < numberSize {
		return
	}
	number := binary.BigEndian.Uint64(value)
	if number&unmeasured != 0 {
		return
	}
	w.received.Add(1)
	recent := &w.recent[number%recentWrites]
	if recent.index.Load() != int64(number)+1 {
		w.overtaken.Add(1)
		return
	}
	r.latency[1].add(time.Duration(p.since(now) - recent.due.Load()))
}

// drain waits until every write has reached every watcher, for so long.
func (ws *watchers) drain(written int64, limit time.Duration) (missing int64) {
	want := written * int64(ws.fleet.c.Watchers)
	for end := time.Now().Add(limit); ; pause(ws.fleet.ctx, 5*time.Millisecond) {
		missing = want - ws.work.received.Load()
		if missing <= 0 || time.Now().After(end) || ws.fleet.ended() {
			return max(0, missing)
		}
	}
}

func (ws *watchers) close() {
	ws.cancel()
	for _, c := range ws.conns {
		_ = c.Close()
	}
	ws.wg.Wait()
}
