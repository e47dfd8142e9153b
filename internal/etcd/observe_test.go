package etcd

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

// watch is a Client of endpoints with the defaults, closed with the test.
func watch(t *testing.T, endpoints []string, alter ...func(*Options)) *Client {
	t.Helper()
	o := Options{
		Cluster: config.Cluster{Name: "test", Endpoints: endpoints, DialTimeout: 5 * time.Second, DiscoverMembers: true},
		Logger:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Zap:     zap.NewNop(),
	}
	for _, f := range alter {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// judge observes once, with the time that a scrape of 10 s leaves.
func judge(t *testing.T, c *Client) cluster.Verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
	defer cancel()
	return cluster.Judge(c.Observe(ctx))
}

func TestScratch(t *testing.T) {
	e := etcdtest.New(t, etcdtest.Options{Proxied: true})
	c := watch(t, e.Endpoints()[:1])
	show := func(what string) {
		s := time.Now()
		v := judge(t, c)
		t.Logf("%s took %v: up %v quorum %v %q leader %v voters %v up %v conf %v tol %v stale %v claims %v split %v", what, time.Since(s), v.Up, v.HasQuorum, v.QuorumUnknown, v.Leader, v.Voters, v.VotersUp, v.VotersConfirmed, v.FailureTolerance, v.MembershipStale, v.LeaderClaims, v.SplitBrain)
		for _, m := range v.Members {
			t.Logf("   %s cfg %v up %v conf %v part %v", m.Label, m.Configured, m.Up, m.Confirmed, m.Partition)
		}
		for _, f := range v.Failed {
			t.Logf("   failed %+v", f)
		}
	}
	show("healthy")
	show("healthy")
	t.Log(c.Stats())
	l, _ := e.Leader(t.Context())
	e.Member(l).Kill()
	show("leader killed")
	show("leader killed")
	e.Member((l + 1) % 3).Freeze()
	show("and one frozen")
	show("and one frozen")
	e.Member((l + 1) % 3).Thaw()
	show("thawed")
	etcdtest.OK(t, e.Member(l).Restart(t.Context()))
	show("back")
	show("back")
	etcdtest.OK(t, e.Isolate(l, etcdtest.Blackhole))
	show("isolated")
	show("isolated")
	t.Log(c.Stats())
}
