package benchmark

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// TestStall: a server that stands still for a second is seen for that second.
// Evenly spread arrivals tell what the 99th percentile must be.
func TestStall(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Duration, cfg.Rate = Write, 0, 15*time.Second, 100
	// Fewer calls at a time than a hundredth of all: those that wait for a client
	// are what the percentile is about. And enough of them to catch up.
	cfg.Connections, cfg.Clients = 2, 5
	var got, truth float64
	for range 3 { // a busy machine adds stalls of its own
		frozen := make(chan time.Duration, 1)
		cfg.Ready = func() {
			time.AfterFunc(2*time.Second, func() {
				start := time.Now()
				if err := c.Member(0).Freeze(); err != nil {
					t.Error(err)
				}
				time.AfterFunc(time.Second, func() {
					if err := c.Member(0).Thaw(); err != nil {
						t.Error(err)
					}
					frozen <- time.Since(start)
				})
			})
		}
		r, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(cfg.Rate * cfg.Duration.Seconds()); r.Operations != (Operations{Succeeded: want}) {
			t.Errorf("%+v, want %d as scheduled: %v", r.Operations, want, r.Errors)
		}
		stall := (<-frozen).Seconds()
		// Of the operations due in the stall, the longest waiting are a hundredth
		// of all.
		truth = stall - 0.01*cfg.Duration.Seconds()
		got = *r.Latency.P99
		t.Logf("stall %.3f s: p99 %.3f s, in truth %.3f s; service time %.3f s", stall, got, truth, *r.Service.P99)
		if got >= 0.85*truth && got <= 1.6*truth {
			if *r.Service.P99 > 0.5*truth {
				t.Errorf("the service time, %.3f s, has the wait in it", *r.Service.P99)
			}
			return
		}
	}
	t.Errorf("p99 %.3f s, in truth %.3f s", got, truth)
}

func TestDeadEndpoint(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Cluster.DialTimeout = time.Second
	dead, err := freeport.Addr()
	etcdtest.OK(t, err)
	more := cfg
	more.Cluster.Endpoints, err = config.ParseEndpoints(append(c.Endpoints(), dead), false)
	etcdtest.OK(t, err)
	if r, err := Run(t.Context(), more); err == nil || r.Schema != "" || !strings.Contains(err.Error(), dead) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the error does not name the dead endpoint %s: %v", dead, err)
	}

	// One that dies on the way ends the run, and what was measured is kept.
	cfg.Type, cfg.Ops, cfg.Duration = Write, 0, time.Minute
	// The first of the endpoints, so that the keys are removed through another.
	first := 0
	for i, m := range c.Members() {
		if m.ClientURL() < c.Member(first).ClientURL() {
			first = i
		}
	}
	cfg.Ready = func() {
		time.AfterFunc(500*time.Millisecond, func() { _ = c.Member(first).Kill() })
	}
	r, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), c.Member(first).Endpoint()) {
		t.Errorf("the error does not name %s: %v", c.Member(first).Endpoint(), err)
	}
	if r.Operations.Succeeded == 0 || r.Stopped == "" || r.Interrupted || r.Server.Reconnects == 0 {
		t.Errorf("%+v, stopped %q, %d reconnects", r.Operations, r.Stopped, r.Server.Reconnects)
	}
	if n := keysLeft(t, c); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

func leaderOf(t *testing.T, c *etcdtest.Cluster) (leader, follower int) {
	t.Helper()
	leader, err := c.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	return leader, (leader + 1) % len(c.Members())
}

func TestNoQuorum(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Cluster.DialTimeout = time.Second
	cfg.Cluster.Endpoints = cfg.Cluster.Endpoints[:1]
	etcdtest.OK(t, c.Member(1).Kill())
	etcdtest.OK(t, c.Member(2).Kill())
	puts := c.Handled(t, "Put")
	r, err := Run(t.Context(), cfg)
	if err == nil || r.Schema != "" || !strings.Contains(err.Error(), "quorum") {
		t.Errorf("a run without a quorum: %v", err)
	}
	if n := c.Handled(t, "Put") - puts; n != 0 {
		t.Errorf("%v keys were written", n)
	}
}

// TestInterrupt: an interrupted run is marked so, keeps what it has measured and
// leaves nothing behind.
func TestInterrupt(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	for _, rate := range []float64{0, 500} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cfg := configFor(t, c)
		cfg.Type, cfg.Ops, cfg.Duration, cfg.Rate = Write, 0, time.Minute, rate
		stop := errors.New("enough")
		cfg.Ready = func() { time.AfterFunc(500*time.Millisecond, func() { cancel(stop) }) }
		r, err := Run(ctx, cfg)
		if !errors.Is(err, stop) || !r.Interrupted || r.Operations.Succeeded == 0 || r.Leftover != "" {
			t.Errorf("rate %g: %v, interrupted %v, %+v, left %q", rate, err, r.Interrupted, r.Operations, r.Leftover)
		}
		if n := keysLeft(t, c); n != 0 {
			t.Errorf("rate %g: %d keys are left", rate, n)
		}
	}
}

