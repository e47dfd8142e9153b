package etcdtest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// parentEnv makes the test binary start a cluster, print who its processes are
// and wait to be killed.
const parentEnv = "ETCDTEST_PARENT"

func TestMain(m *testing.M) {
	Main()
	if os.Getenv(parentEnv) != "" {
		parent()
	}
	os.Exit(m.Run())
}

func parent() {
	c, err := Start(context.Background(), Options{Dir: os.Getenv(parentEnv)})
	if err != nil {
		fatal(err)
	}
	for _, m := range c.Members() {
		fmt.Println(m.PID(), m.Endpoint())
	}
	select {}
}

// leaderless tells whether the member answers and knows no leader.
func leaderless(ctx context.Context, m *Member) bool {
	s, err := m.Status(ctx)
	return err == nil && s.Leader == 0
}

// follows tells whether the member answers, knows a leader and serves.
func follows(ctx context.Context, m *Member) bool {
	s, err := m.Status(ctx)
	return err == nil && s.Leader != 0 && m.Read(ctx) == nil
}

// leaderAndFollower waits for a leader and picks a voter that follows it.
func leaderAndFollower(t *testing.T, c *Cluster) (leader, follower int) {
	t.Helper()
	leader, err := c.WaitLeader(t.Context())
	OK(t, err)
	return leader, (leader + 1) % c.o.Members
}

// took runs a wait and logs how long it was.
func took(t *testing.T, what string, wait func()) {
	t.Helper()
	start := time.Now()
	wait()
	t.Logf("%s after %v", what, time.Since(start).Round(10*time.Millisecond))
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
