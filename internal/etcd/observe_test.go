package etcd

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

// watch is a Client of endpoints with the defaults, closed with the test.
func watch(t testing.TB, endpoints []string, alter ...func(*Options)) *Client {
	t.Helper()
	c, err := New(options(endpoints, alter...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// options are the defaults.
func options(endpoints []string, alter ...func(*Options)) Options {
	o := Options{
		Cluster: config.Cluster{Name: "test", Endpoints: endpoints, DialTimeout: 5 * time.Second, DiscoverMembers: true},
		Logger:  slog.New(slog.DiscardHandler),
		Zap:     zap.NewNop(),
	}
	for _, f := range alter {
		f(&o)
	}
	return o
}

// judge observes once, with the time that a scrape of 10 s leaves.
func judge(t testing.TB, c *Client) cluster.Verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
	defer cancel()
	return cluster.Judge(c.Observe(ctx))
}

// expect is what a verdict should say, in words: fields are compared with want.
// A nil want means unknown.
type expect map[string]any

// check compares a verdict with what is expected of it. Members are named by
// their label: "up m0".
func (e expect) check(t *testing.T, when string, v cluster.Verdict) {
	t.Helper()
	got := facts(v)
	for name, want := range e {
		have, ok := got[name]
		if want == nil {
			if ok {
				t.Errorf("%s: %s is %v, should be unknown", when, name, have)
			}
			continue
		}
		if !ok || have != want {
			t.Errorf("%s: %s is %v (known: %v), want %v", when, name, have, ok, want)
		}
	}
	if t.Failed() {
		for _, f := range v.Failed {
			t.Logf("%s: %s (%s): %s: %s", when, f.Endpoint, f.Member, f.Failure.Reason, f.Failure.Text)
		}
	}
}

func facts(v cluster.Verdict) map[string]any {
	got := map[string]any{"cluster_up": v.Up, "ids": len(v.ClusterIDs), "members": len(v.Members)}
	if !v.HasQuorum.OK {
		got["quorum_unknown"] = string(v.QuorumUnknown)
	}
	known(got, "quorum", v.HasQuorum)
	known(got, "leader", v.HasLeader)
	known(got, "voters", v.Voters)
	known(got, "voters_up", v.VotersUp)
	known(got, "voters_confirmed", v.VotersConfirmed)
	known(got, "tolerance", v.FailureTolerance)
	known(got, "learners", v.Learners)
	known(got, "unstarted", v.Unstarted)
	known(got, "stale", v.MembershipStale)
	known(got, "claims", v.LeaderClaims)
	known(got, "split_ids", v.SplitBrain.ClusterID)
	known(got, "split_leaders", v.SplitBrain.Leaders)
	for _, m := range v.Members {
		known(got, "up "+m.Label, m.Up)
		known(got, "confirmed "+m.Label, m.Confirmed)
		known(got, "partition "+m.Label, m.Partition)
		got["configured "+m.Label] = m.Configured
		for alarm, on := range m.Alarms {
			got[alarm+" "+m.Label] = on
		}
	}
	for _, f := range v.Failed {
		got["reason "+f.Endpoint] = string(f.Failure.Reason)
	}
	return got
}

func known[T any](to map[string]any, name string, v cluster.Opt[T]) {
	if v.OK {
		to[name] = v.V
	}
}

// healthy3 is a cluster of three with nothing wrong.
func healthy3() expect {
	return expect{
		"cluster_up": true, "quorum": true, "leader": true, "voters": 3, "voters_up": 3, "voters_confirmed": 3,
		"tolerance": 1, "learners": 0, "unstarted": 0, "stale": false, "claims": 1, "ids": 1,
		"split_ids": false, "split_leaders": false,
		"up m0": true, "up m1": true, "up m2": true, "partition m0": false, "partition m1": false, "partition m2": false,
	}
}

// eventuallyHealthy observes until all three voters are confirmed again.
func eventuallyHealthy(t *testing.T, c *Client) {
	t.Helper()
	etcdtest.Eventually(t, 30*time.Second, "three confirmed voters", func() bool {
		return judge(t, c).VotersConfirmed == cluster.Known(3)
	})
	healthy3().check(t, "healed", judge(t, c))
}

// leaderOf is the index of the leader and those of the two others.
func leaderOf(t *testing.T, e *etcdtest.Cluster) (leader, a, b int) {
	t.Helper()
	l, err := e.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	return l, (l + 1) % 3, (l + 2) % 3
}

// A read that an election interrupts has taken as long as it was waited for.
func TestReadDuringElection(t *testing.T) {
	const election = 300 * time.Millisecond
	f := fake.New(t, 1)
	var reads atomic.Int32
	f.Server(0).Tell(fake.Script{Before: func(ctx context.Context, method string) error {
		if method != "KV/Range" || reads.Add(1) > 1 {
			return nil
		}
		sleep(ctx, election)
		return status.Error(codes.Unavailable, "etcdserver: leader changed")
	}})
	m := memberOf(wantHealthy(t, watch(t, f.Endpoints()), 1), f.Server(0).ID)
	if reads.Load() != 2 || m.Read.Took < election {
		t.Errorf("%d reads took %v, want 2 that took %v", reads.Load(), m.Read.Took, election)
	}
}
