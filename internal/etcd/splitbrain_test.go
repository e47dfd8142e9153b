package etcd

import (
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestTwoClustersInOneList: endpoints of two clusters under one name. The
// figures describe the one that most endpoints belong to.
func TestTwoClustersInOneList(t *testing.T) {
	t.Parallel()
	big := etcdtest.New(t, etcdtest.Options{})
	small := etcdtest.New(t, etcdtest.Options{Members: 1, Names: []string{"other"}})
	c := watch(t, append(small.Endpoints(), big.Endpoints()...))
	for range 3 {
		expect{
			"ids": 2, "split_ids": true, "split_leaders": false,
			"quorum": true, "voters": 3, "voters_confirmed": 3, "members": 3, "up other": nil,
		}.check(t, "two clusters", judge(t, c))
	}
	for _, m := range big.Members() {
		etcdtest.OK(t, m.Kill())
	}
	// What is left is no healthy cluster of one.
	expect{
		"ids": 2, "split_ids": true, "quorum": nil, "quorum_unknown": "no_answer", "members": 3, "up other": nil,
	}.check(t, "the larger one is dead", judge(t, c))
}

// TestForceNewCluster: a follower is cut off and started as a cluster of its
// own. Cluster ID and member names stay; both halves take writes for ever.
func TestForceNewCluster(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))
	_, a, _ := leaderOf(t, e)
	etcdtest.OK(t, e.Isolate(a, etcdtest.Cut))
	etcdtest.OK(t, e.Member(a).RestartForceNewCluster(t.Context()))
	for range 3 {
		expect{
			"ids": 1, "split_ids": false, "split_leaders": true, "quorum": true, "claims": 2,
		}.check(t, "two halves", judge(t, c))
	}
}

// TestClone: one data directory, started on two addresses. Both processes have
// the same cluster ID and the same member ID.
func TestClone(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	etcdtest.OK(t, e.Put(t.Context(), 10, 10))
	etcdtest.OK(t, e.Member(0).Stop(t.Context()))
	clone, err := e.CloneDataDir(t.Context(), 0)
	etcdtest.OK(t, err)
	// The original starts once more, so its term is another than the clone's.
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	etcdtest.OK(t, e.Member(0).Kill())
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	c := watch(t, []string{e.Member(0).ClientURL(), clone.ClientURL()})
	var v cluster.Verdict
	for range 3 {
		v = judge(t, c)
		expect{"ids": 1, "split_ids": false, "split_leaders": true, "members": 2, "claims": 2, "voters": 1}.
			check(t, "a clone in another term", v)
	}
	if v.Members[0].Label == v.Members[1].Label {
		t.Errorf("both claimants are called %s", v.Members[0].Label)
	}
}

// TestCloneInTheSameTerm: the twins agree on leader and term, and only their
// histories part: what one served is not in the other.
func TestCloneInTheSameTerm(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	etcdtest.OK(t, e.Member(0).Stop(t.Context()))
	clone, err := e.CloneDataDir(t.Context(), 0)
	etcdtest.OK(t, err)
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	endpoints := []string{e.Member(0).ClientURL(), clone.ClientURL()}
	c := watch(t, endpoints)
	expect{"members": 1, "split_leaders": false, "voters": 1}.check(t, "identical twins", judge(t, c))
	etcdtest.OK(t, e.Put(t.Context(), 5, 10)) // at one of them
	expect{"members": 2, "split_leaders": true, "split_ids": false}.check(t, "after a write", judge(t, c))
}

// TestDuplicateEndpoints are one member, however busy it is.
func TestDuplicateEndpoints(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	stop := e.Load(t, 4, 100)
	defer stop()
	c := watch(t, []string{e.Endpoints()[0], "http://localhost:" + port(e.Endpoints()[0])})
	for range 50 {
		expect{"members": 1, "voters": 1, "split_leaders": false, "claims": 1}.check(t, "one member twice", judge(t, c))
	}
}
