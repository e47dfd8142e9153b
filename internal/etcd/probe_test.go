package etcd

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// probed is what a sample is of.
type probed struct {
	member cluster.ID
	op     string
}

// samples is a ProbeSink that keeps all.
type samples struct {
	mu     sync.Mutex // guards what follows
	at     map[probed][]time.Time
	failed map[probed][]cluster.Reason
}

func (s *samples) Sample(member cluster.ID, op string, at time.Time, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[probed][]time.Time{}
	}
	s.at[probed{member, op}] = append(s.at[probed{member, op}], at)
}

func (s *samples) Fail(member cluster.ID, op string, reason cluster.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = map[probed][]cluster.Reason{}
	}
	s.failed[probed{member, op}] = append(s.failed[probed{member, op}], reason)
}

func (s *samples) times(m *etcdtest.Member, op string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.at[probed{cluster.ID(m.ID()), op}])
}

func (s *samples) failures(m *etcdtest.Member, op string) []cluster.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failed[probed{cluster.ID(m.ID()), op}])
}

// total is how many samples of that kind there are, and how many failures of any.
func (s *samples) total(op string) (taken, failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, at := range s.at {
		if p.op == op {
			taken += len(at)
		}
	}
	for _, reasons := range s.failed {
		failed += len(reasons)
	}
	return taken, failed
}

// probe runs the probes of a client that has seen its members, until stop is
// called or the test ends.
func probe(t *testing.T, c *Client, o ProbeOptions) (s *samples, stop func()) {
	t.Helper()
	s = &samples{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { c.Probe(ctx, o, s) })
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return s, stop
}

// Ten samples in two seconds: a fifth of a second between those of one kind and
// member.
var often = ProbeOptions{Interval: 2 * time.Second, Samples: 10, Key: "/etcd-monitor/probe/test"}

const slot = 200 * ms

func TestProbes(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	t.Run("budget", func(t *testing.T) { probeBudget(t, e) })
	t.Run("beside scrapes", func(t *testing.T) { probesBesideScrapes(t, e) })
	t.Run("write", func(t *testing.T) { writeProbe(t, e) })
	t.Run("frozen", func(t *testing.T) { probeFrozen(t, e) })
	t.Run("without a quorum", func(t *testing.T) { probeWithoutQuorum(t, e) }) // leaves one member
}

// probeBudget: each member gets one read of each kind in each slot, no more, at
// a time of its own, and nothing is written.
func probeBudget(t *testing.T, e *etcdtest.Cluster) {
	const turns = 20
	c := watch(t, e.Endpoints())
	wantHealthy(t, c, 3)
	state := stateOf(t, e)
	handled, before := e.Handled(t, "Range"), c.Stats().RPCs
	began := time.Now()
	s, stop := probe(t, c, often)
	etcdtest.Eventually(t, startsWithin, "twenty samples of each kind and member", func() bool {
		for _, m := range e.Members() {
			for _, op := range Ops[:2] {
				// The first linearizable one may be that of the round above.
				if len(s.times(m, op)) < turns-1 {
					return false
				}
			}
		}
		return true
	})
	stop()
	took := time.Since(began)

	sent := c.Stats().RPCs
	serializable, failed := s.total(OpReadSerializable)
	linearizable, _ := s.total(OpReadLinearizable)
	if n := int(sent["KV/Range"] - before["KV/Range"]); n-serializable-linearizable > 1 || failed != 0 {
		t.Errorf("%d reads were sent for %d and %d samples, %d failed", n, serializable, linearizable, failed)
	}
	delete(sent, "KV/Range")
	delete(before, "KV/Range")
	if !maps.Equal(sent, before) {
		t.Errorf("probes called %v, before it was %v", sent, before)
	}
	// The reads after which etcd counts are done: one of each member is not
	// counted until it has counted itself.
	if n := int(e.Handled(t, "Range") - handled); n < serializable+linearizable || n > serializable+linearizable+1 {
		t.Errorf("etcd handled %d reads for %d and %d samples", n, serializable, linearizable)
	}
	for _, m := range e.Members() {
		for _, op := range Ops[:2] {
			at := s.times(m, op)
			if most := int(took/slot) + 1; len(at) > most {
				t.Errorf("%s: %d samples of %s in %v, want at most %d", m.Name(), len(at), op, took, most)
			}
			if gap := median(gaps(at)); gap < slot*9/10 {
				t.Errorf("%s: half of the samples of %s came within %v of each other", m.Name(), op, gap)
			}
		}
	}
	one, other := s.times(e.Member(0), OpReadSerializable), s.times(e.Member(1), OpReadSerializable)
	if d := median(distances(one, other)); d < slot/3/2 {
		t.Errorf("half of the samples of one member came within %v of one of another", d)
	}
	if after := stateOf(t, e); after != state {
		t.Errorf("probes that only read changed %+v to %+v", state, after)
	}
}

