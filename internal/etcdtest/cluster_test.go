package etcdtest

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStart(t *testing.T) {
	start := time.Now()
	c := New(t, Options{MetricsListener: true})
	t.Logf("three members serve after %v", time.Since(start))
	leader, follower := leaderAndFollower(t, c)

	ids := map[uint64]bool{}
	for i, m := range c.Members() {
		s, err := m.Status(t.Context())
		OK(t, err)
		if m.ID() != s.Header.MemberId || m.ID() == 0 || ids[m.ID()] {
			t.Errorf("%s has ID %x, its status says %x", m.Name(), m.ID(), s.Header.MemberId)
		}
		if s.Leader != c.Member(leader).ID() {
			t.Errorf("%s follows %x, want %x", m.Name(), s.Leader, c.Member(leader).ID())
		}
		if m.Index() != i || m.ClientURL() != c.Endpoints()[i] || m.MetricsURL() == m.ClientURL()+"/metrics" {
			t.Errorf("%s: index %d, %s, %s", m.Name(), m.Index(), m.ClientURL(), m.MetricsURL())
		}
		ids[m.ID()] = true
	}

	list, err := c.Client(t).MemberList(t.Context())
	OK(t, err)
	for _, m := range list.Members {
		if !ids[m.ID] || !slices.Contains(c.Endpoints(), m.ClientURLs[0]) {
			t.Errorf("the member list has %v", m)
		}
	}

	committed, reads := c.Committed(t), c.Handled(t, "Range")
	OK(t, c.Member(follower).Read(t.Context()))
	if got := c.Committed(t); got != committed {
		t.Errorf("a read raised the committed proposals from %v to %v", committed, got)
	}
	if got := c.Handled(t, "Range"); got != reads+1 {
		t.Errorf("%v reads were handled, want %v", got, reads+1)
	}
	OK(t, c.Put(t.Context(), 5, 10))
	if got := c.Committed(t); got != committed+5 {
		t.Errorf("%v proposals committed after 5 writes, want %v", got, committed+5)
	}
	if stop := c.Load(t, 2, 100); stop() < 0 {
		t.Error("less than nothing written")
	}
}

func TestLifeOfAMember(t *testing.T) {
	t.Parallel()
	c := New(t, Options{})
	leader, follower := leaderAndFollower(t, c)
	m, pid := c.Member(follower), c.Member(follower).PID()

	OK(t, m.Freeze())
	if _, err := m.Status(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen member's status: %v", err)
	}
	OK(t, m.Thaw())
	Eventually(t, limit, "the thawed member serves", func() bool { return follows(t.Context(), m) })
	if err := m.Launch(); err == nil {
		t.Error("a running member was started")
	}

	OK(t, m.Kill())
	if _, err := net.Dial("tcp", m.Endpoint()); err == nil || m.Running() {
		t.Error("a killed member listens")
	}
	if err := errors.Join(m.Kill(), m.Stop(t.Context())); err != nil {
		t.Errorf("the end of a dead member: %v", err)
	}
	if m.Freeze() == nil {
		t.Error("a dead member was frozen")
	}
	OK(t, m.Restart(t.Context()))
	Eventually(t, limit, "the restarted member serves", func() bool { return follows(t.Context(), m) })
	if m.PID() == pid {
		t.Error("the restarted member has its old process")
	}

	OK(t, c.Member(leader).Stop(t.Context()))
	Eventually(t, limit, "another member leads", func() bool {
		now, err := c.Leader(t.Context())
		return err == nil && now != leader
	})
	OK(t, c.Member(leader).Restart(t.Context()))
}

func TestQuorumLost(t *testing.T) {
	t.Parallel()
	c := New(t, Options{})
	OK(t, errors.Join(c.Member(0).Kill(), c.Member(1).Kill()))
	Eventually(t, limit, "the survivor sees no leader", func() bool { return leaderless(t.Context(), c.Member(2)) })
	ctx, cancel := contextFor(t, 100*time.Millisecond)
	defer cancel()
	if _, err := c.WaitLeader(ctx); !errors.Is(err, ErrNoLeader) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	OK(t, err)
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	ctx, cancel := contextFor(t, time.Nanosecond)
	defer cancel()
	for _, test := range []struct {
		name, want string
		ctx        context.Context
		o          Options
	}{
		{"negative", "negative", t.Context(), Options{Members: -1}},
		{"ports", "2 client ports for 3", t.Context(), Options{ClientPorts: []int{1, 2}}},
		{"election", "five heartbeats", t.Context(), Options{Election: time.Millisecond}},
		{"client auth", "need TLS", t.Context(), Options{TLS: TLS{ClientAuth: true}}},
		{"flag", "flag provided but not defined", t.Context(), Options{Members: 1, ExtraFlags: []string{"--no-such-flag"}}},
		{"member flag", "is not in 3", t.Context(), Options{Members: 1, MemberFlags: [][]string{{"--bcrypt-cost=is not in 3"}}}},
		{"port", errPortTaken.Error(), t.Context(), Options{Members: 1, ClientPorts: []int{port}}},
		{"binary", "ask /no/such/etcd", t.Context(), Options{Binary: "/no/such/etcd"}},
		{"time", "deadline exceeded", ctx, Options{Members: 1}},
	} {
		test.o.Dir = dir
		c, err := Start(test.ctx, test.o)
		if err == nil {
			OK(t, c.Close())
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want %q in it", test.name, err, test.want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestGatewayAndProxy(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1})
	gateway, err := c.Gateway(t.Context())
	OK(t, err)
	proxy, err := c.GRPCProxy(t.Context())
	OK(t, err)
	for _, endpoint := range []string{gateway, proxy} {
		_, err := c.Client(t, endpoint).Get(t.Context(), "k")
		OK(t, err)
	}
}
