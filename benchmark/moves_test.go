package benchmark

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestLeaderMoves: connections follow a leader that hands over, and what is under
// way on the old ones ends there.
func TestLeaderMoves(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	leader, follower := leaderOf(t, c)
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Rate, cfg.Duration, cfg.EndpointMode = Write, 0, 200, 6*time.Second, LeaderOnly
	cfg.Ready = func() {
		time.AfterFunc(time.Second, func() {
			_, err := c.Client(t, c.Member(leader).ClientURL()).MoveLeader(t.Context(), c.Member(follower).ID())
			if err != nil {
				t.Error(err)
			}
		})
	}
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Operations.Total() != 1200 || r.Server.Moves < cfg.Connections || r.Server.Reconnects != 0 {
		t.Errorf("%+v, %d moves, %d reconnects", r.Operations, r.Server.Moves, r.Server.Reconnects)
	}
	if len(r.Endpoints) != 2 {
		t.Fatalf("%+v", r.Endpoints)
	}
	for _, e := range r.Endpoints {
		if e.Leader != strings.HasSuffix(e.Endpoint, c.Member(follower).Endpoint()) || e.Succeeded == 0 {
			t.Errorf("%+v, led by %s", e, c.Member(follower).Endpoint())
		}
	}
}

// TestForgottenToken: etcd forgets logins with a restart. The run logs in again,
// and only what failed meanwhile has failed.
func TestForgottenToken(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, Auth: etcdtest.Auth{RootPassword: "secret"}, LogLevel: "error"})
	cfg := configFor(t, c)
	file := filepath.Join(t.TempDir(), "password")
	etcdtest.OK(t, os.WriteFile(file, []byte("secret"), 0o600))
	cfg.Cluster.Auth = config.Auth{Username: "root", PasswordFile: file}
	cfg.Cluster.DialTimeout = 20 * time.Second
	cfg.Type, cfg.Ops, cfg.Rate, cfg.Duration = Write, 0, 100, 8*time.Second
	cfg.Ready = func() {
		time.AfterFunc(500*time.Millisecond, func() {
			if err := c.Member(0).Kill(); err != nil {
				t.Error(err)
			}
			if err := c.Member(0).Restart(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Server.Reconnects == 0 || r.Operations.Succeeded < 400 {
		t.Errorf("%d reconnects, %+v: %+v", r.Server.Reconnects, r.Operations, r.Errors)
	}
	for i, p := range r.Series {
		if i >= len(r.Series)-2 && p.Errors > 0 {
			t.Errorf("%d errors in second %d", p.Errors, i)
		}
	}
}

// strange is an engine whose connections are those of GRPC, but what comes of
// them is changed.
type strange struct {
	change func(c *Call)
}

func (strange) Name() string { return "strange" }

func (s strange) Dial(ctx context.Context, t Target) (Conn, error) {
	conn, err := GRPC().Dial(ctx, t)
	return strangeConn{conn, s.change}, err
}

type strangeConn struct {
	Conn

	change func(c *Call)
}

func (c strangeConn) Receive(done []*Call) ([]*Call, error) {
	done, err := c.Conn.Receive(done)
	for _, call := range done {
		c.change(call)
	}
	return done, err
}

// TestChoose: an engine is used when it measures what grpc-go measures.
func TestChoose(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	cfg := configFor(t, c)
	for _, test := range []struct {
		name   string
		change func(c *Call)
		want   string
	}{
		{"the same", func(*Call) {}, "strange"},
		{"late", func(c *Call) { c.Ended = c.Ended.Add(500 * time.Millisecond) }, "grpc"},
		{"empty answers", func(c *Call) {
			if c.Method == Range {
				c.Response = nil
			}
		}, "grpc"},
		{"failing", func(c *Call) { c.Code = codes.Internal }, "grpc"},
	} {
		e, note, err := Choose(t.Context(), cfg, strange{test.change})
		if err != nil || e.Name() != test.want || (test.want == "grpc") != strings.Contains(note, "failed its self-check") {
			t.Errorf("%s: %v, %q", test.name, err, note)
		}
	}
	cfg.Cluster.Endpoints, cfg.Cluster.DialTimeout = []string{"http://127.0.0.1:1"}, time.Second
	if _, _, err := Choose(t.Context(), cfg, strange{func(*Call) {}}); err == nil {
		t.Error("no error without an etcd")
	}
}

// TestFindRate searches among rates of which the proxy's delay allows some.
func TestFindRate(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, ClientProxied: true, LogLevel: "error"})
	etcdtest.OK(t, c.DelayClient(0, 10*time.Millisecond))
	cfg := configFor(t, c)
	// Ten calls at a time, 20 ms and more each: 500/s at the very most.
	cfg.Type, cfg.Connections, cfg.Clients, cfg.Timeout = Read, 2, 5, time.Second
	cfg.SLO.P99Seconds = 0.5
	r, err := FindRate(t.Context(), cfg, Search{From: 100, Most: 2000, Step: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	best := 0.0
	for _, s := range r.Search {
		if s.Met {
			best = max(best, s.Rate)
		}
	}
	if len(r.Search) < 2 || best > 600 || best > 0 && r.Settings.Rate != best {
		t.Errorf("best %v, the report is of %v: %+v", best, r.Settings.Rate, r.Search)
	}
	if _, err := FindRate(t.Context(), cfg, Search{From: 10, Most: 20, Step: time.Second}); err == nil {
		t.Error("a search by a percentile that cannot be told")
	}
	cfg.SLO = SLO{}
	if _, err := FindRate(t.Context(), cfg, Search{From: 100, Most: 200, Step: time.Second}); err == nil {
		t.Error("a search for nothing")
	}
}
