package etcd

import (
	"context"
	"sync"
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

	// One that hears its leader and is not heard sees nothing wrong itself.
	l, a, _ = leaderOf(t, e)
	etcdtest.OK(t, e.CutOneWay(a, l, etcdtest.Blackhole))
	for range 2 {
		expect{
			"quorum": true, "voters": 3, "voters_up": 3, "voters_confirmed": 2, "tolerance": 0, "split_leaders": false,
			"confirmed " + name(a): false, "partition m0": false, "partition m1": false, "partition m2": false,
		}.check(t, "one way cut, the other way", judge(t, c))
	}
	e.Heal()
	eventuallyHealthy(t, c)
}

// TestLeaderIsolatedIsNoSplitBrain looks about every 50 ms while a leader is cut
// off, another one is elected and the first one returns. For a while two members
// say that they lead, in one and the same term. Some observers have the time of
// a usual scrape, and wait for the isolated member; the others have 1.2 s, so
// that looks begin all the time.
func TestLeaderIsolatedIsNoSplitBrain(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	l, _, _ := leaderOf(t, e)
	before := judge(t, watch(t, e.Endpoints())).Leader

	ctx, stop := context.WithTimeout(t.Context(), 14*time.Second)
	defer stop()
	verdicts := make(chan cluster.Verdict)
	var observers sync.WaitGroup
	for i := range 10 {
		c := watch(t, e.Endpoints())
		limit := 9 * time.Second
		if i > 1 {
			limit = 1200 * time.Millisecond
		}
		observers.Go(func() { observeEvery(ctx, c, 500*time.Millisecond, limit, verdicts) })
	}
	go func() { observers.Wait(); close(verdicts) }()
	etcdtest.OK(t, e.Isolate(l, etcdtest.Blackhole))
	heal := time.AfterFunc(8*time.Second, e.Heal)
	defer heal.Stop()

	looks, elected, doubled := 0, false, 0
	for v := range verdicts {
		looks++
		elected = elected || v.Leader.Leader != 0 && v.Leader != before
		if v.LeaderClaims.V > 1 {
			doubled++
		}
		expect{"split_leaders": false, "split_ids": false}.check(t, "leader isolated", v)
		if v.HasQuorum == cluster.Known(false) {
			t.Errorf("quorum 0 in a round of %v: an election is no lost quorum", v.Took)
		}
	}
	t.Logf("%d looks, %d of which saw two members that say they lead", looks, doubled)
	if looks < 100 || !elected {
		t.Errorf("%d looks, a new leader seen: %v: the test missed the election", looks, elected)
	}
	eventuallyHealthy(t, watch(t, e.Endpoints()))
}

// observeEvery observes at an interval until ctx ends, each time for at most
// limit.
func observeEvery(ctx context.Context, c *Client, interval, limit time.Duration, to chan<- cluster.Verdict) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var looks sync.WaitGroup
	defer looks.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			looks.Go(func() {
				look, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
				defer cancel()
				to <- cluster.Judge(c.Observe(look))
			})
		}
	}
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
