package etcd

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// Kinds of probe, as they appear in the label op.
const (
	OpReadLinearizable = "read_linearizable"
	OpReadSerializable = "read_serializable"
	OpWrite            = "write"
)

// Ops lists the kinds of probe.
var Ops = []string{OpReadLinearizable, OpReadSerializable, OpWrite}

// ProbeSink takes the results of latency probes. It is called concurrently.
type ProbeSink interface {
	Sample(member cluster.ID, op string, at time.Time, took time.Duration)
	Fail(member cluster.ID, op string, reason cluster.Reason)
}

// ProbeOptions say how many latency samples to take.
type ProbeOptions struct {
	Interval time.Duration
	Samples  int // of each kind, per member and Interval
	Write    bool
	// Key is what the write probe writes, under a lease; the rest of etcd is
	// left alone.
	Key string
}

// inFlight says which kinds of probe are under way at an endpoint: one that
// waits is not joined by a queue of others.
type inFlight struct{ linearizable, serializable, write flight }

// flight is of one kind. The probes that would have been due while one waits
// count as it does if it fails: else a stall of ten seconds were a few failures
// beside hundreds of good seconds' samples.
type flight struct {
	busy    atomic.Bool
	skipped atomic.Int64
}

// Probe takes latency samples until ctx ends, spread evenly over the interval
// and over the members: samples taken at once would measure their own queue.
func (c *Client) Probe(ctx context.Context, o ProbeOptions, sink ProbeSink) {
	slot := o.Interval / time.Duration(o.Samples)
	w := &writer{c: c, key: o.Key}
	defer w.cleanUp()
	var flying sync.WaitGroup
	defer flying.Wait() // nothing is written any more when the key is taken away
	for turn := 0; ; turn++ {
		targets := c.targets()
		for i, e := range targets {
			c.probeReads(ctx, e, slot, &flying, sink)
			// A write costs the whole cluster a proposal, so the samples are
			// shared among the members: Samples per interval, not per member.
			if o.Write && i == turn%len(targets) {
				once(&flying, &e.flight.write, OpWrite, sink, func() (cluster.ID, bool) { return w.probe(ctx, e, sink) })
			}
			if !sleep(ctx, slot/time.Duration(len(targets))) {
				return
			}
		}
		if len(targets) == 0 && !sleep(ctx, slot) {
			return
		}
	}
}

// targets is one endpoint for each member that has ever answered.
func (c *Client) targets() []*endpoint {
	var out []*endpoint
	seen := map[cluster.Identity]bool{}
	for _, e := range c.current() {
		e.mu.Lock()
		id := e.last
		e.mu.Unlock()
		if id.Member == 0 || seen[id] {
			continue
		}
		seen[id] = true
		out = append(out, e)
	}
	return out
}

func (c *Client) probeReads(ctx context.Context, e *endpoint, slot time.Duration, flying *sync.WaitGroup, sink ProbeSink) {
	once(flying, &e.flight.serializable, OpReadSerializable, sink, func() (cluster.ID, bool) {
		return c.probeRead(ctx, e, OpReadSerializable, c.opts.LocalTimeout, sink)
	})
	e.mu.Lock()
	recent, learner := time.Since(e.lastRead) < slot, e.learner
	e.mu.Unlock()
	if recent || learner {
		return // the confirming read of a round was this slot's sample
	}
	once(flying, &e.flight.linearizable, OpReadLinearizable, sink, func() (cluster.ID, bool) {
		return c.probeRead(ctx, e, OpReadLinearizable, c.opts.LinearizableTimeout, sink)
	})
}

// once probes unless that is under way. do tells the member and whether it failed.
func once(flying *sync.WaitGroup, f *flight, op string, sink ProbeSink, do func() (cluster.ID, bool)) {
	if !f.busy.CompareAndSwap(false, true) {
		f.skipped.Add(1)
		return
	}
	flying.Go(func() {
		defer f.busy.Store(false)
		f.skipped.Store(0)
		if member, failed := do(); failed {
			for range f.skipped.Load() {
				sink.Fail(member, op, cluster.ReasonTimeout)
			}
		}
	})
}

