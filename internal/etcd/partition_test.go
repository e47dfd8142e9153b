package etcd

import (
	"context"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestPartitions cuts members off from each other, never from us.
func TestPartitions(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))

	_, a, b := leaderOf(t, e)
	name := func(i int) string { return e.Member(i).Name() }
	etcdtest.OK(t, e.Isolate(a, etcdtest.Blackhole))
	expect{
		"quorum": true, "leader": true, "voters_up": 3, "voters_confirmed": 2, "tolerance": 0, "split_leaders": false,
		"up " + name(a): true, "confirmed " + name(a): false, "partition " + name(a): true, "partition " + name(b): false,
	}.check(t, "follower isolated", judge(t, c))
	e.Heal()
	eventuallyHealthy(t, c)

	etcdtest.OK(t, e.Partition([][]int{{0}, {1}, {2}}, etcdtest.Blackhole))
	expect{
		"quorum": false, "leader": false, "voters": 3, "voters_up": 3, "voters_confirmed": 0, "tolerance": -2, "stale": true,
		"partition m0": true, "partition m1": true, "partition m2": true, "split_leaders": false,
	}.check(t, "1|1|1", judge(t, c))
	e.Heal()
	eventuallyHealthy(t, c)

	l, a, _ := leaderOf(t, e)
	etcdtest.OK(t, e.CutOneWay(l, a, etcdtest.Blackhole))
	etcdtest.Eventually(t, 20*time.Second, "a follower that hears nothing to be suspected", func() bool {
		v := judge(t, c)
		expect{"quorum": true, "split_leaders": false, "voters": 3}.check(t, "one way cut", v)
		return facts(v)["partition "+name(a)] == true
	})
	e.Heal()
	eventuallyHealthy(t, c)
}

// TestLeaderIsolatedIsNoSplitBrain looks every 50 ms while a leader is cut off,
// another one is elected and the first one returns. For a while two members say
// that they lead, in one and the same term.
func TestLeaderIsolatedIsNoSplitBrain(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))
	l, _, _ := leaderOf(t, e)

	ctx, stop := context.WithCancel(t.Context())
	verdicts := make(chan cluster.Verdict, 1000)
	go func() {
		defer close(verdicts)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		flights := make(chan struct{}, 100)
		for {
			select {
			case <-ctx.Done():
				for range cap(flights) {
					flights <- struct{}{}
				}
				return
			case <-tick.C:
				flights <- struct{}{}
				go func() {
					defer func() { <-flights }()
					scrape, cancel := context.WithTimeout(context.WithoutCancel(ctx), 9*time.Second)
					defer cancel()
					verdicts <- cluster.Judge(c.Observe(scrape))
				}()
			}
		}
	}()
	etcdtest.OK(t, e.Isolate(l, etcdtest.Blackhole))
	timeline := time.AfterFunc(8*time.Second, e.Heal)
	defer timeline.Stop()
	time.AfterFunc(14*time.Second, stop)
	looks, elected := 0, map[cluster.Claim]bool{}
	for v := range verdicts {
		looks++
		elected[v.Leader] = true
		expect{"split_leaders": false, "split_ids": false, "voters": 3}.check(t, "leader isolated", v)
		if v.HasQuorum == cluster.Known(false) {
			t.Errorf("quorum 0 at %v: an election is no lost quorum", v.Start)
		}
	}
	if looks < 100 || len(elected) < 2 {
		t.Errorf("%d looks saw %d leaderships: the test saw no election", looks, len(elected))
	}
	eventuallyHealthy(t, c)
}

// TestSlowPeers: 200 ms between the members is slow, and nothing is wrong.
func TestSlowPeers(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))
	etcdtest.OK(t, e.Delay(200*time.Millisecond))
	for range 10 {
		v := judge(t, c)
		expect{
			"quorum": true, "split_leaders": false, "voters_confirmed": 3, "voters_up": 3,
			"partition m0": false, "partition m1": false, "partition m2": false,
		}.check(t, "200 ms between peers", v)
	}
}