// state is what writing changes.
type state struct {
	committed float64
	revision  int64
	leases    int
}

func stateOf(t *testing.T, e *etcdtest.Cluster) state {
	t.Helper()
	root := e.Client(t)
	got, err := root.Get(t.Context(), "x")
	etcdtest.OK(t, err)
	leases, err := root.Leases(t.Context())
	etcdtest.OK(t, err)
	return state{e.Committed(t), got.Header.Revision, len(leases.Leases)}
}

func gaps(at []time.Time) []time.Duration {
	slices.SortFunc(at, time.Time.Compare)
	var between []time.Duration
	for i := range at[1:] {
		between = append(between, at[i+1].Sub(at[i]))
	}
	return between
}

// distances are how far each of one is from the nearest of the others.
func distances(one, others []time.Time) []time.Duration {
	var all []time.Duration
	for _, a := range one {
		nearest := time.Hour
		for _, b := range others {
			nearest = min(nearest, a.Sub(b).Abs())
		}
		all = append(all, nearest)
	}
	return all
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[len(d)/2]
}

// probesBesideScrapes: while rounds confirm every member more often than probes
// would, the linearizable probe has nothing to add. The serializable one has.
func probesBesideScrapes(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints())
	wantHealthy(t, c, 3)
	s, stop := probe(t, c, often)
	etcdtest.Eventually(t, startsWithin, "thirty serializable samples", func() bool {
		wantHealthy(t, c, 3)
		n, _ := s.total(OpReadSerializable)
		return n >= 30
	})
	stop()
	if n, _ := s.total(OpReadLinearizable); n > 5 {
		t.Errorf("%d linearizable samples beside rounds that take them", n)
	}
}

// writeProbe: the budget of writes is the cluster's, one key is written, under
// a lease, and neither stays.
func writeProbe(t *testing.T, e *etcdtest.Cluster) {
	const writes = 20
	root := e.Client(t)
	before := stateOf(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := root.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(before.revision+1))

	c := watch(t, e.Endpoints())
	wantHealthy(t, c, 3)
	began := time.Now()
	o := often
	o.Write = true
	s, stop := probe(t, c, o)
	etcdtest.Eventually(t, startsWithin, "twenty writes", func() bool {
		n, _ := s.total(OpWrite)
		return n >= writes
	})
	if leases := stateOf(t, e).leases; leases != before.leases+1 {
		t.Errorf("%d leases while it writes, %d before", leases, before.leases)
	}
	stop()
	taken, failed := s.total(OpWrite)
	if most := int(time.Since(began)/slot) + 1; taken > most || failed != 0 {
		t.Errorf("%d writes, want at most %d; %d probes failed", taken, most, failed)
	}
	for _, m := range e.Members() {
		if n := len(s.times(m, OpWrite)); n < taken/3-1 || n > taken/3+1 {
			t.Errorf("%d of %d writes went through %s", n, taken, m.Name())
		}
	}
	wantOneKey(t, events, taken)
	if after := stateOf(t, e); after.leases != before.leases {
		t.Errorf("it left %d leases", after.leases-before.leases)
	}
	rpcs := c.Stats().RPCs
	if rpcs["Lease/LeaseGrant"] != 1 || rpcs["Lease/LeaseRevoke"] != 1 || rpcs["KV/Put"] < uint64(taken) {
		t.Errorf("calls were %v", rpcs)
	}
}