func (c *Client) probeRead(ctx context.Context, e *endpoint, op string, timeout time.Duration, sink ProbeSink) (member cluster.ID, failed bool) {
	e.mu.Lock()
	member = e.last.Member
	e.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start, tries := time.Now(), 0
	read := func(ctx context.Context) error {
		if tries == 0 { // a login is no latency, an election is
			start = time.Now()
		}
		_, err := e.kv.Range(ctx, &pb.RangeRequest{
			Key: []byte(healthKey), CountOnly: true, Serializable: op == OpReadSerializable,
		})
		return err
	}
	err := e.call(ctx, read)
	for err != nil && strings.Contains(err.Error(), "leader changed") {
		if !sleep(ctx, 20*time.Millisecond) { // clients read again, too
			err = ctx.Err()
			break
		}
		tries++
		err = e.call(ctx, read)
	}
	if took := time.Since(start); err == nil || reasonOf(err) == cluster.ReasonDenied && op == OpReadLinearizable {
		sink.Sample(member, op, start, took)
		return member, false
	}
	return member, report(c.ctx, ctx, e, err, start, member, op, sink)
}

// report counts a failed probe, unless it failed because we stop.
func report(client, ctx context.Context, e *endpoint, err error, start time.Time, member cluster.ID, op string, sink ProbeSink) bool {
	if client.Err() != nil || ctx.Err() == context.Canceled {
		return false
	}
	sink.Fail(member, op, e.fail(err, start).Reason)
	return true
}

// writer is the write probe: one key, always the same, under a lease that takes
// it away when we are gone.
type writer struct {
	c       *Client
	key     string
	lease   atomic.Int64
	renewed atomic.Pointer[time.Time] // as the monotonic clock has it, which nobody sets; nil before the first
}

const leaseTTL = 60 * time.Second

func (w *writer) probe(ctx context.Context, e *endpoint, sink ProbeSink) (member cluster.ID, failed bool) {
	e.mu.Lock()
	member, learner := e.last.Member, e.learner
	e.mu.Unlock()
	if learner {
		return member, false
	}
	ctx, cancel := context.WithTimeout(ctx, w.c.opts.LinearizableTimeout)
	defer cancel()
	start := time.Now()
	err := w.renew(ctx, e)
	if err == nil {
		err = e.call(ctx, func(ctx context.Context) error {
			start = time.Now()
			_, err := e.kv.Put(ctx, &pb.PutRequest{
				Key: []byte(w.key), Value: []byte(start.UTC().Format(time.RFC3339Nano)), Lease: w.lease.Load(),
			})
			return err
		})
	}
	if err != nil {
		return member, report(w.c.ctx, ctx, e, err, start, member, OpWrite, sink)
	}
	sink.Sample(member, OpWrite, start, time.Since(start))
	return member, false
}

// renew takes a new lease at half the life of the old one. The next write moves
// the key to it, and the old one expires with nothing attached.
func (w *writer) renew(ctx context.Context, e *endpoint) error {
	if at := w.renewed.Load(); at != nil && time.Since(*at) < leaseTTL/2 {
		return nil
	}
	return e.call(ctx, func(ctx context.Context) error {
		resp, err := e.lease.LeaseGrant(ctx, &pb.LeaseGrantRequest{TTL: int64(leaseTTL.Seconds())})
		if err != nil {
			return err
		}
		w.lease.Store(resp.GetID())
		now := time.Now()
		w.renewed.Store(&now)
		return nil
	})
}

// cleanUp revokes the lease, which deletes the key. Where that fails the lease
// runs out by itself.
func (w *writer) cleanUp() {
	id := w.lease.Load()
	if id == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.c.ctx), w.c.opts.LocalTimeout)
	defer cancel()
	for _, e := range w.c.targets() {
		err := e.call(ctx, func(ctx context.Context) error {
			_, err := e.lease.LeaseRevoke(ctx, &pb.LeaseRevokeRequest{ID: id})
			return err
		})
		if err == nil {
			return
		}
	}
}
