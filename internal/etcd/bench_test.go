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

// bill is what so many rounds of one kind cost.
type bill struct {
	rounds    int
	walls     []time.Duration
	own, etcd time.Duration // CPU of this process, and of all members'
}

// pay runs a batch of rounds and adds up what they cost. Kinds take turns, so
// that what else the machine does falls on all of them alike.
func (k *bill) pay(b *testing.B, e *etcdtest.Cluster, round func()) {
	const (
		batch = 25
		pause = 20 * ms // scrapes do not come back to back, caches are cold
	)
	etcd := e.CPU(b)
	own := ownCPU(b)
	for range batch {
		time.Sleep(pause)
		start := time.Now()
		round()
		k.walls = append(k.walls, time.Since(start))
	}
	k.own += ownCPU(b) - own
	k.etcd += e.CPU(b) - etcd
	k.rounds += batch
}

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	u, err := etcdtest.UsageOf(os.Getpid())
	etcdtest.OK(b, err)
	return u.CPU
}

// less takes off what would have been used without any rounds.
func (k *bill) less(idle *bill) {
	k.own = max(k.own-idle.own, 0)
	k.etcd = max(k.etcd-idle.etcd, 0)
}

// report gives the cost of a round, and in units of the least there is.
func (k *bill) report(b *testing.B, name string, floor *bill) {
	b.Helper()
	add := func(what string, of func(*bill) float64) {
		b.ReportMetric(of(k), name+what+"-us")
		if k != floor {
			b.ReportMetric(of(k)/of(floor), name+what+"/floor")
		}
	}
	add("", func(k *bill) float64 { return float64(median(k.walls).Microseconds()) })
	add("-cpu", func(k *bill) float64 { return float64(k.own.Microseconds()) / float64(k.rounds) })
	add("-etcd-cpu", func(k *bill) float64 { return float64(k.etcd.Microseconds()) / float64(k.rounds) })
}

// BenchmarkRound compares a round at three real members with the least that there
// is: one Status of each, in parallel, on warm connections.
func BenchmarkRound(b *testing.B) {
	e := etcdtest.New(b, etcdtest.Options{})
	c := watch(b, e.Endpoints())
	wantHealthy(b, c, 3)
	endpoints := c.current()
	var idle, bare, judged bill
	for b.Loop() {
		idle.pay(b, e, func() {})
		bare.pay(b, e, func() { statusOfAll(b, endpoints) })
		judged.pay(b, e, func() { judge(b, c) })
	}
	bare.less(&idle)
	judged.less(&idle)
	bare.report(b, "status", &bare)
	judged.report(b, "round", &bare)
	b.ReportMetric(0, "ns/op") // of a batch of each: it says nothing
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