// TestFollowsTheLeader: all connections go to the leader, and to the next one.
func TestFollowsTheLeader(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	leader, _ := leaderOf(t, c)
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Rate, cfg.Duration = Write, 0, 200, 8*time.Second
	cfg.EndpointMode, cfg.Timeout = LeaderOnly, 10*time.Second
	cfg.Ready = func() {
		time.AfterFunc(time.Second, func() { _ = c.Member(leader).Kill() })
	}
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	next, err := c.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	if len(r.Endpoints) != 2 || r.Server.LeaderChanges == 0 {
		t.Fatalf("%d endpoints, %d leader changes: %+v", len(r.Endpoints), r.Server.LeaderChanges, r.Endpoints)
	}
	for _, e := range r.Endpoints {
		lead := strings.HasSuffix(e.Endpoint, c.Member(next).Endpoint())
		if old := strings.HasSuffix(e.Endpoint, c.Member(leader).Endpoint()); !lead && !old || lead != e.Leader || e.Succeeded == 0 {
			t.Errorf("%+v, led by %d then %d", e, leader, next)
		}
	}
	if got := r.Operations.Total() + r.Operations.NeverSent; got != 1600 {
		t.Errorf("%d operations of 1600 are accounted for: %+v", got, r.Operations)
	}
	// The election is in the latencies: nobody was served meanwhile.
	if *r.Latency.Max < 0.5 {
		t.Errorf("nothing took longer than %v s", *r.Latency.Max)
	}
	if n := keysLeft(t, c); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// TestFuse stops before the space is used up, whether Status tells the quota or,
// as before 3.6.6, the metrics do.
func TestFuse(t *testing.T) {
	t.Run("status", func(t *testing.T) { testFuse(t, "") })
	t.Run("metrics", func(t *testing.T) { testFuse(t, etcdtest.Binary(t, "3.5")) })
}

func testFuse(t *testing.T, binary string) {
	t.Helper()
	c := etcdtest.New(t, etcdtest.Options{Members: 1, Binary: binary, QuotaBytes: 32 << 20, LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Duration, cfg.ValueSize = Write, 0, time.Minute, 2048
	cfg.Fuse.QuotaShare, cfg.Rate = 0.4, 2000
	r, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "stopped by the fuse") || !strings.Contains(err.Error(), "of its quota") {
		t.Fatalf("%v after %+v", err, r.Operations)
	}
	if r.Operations.Succeeded == 0 || r.Operations.Failed > 0 {
		t.Errorf("%+v: %+v", r.Operations, r.Errors)
	}
	if r, err := Run(t.Context(), cfg); err == nil || r.Schema != "" || !strings.Contains(err.Error(), "in no state to be loaded") {
		t.Errorf("a run on a database that is full: %v", err)
	}
}

// TestErrors: what etcd refuses is counted by code, and is no latency.
func TestErrors(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, QuotaBytes: 16 << 20, LogLevel: "error"})
	etcdtest.OK(t, c.RaiseNoSpace(t.Context()))
	cfg := configFor(t, c)
	cfg.Type, cfg.Fuse = Write, Fuse{}
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Operations != (Operations{Failed: cfg.Ops}) || r.Latency.Count != 0 || r.Latency.P99 != nil || !r.TooManyErrors() {
		t.Errorf("%+v, latency %+v", r.Operations, r.Latency)
	}
	if len(r.Errors) != 1 || r.Errors[0].Code != "ResourceExhausted" || r.Errors[0].Count != cfg.Ops || !strings.Contains(r.Errors[0].Text, "space exceeded") {
		t.Errorf("%+v", r.Errors)
	}
}

// TestSlow: what the schedule asks for and etcd cannot give is told, not hidden.
func TestSlow(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, ClientProxied: true, LogLevel: "error"})
	etcdtest.OK(t, c.DelayClient(0, 50*time.Millisecond))
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Duration, cfg.Rate = Read, 0, time.Second, 1000
	cfg.Connections, cfg.Clients, cfg.Timeout = 2, 5, time.Second // 100/s at most
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Operations.Total() + r.Operations.NeverSent; got != 1000 || r.Operations.NeverSent < 500 {
		t.Errorf("%+v of 1000", r.Operations)
	}
	if !r.TooManyErrors() || r.Schedule.Achieved > 200 || *r.Schedule.Slip.Max < 0.8 {
		t.Errorf("error rate %v, %+v", r.Operations.ErrorRate(), r.Schedule)
	}
	if *r.Latency.Max < 5**r.Service.Max {
		t.Errorf("latency %v, service time %v: the wait for a free client is not in the latency", *r.Latency.Max, *r.Service.Max)
	}
}
