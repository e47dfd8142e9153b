package etcd

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// BenchmarkRound compares a round at three real members with the least that there
// is: one Status of each, in parallel, on warm connections.
func BenchmarkRound(b *testing.B) {
	const n, pause = 25, 20 * ms
	e := etcdtest.New(b, etcdtest.Options{})
	c := watch(b, e.Endpoints())
	wantHealthy(b, c, 3)
	status := e.StatusRound(b)
	self := os.Getpid()
	idle, floor, round := e.Bill(self), e.Bill(self), e.Bill(self)
	for b.Loop() {
		idle.Pay(b, n, pause, func() {})
		floor.Pay(b, n, pause, status)
		round.Pay(b, n, pause, func() { judge(b, c) })
	}
	floor.Less(idle)
	round.Less(idle)
	floor.Report(b, "status", floor)
	round.Report(b, "round", floor)
	b.ReportMetric(0, "ns/op") // of all kinds together: it says nothing
}

// statusOfAll is the floor.
func statusOfAll(b *testing.B, endpoints []*endpoint) {
	ctx, cancel := context.WithTimeout(b.Context(), localTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, e := range endpoints {
		wg.Go(func() {
			if _, err := e.maintenance.Status(ctx, &pb.StatusRequest{}); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
}

// BenchmarkRoundTrips counts a round at 102 members, each 20 ms away, in round
// trips: when nothing changed, when there is a new leader each time, and with one
// member that is slower than the rest, in units of what that one takes.
func BenchmarkRoundTrips(b *testing.B) {
	const rtt = 20 * ms
	f := fake.New(b, 102)
	for _, s := range f.Servers() {
		s.Tell(fake.Script{Delay: rtt})
	}
	c := watch(b, f.Endpoints())
	wantHealthy(b, c, 102)
	endpoints := c.current()
	timed := func(round func()) time.Duration {
		start := time.Now()
		round()
		return time.Since(start)
	}
	var bare, steady, changed, slow []time.Duration
	leader := 0
	for b.Loop() {
		bare = append(bare, timed(func() { statusOfAll(b, endpoints) }))
		steady = append(steady, timed(func() { judge(b, c) }))
		leader = (leader + 1) % 102
		f.Elect(leader)
		changed = append(changed, timed(func() {
			if v := judge(b, c); v.Leader.Leader != cluster.ID(f.Server(leader).ID) {
				b.Error(summary(v))
			}
		}))
		f.Server(7).Tell(fake.Script{Delay: 10 * rtt})
		slow = append(slow, timed(func() { judge(b, c) }))
		f.Server(7).Tell(fake.Script{Delay: rtt})
	}
	in := func(d []time.Duration, unit time.Duration) float64 { return float64(median(d)) / float64(unit) }
	b.ReportMetric(in(bare, rtt), "status-rtt")
	b.ReportMetric(in(steady, rtt), "steady-rtt")
	b.ReportMetric(in(changed, rtt), "changed-rtt")
	b.ReportMetric(in(slow, 10*rtt), "slow-member")
	b.ReportMetric(float64(slices.Min(steady))/float64(rtt), "steady-best-rtt")
	b.ReportMetric(float64(slices.Min(changed))/float64(rtt), "changed-best-rtt")
}

// BenchmarkInterval is what runs off the scrape path costs three real members and
// us, once: a digest of each, and a probe of each kind of each.
func BenchmarkInterval(b *testing.B) {
	const n, pause = 10, 50 * ms
	e := etcdtest.New(b, etcdtest.Options{})
	etcdtest.OK(b, e.Put(b.Context(), 20, 100))
	c := watch(b, e.Endpoints())
	wantHealthy(b, c, 3)
	status := e.StatusRound(b)
	self := os.Getpid()
	idle, floor, digests, probes := e.Bill(self), e.Bill(self), e.Bill(self), e.Bill(self)
	slots := make(chan struct{}, 8)
	for b.Loop() {
		idle.Pay(b, n, pause, func() {})
		floor.Pay(b, n, pause, status)
		digests.Pay(b, n, pause, func() { c.RefreshDigests(b.Context(), 0, slots) })
		probes.Pay(b, n, pause, func() { probeOnce(b, c) })
	}
	for _, d := range c.Digests() {
		if d.Failure != nil {
			b.Errorf("%s: %+v", d.URL, d.Failure)
		}
	}
	for _, k := range []*etcdtest.Bill{floor, digests, probes} {
		k.Less(idle)
	}
	floor.Report(b, "status", floor)
	digests.Report(b, "digests", floor)
	probes.Report(b, "probes", floor)
	b.ReportMetric(0, "ns/op") // of all kinds together: it says nothing
}

// probeOnce takes one sample of each kind of every member.
func probeOnce(b *testing.B, c *Client) {
	s := &samples{}
	var flying sync.WaitGroup
	for _, e := range c.targets() {
		c.probeReads(b.Context(), e, 0, &flying, s)
	}
	flying.Wait()
	if n, failed := s.total(OpReadLinearizable); n != 3 || failed != 0 {
		b.Errorf("%d linearizable samples, %d failures", n, failed)
	}
}