// wantOneKey checks all that was written: the probe's key so many times, then
// its deletion.
func wantOneKey(t *testing.T, events clientv3.WatchChan, writes int) {
	t.Helper()
	puts := 0
	for {
		select {
		case resp, ok := <-events:
			if !ok || resp.Err() != nil {
				t.Fatalf("watch: %v", resp.Err())
			}
			for _, ev := range resp.Events {
				if string(ev.Kv.Key) != often.Key || ev.IsCreate() && ev.Kv.Lease == 0 {
					t.Errorf("%s of %q under lease %d", ev.Type, ev.Kv.Key, ev.Kv.Lease)
				}
				if ev.Type == clientv3.EventTypePut {
					puts++
					continue
				}
				if puts < writes || puts > writes+1 { // the last may have been given up
					t.Errorf("%d writes for %d samples", puts, writes)
				}
				return
			}
		case <-time.After(startsWithin):
			t.Fatal("the key is not deleted")
		}
	}
}

// probeFrozen: a member that hangs costs the others no sample and no delay, and
// its own probes say why they fail. It gets no queue of calls.
func probeFrozen(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints(), func(o *Options) { o.LocalTimeout, o.LinearizableTimeout = time.Second, time.Second })
	wantHealthy(t, c, 3)
	frozen, other := e.Member(1), e.Member(2)
	etcdtest.OK(t, frozen.Freeze())
	sent := c.Stats().RPCs["KV/Range"]
	s, stop := probe(t, c, often)
	etcdtest.Eventually(t, startsWithin, "failures of both kinds", func() bool {
		return len(s.failures(frozen, OpReadSerializable)) >= 12 && len(s.failures(frozen, OpReadLinearizable)) >= 12
	})
	stop()
	etcdtest.OK(t, frozen.Thaw())
	for _, op := range Ops[:2] {
		for _, reason := range s.failures(frozen, op) {
			if reason != cluster.ReasonTimeout {
				t.Errorf("%s of the frozen member failed because of %s", op, reason)
			}
		}
		if n := len(s.times(frozen, op)); n != 0 {
			t.Errorf("%d samples of %s of a member that answers nothing", n, op)
		}
		at := s.times(other, op)
		if gap := median(gaps(at)); gap > 2*slot || len(at) < 6 {
			t.Errorf("the others got %d samples of %s, half of them %v or more apart", len(at), op, gap)
		}
	}
	taken, failed := 0, 0
	for _, op := range Ops[:2] {
		n, f := s.total(op)
		taken, failed = taken+n, f
	}
	// Of each kind one call may have been under way at the end.
	if n := int(c.Stats().RPCs["KV/Range"] - sent); n > taken+failed+6 {
		t.Errorf("%d calls for %d samples and %d failures", n, taken, failed)
	}
	eventuallyHealthy(t, c)
}

// probeWithoutQuorum: who survives still serves from its own data, and only
// that. Ending the probes ends the calls that wait for a quorum.
func probeWithoutQuorum(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints()[:1])
	wantHealthy(t, c, 3)
	survivor := e.Member(0)
	for _, m := range e.Members()[1:] {
		etcdtest.OK(t, m.Kill())
	}
	s, stop := probe(t, c, often)
	etcdtest.Eventually(t, startsWithin, "samples and failures", func() bool {
		return len(s.times(survivor, OpReadSerializable)) >= 10 && len(s.failures(survivor, OpReadLinearizable)) >= 1 &&
			len(s.failures(e.Member(1), OpReadSerializable)) >= 1
	})
	if n := len(s.times(survivor, OpReadLinearizable)); n != 0 {
		t.Errorf("%d linearizable samples without a quorum", n)
	}
	if got := s.failures(e.Member(1), OpReadSerializable)[0]; got != cluster.ReasonRefused {
		t.Errorf("the probe of a killed member failed because of %s", got)
	}
	ended := time.Now()
	stop()
	if took := time.Since(ended); took > localTimeout {
		t.Errorf("the probes took %v to end", took)
	}
	_, failed := s.total("")
	sent := c.Stats().RPCs
	judge(t, c) // time passes, in which probes would be due
	if _, now := s.total(""); now != failed {
		t.Errorf("%d failures after the end", now-failed)
	}
	if more := c.Stats().RPCs["KV/Range"] - sent["KV/Range"]; more > 5 {
		t.Errorf("%d reads after the end, of one round", more)
	}
}
