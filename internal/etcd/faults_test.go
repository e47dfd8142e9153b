package etcd

import (
	"context"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestProcessesKilledAndFrozen takes members away and gives them back. The one
// endpoint that is configured stays.
func TestProcessesKilledAndFrozen(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))
	l, a, b := leaderOf(t, e)
	name := func(i int) string { return e.Member(i).Name() }

	etcdtest.OK(t, e.Member(a).Kill())
	expect{
		"quorum": true, "voters": 3, "voters_up": 2, "voters_confirmed": 2, "tolerance": 0, "stale": false,
		"up " + name(a): false, "confirmed " + name(a): false, "partition " + name(a): nil, "split_leaders": false,
	}.check(t, "follower killed", judge(t, c))
	// The first round may have met the connection of before, just breaking.
	expect{"reason " + e.Member(a).ClientURL(): "refused"}.check(t, "follower killed, next round", judge(t, c))
	etcdtest.OK(t, e.Member(a).Restart(t.Context()))
	eventuallyHealthy(t, c)

	etcdtest.OK(t, e.Member(b).Freeze())
	v := judge(t, c)
	expect{
		"quorum": true, "voters_up": 2, "tolerance": 0, "up " + name(b): false, "partition " + name(b): nil,
		"reason " + e.Member(b).ClientURL(): "timeout", "split_leaders": false,
	}.check(t, "follower frozen", v)
	if v.Took > 3*time.Second {
		t.Errorf("a frozen follower cost the round %v, more than the deadline of Status", v.Took)
	}
	etcdtest.OK(t, e.Member(b).Thaw())
	eventuallyHealthy(t, c)

	etcdtest.OK(t, e.Member(l).Freeze())
	expect{
		"quorum": true, "leader": true, "voters_up": 2, "tolerance": 0, "up " + name(l): false, "split_leaders": false, "claims": 1,
	}.check(t, "leader frozen", judge(t, c))
	etcdtest.OK(t, e.Member(l).Thaw())
	for range 20 { // it still thinks it leads, and must not be believed
		expect{"quorum": true, "split_leaders": false, "partition " + name(a): false, "partition " + name(b): false}.
			check(t, "leader thawed", judge(t, c))
	}
	eventuallyHealthy(t, c)

	l, a, b = leaderOf(t, e)
	etcdtest.OK(t, e.Member(a).Freeze())
	etcdtest.OK(t, e.Member(b).Kill())
	expect{
		"cluster_up": true, "quorum": false, "leader": false, "voters": 3, "voters_up": 1, "voters_confirmed": 0,
		"tolerance": -2, "stale": true, "up " + name(l): true, "partition " + name(l): false,
		"split_ids": false, "split_leaders": false,
	}.check(t, "one frozen, one killed: first observation", judge(t, c))
}

// TestQuorumLostAtOnce: two of three killed must show in the first observation
// begun after the kill, while the survivor still says that it leads.
func TestQuorumLostAtOnce(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, e.Endpoints()[:1])
	healthy3().check(t, "healthy", judge(t, c))
	_, a, b := leaderOf(t, e)
	etcdtest.OK(t, e.Member(a).Kill())
	etcdtest.OK(t, e.Member(b).Kill())
	expect{"quorum": false, "leader": false, "voters": 3, "voters_up": 1, "tolerance": -2}.
		check(t, "two killed, the leader survives", judge(t, c))
	etcdtest.OK(t, e.Member(a).Launch())
	etcdtest.OK(t, e.Member(b).Launch())
	eventuallyHealthy(t, c)
	for i := range 3 {
		etcdtest.OK(t, e.Member(i).Kill())
	}
	expect{
		"cluster_up": false, "quorum": nil, "quorum_unknown": "no_answer", "leader": nil, "voters": nil, "tolerance": nil,
		"claims": nil, "split_ids": nil, "split_leaders": nil, "up m0": false, "up m1": false, "up m2": false, "ids": 0,
	}.check(t, "everything stopped", judge(t, c))
	cold := watch(t, e.Endpoints())
	expect{"cluster_up": false, "quorum": nil, "quorum_unknown": "no_answer", "voters": nil, "members": 0}.
		check(t, "everything stopped, and never seen alive", judge(t, cold))
}

// TestQuorumLostWithTheListerInLittleTime: the member that was asked for the list
// is among the dead, and reads without a quorum take longer than the scrape waits.
func TestQuorumLostWithTheListerInLittleTime(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, e.Endpoints()[:1])
	healthy3().check(t, "healthy", judge(t, c))
	etcdtest.OK(t, e.Member(0).Kill())
	etcdtest.OK(t, e.Member(1).Kill())
	for _, when := range []string{"at once", "and in the next scrape"} {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		expect{"quorum": false, "voters": 3, "voters_up": 1, "tolerance": -2}.
			check(t, "the lister and another one killed, "+when, cluster.Judge(c.Observe(ctx)))
		cancel()
	}
}

// TestMembershipIsCountedFromTheList: learners do not vote, members that were
// never started do, and endpoints are not members.
func TestMembershipIsCountedFromTheList(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Learners: 1, Unstarted: 1})
	twice := append(e.Endpoints()[:3], "http://localhost:"+port(e.Endpoints()[0]))
	c := watch(t, twice)
	want := expect{
		"quorum": true, "voters": 4, "voters_up": 3, "voters_confirmed": 3, "learners": 1, "unstarted": 1, "tolerance": 0,
		"members": 5, "up m3": true, "confirmed m3": nil, "partition m3": nil, "split_leaders": false, "split_ids": false,
	}
	want.check(t, "a learner, an unstarted voter, and an endpoint twice", judge(t, c))

	// One of the three that run is one too many: the quorum of four is three.
	_, a, _ := leaderOf(t, e)
	etcdtest.OK(t, e.Member(a).Kill())
	expect{"quorum": false, "voters": 4, "voters_up": 2, "tolerance": -3}.check(t, "one killed", judge(t, c))

	learner := watch(t, e.Endpoints()[3:], func(o *Options) { o.Cluster.DiscoverMembers = false })
	expect{"cluster_up": true, "quorum": nil, "quorum_unknown": "learner_only", "leader": nil, "voters": nil}.
		check(t, "only the learner is asked", judge(t, learner))
}

func TestAlarmsWithoutQuorum(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{QuotaBytes: 2 << 20})
	c := watch(t, e.Endpoints())
	etcdtest.OK(t, e.RaiseNoSpace(t.Context()))
	raised := expect{"NOSPACE m0": true, "NOSPACE m1": true, "NOSPACE m2": true, "CORRUPT m0": false, "CORRUPT m2": false}
	v := judge(t, c)
	raised.check(t, "no space", v)
	expect{"quorum": true, "voters_confirmed": 3}.check(t, "no space", v)
	if q := v.Members[0].Status.Quota; q != cluster.Known(float64(2<<20)) {
		t.Errorf("quota %v, want 2 MiB", q)
	}
	_, a, b := leaderOf(t, e)
	etcdtest.OK(t, e.Member(a).Kill())
	etcdtest.OK(t, e.Member(b).Kill())
	v = judge(t, c)
	raised.check(t, "no space and no quorum", v)
	expect{"quorum": false}.check(t, "no space and no quorum", v)
}

func port(endpoint string) string { return endpoint[len(endpoint)-5:] }
