package etcdtest

import (
	"errors"
	"testing"
	"time"
)

// limit is far above what etcd takes for what is awaited here: an election of
// one to two seconds, or a dialling pause after a fault.
const limit = time.Minute

func TestIsolatedFollowerLosesItsLeader(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Proxied: true})
	for _, f := range []Fault{Cut, Blackhole} {
		leader, follower := leaderAndFollower(t, c)
		m := c.Member(follower)
		OK(t, c.Isolate(follower, f))
		took(t, "no leader", func() {
			Eventually(t, limit, "the isolated follower sees no leader", func() bool {
				return leaderless(t.Context(), m)
			})
		})
		if m.Read(t.Context()) == nil {
			t.Error("the isolated follower served a read that needs a quorum")
		}
		if now, err := c.Leader(t.Context()); now != leader {
			t.Errorf("leader is %d (%v), want %d as before", now, err, leader)
		}
		c.Heal()
		took(t, "healed", func() {
			Eventually(t, limit, "the follower is back", func() bool { return follows(t.Context(), m) })
		})
	}
}

func TestIsolatedLeaderIsReplaced(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Proxied: true})
	for _, f := range []Fault{Cut, Blackhole} {
		old, _ := leaderAndFollower(t, c)
		OK(t, c.Isolate(old, f))
		took(t, "another leader", func() {
			Eventually(t, limit, "another member leads", func() bool {
				now, err := c.Leader(t.Context())
				return err == nil && now != old
			})
		})
		c.Heal()
		took(t, "healed", func() {
			Eventually(t, limit, "the old leader follows", func() bool { return follows(t.Context(), c.Member(old)) })
		})
	}
}

func TestPartitionIntoThree(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Proxied: true, TLS: TLS{Peer: true}})
	OK(t, c.Partition([][]int{{0}, {1}, {2}}, Cut))
	for _, m := range c.Members() {
		Eventually(t, limit, m.Name()+" sees no leader", func() bool { return leaderless(t.Context(), m) })
	}
	if _, err := c.Leader(t.Context()); !errors.Is(err, ErrNoLeader) {
		t.Errorf("error is %v, want %v", err, ErrNoLeader)
	}
	c.Heal()
	for _, m := range c.Members() {
		Eventually(t, limit, m.Name()+" is back", func() bool { return follows(t.Context(), m) })
	}
}

func TestOneWayCut(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := New(t, Options{Proxied: true, TLS: TLS{Peer: secure}})
			leader, follower := leaderAndFollower(t, c)
			m := c.Member(follower)
			OK(t, c.CutOneWay(leader, follower, Cut))
			Eventually(t, limit, "the follower loses its leader", func() bool { return leaderless(t.Context(), m) })
			if now, err := c.Leader(t.Context()); now != leader {
				t.Errorf("leader is %d (%v), want %d as before", now, err, leader)
			}
			c.Heal()
			Eventually(t, limit, "the follower is back", func() bool { return follows(t.Context(), m) })

			// The other way the follower hears its leader and is not heard.
			OK(t, c.CutOneWay(follower, leader, Blackhole))
			Eventually(t, limit, "reads through the follower fail", func() bool { return m.Read(t.Context()) != nil })
			if s, err := m.Status(t.Context()); err != nil || s.Leader != c.Member(leader).ID() {
				t.Errorf("the follower says %v, %v; want the leader that it hears", s, err)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Proxied: true})
	leader, follower := leaderAndFollower(t, c)
	OK(t, c.Delay(200*time.Millisecond))
	for range 3 {
		start := time.Now()
		OK(t, c.Member(follower).Read(t.Context()))
		// To the leader and back, and the leader's own round of heartbeats.
		if d := time.Since(start); d < 600*time.Millisecond {
			t.Errorf("a read through a follower took %v", d)
		}
	}
	if now, err := c.Leader(t.Context()); now != leader {
		t.Errorf("leader is %d (%v), want %d as before", now, err, leader)
	}
	c.Heal()
	Eventually(t, limit, "reads are fast again", func() bool {
		start := time.Now()
		return c.Member(follower).Read(t.Context()) == nil && time.Since(start) < 200*time.Millisecond
	})
}

func TestClientFaults(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1, ClientProxied: true})
	cl := c.Client(t)
	get := func() (time.Duration, error) {
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		start := time.Now()
		_, err := cl.Get(ctx, "k")
		return time.Since(start), err
	}
	works := func() bool { _, err := get(); return err == nil }
	Eventually(t, limit, "a client reads", works)

	for name, breakIt := range map[string]func(int) error{"cut": c.CutClient, "blackhole": c.BlackholeClient} {
		OK(t, breakIt(0))
		if d, err := get(); err == nil {
			t.Errorf("%s: a read succeeded", name)
		} else if name == "blackhole" && d < 900*time.Millisecond {
			t.Errorf("blackhole: a read failed after %v: %v", d, err)
		}
		OK(t, c.Member(0).Read(t.Context())) // past the proxy
		OK(t, c.HealClient(0))
		Eventually(t, limit, "a client reads after "+name, works)
	}

	OK(t, c.DelayClient(0, 100*time.Millisecond))
	if d, err := get(); err != nil || d < 200*time.Millisecond {
		t.Errorf("a read with 100 ms of delay each way took %v, %v", d, err)
	}
	OK(t, c.HealClient(0))
	if d, err := get(); err != nil || d > 90*time.Millisecond {
		t.Errorf("a read after healing took %v, %v", d, err)
	}
}

func TestFaultsNeedProxies(t *testing.T) {
	t.Parallel()
	plain := &Cluster{net: newNetwork()}
	proxied := &Cluster{net: newNetwork(), o: Options{Proxied: true, ClientProxied: true}, members: make([]*Member, 3)}
	for name, err := range map[string]error{
		"isolate":         plain.Isolate(0, Cut),
		"one way":         plain.CutOneWay(0, 1, Cut),
		"delay":           plain.Delay(time.Second),
		"client":          plain.CutClient(0),
		"unknown":         proxied.Isolate(3, Cut),
		"unknown one way": proxied.CutOneWay(-1, 0, Cut),
		"unknown client":  proxied.BlackholeClient(5),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
