package etcdtest

import (
	"testing"
)

func TestMembership(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Learners: 1, Unstarted: 1})
	list, err := c.Client(t).MemberList(t.Context())
	OK(t, err)
	kinds := map[string]int{}
	for _, m := range list.Members {
		switch {
		case m.IsLearner:
			kinds["learner"]++
		case m.Name == "":
			kinds["unstarted"]++
			if m.ID != c.Unstarted()[0] {
				t.Errorf("the unstarted member is %x, want %x", m.ID, c.Unstarted()[0])
			}
		default:
			kinds["voter"]++
		}
	}
	if kinds["learner"] != 1 || kinds["unstarted"] != 1 || kinds["voter"] != 3 {
		t.Errorf("members are %v", kinds)
	}

	// The unstarted voter counts: three of four are the quorum.
	OK(t, c.Promote(t.Context(), 3))
	added, err := c.AddMember(t.Context())
	OK(t, err)
	OK(t, c.RemoveMember(t.Context(), added.Index()))
	Eventually(t, limit, "the removed member ends", func() bool { return !added.Running() })
	leader, follower := leaderAndFollower(t, c)
	OK(t, c.RemoveMember(t.Context(), follower))
	if now, err := c.Leader(t.Context()); now != leader {
		t.Errorf("leader is %d (%v), want %d as before", now, err, leader)
	}
}

func TestTwoLearners(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1, Learners: 2})
	for _, m := range c.Members()[1:] {
		if s, err := m.Status(t.Context()); err != nil || !s.IsLearner {
			t.Errorf("status of a learner: %v, %v", s, err)
		}
	}
}

func TestForceNewClusterMakesTwoLeaders(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Proxied: true})
	leader, follower := leaderAndFollower(t, c)
	OK(t, c.Isolate(follower, Cut))
	OK(t, c.Member(follower).RestartForceNewCluster(t.Context()))
	var clusters, leaders []uint64
	for _, i := range []int{leader, follower} {
		m := c.Member(i)
		OK(t, m.Read(t.Context()))
		s, err := m.Status(t.Context())
		OK(t, err)
		clusters, leaders = append(clusters, s.Header.ClusterId), append(leaders, s.Leader)
	}
	if clusters[0] != clusters[1] || leaders[0] == leaders[1] {
		t.Errorf("clusters %x, leaders %x; want one cluster with two leaders", clusters, leaders)
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1})
	OK(t, c.Put(t.Context(), 3, 10))
	if _, err := c.CloneDataDir(t.Context(), 0); err == nil {
		t.Fatal("a running member was cloned")
	}
	original := c.Member(0)
	OK(t, original.Kill())
	clone, err := c.CloneDataDir(t.Context(), 0)
	OK(t, err)
	OK(t, original.Restart(t.Context()))
	a, err := original.Status(t.Context())
	OK(t, err)
	b, err := clone.Status(t.Context())
	OK(t, err)
	if a.Header.MemberId != b.Header.MemberId || a.Header.ClusterId != b.Header.ClusterId {
		t.Errorf("original is %v, clone is %v; want the same IDs", a.Header, b.Header)
	}
	if clone.Endpoint() == original.Endpoint() || clone.DataDir() == original.DataDir() || len(c.Members()) != 1 {
		t.Errorf("the clone is at %s in %s", clone.Endpoint(), clone.DataDir())
	}
}

func TestNoSpace(t *testing.T) {
	t.Parallel()
	c := New(t, Options{QuotaBytes: 16 << 20})
	took(t, "NOSPACE on all", func() { OK(t, c.RaiseNoSpace(t.Context())) })
	if err := c.Put(t.Context(), 1, 1); err == nil {
		t.Error("a write succeeded without space")
	}
	OK(t, c.DisarmNoSpace(t.Context()))
	if err := (&Cluster{}).RaiseNoSpace(t.Context()); err == nil {
		t.Error("no error without a quota")
	}
}
