// Package etcdtest runs real etcd members as processes of their own, for
// tests and for make run.
//
// A member is this very binary executed again around etcd's server, or an etcd
// binary of another version. A process, unlike a server embedded in the test,
// can be killed, frozen and started again. Members may sit behind proxies that
// cut, hold up or delay what goes to peers and clients.
//
// Every binary that starts members calls Main first:
//
//	func TestMain(m *testing.M) {
//		etcdtest.Main()
//		os.Exit(m.Run())
//	}
//
//	func TestSomething(t *testing.T) {
//		c := etcdtest.New(t, etcdtest.Options{Proxied: true})
//		etcdtest.OK(t, c.Isolate(1, etcdtest.Cut))
//
// No member outlives the process that started it, whatever ends that process.
package etcdtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

// argsEnv holds the command line of a member, as JSON, in the environment of
// the process that is to become it. Flags would be parsed by the test binary.
const argsEnv = "ETCDTEST_ARGS"

// startLimit is what is waited for a cluster or a member. One takes two seconds,
// many at once on a small machine a few times that.
const startLimit = time.Minute

// Main turns the process into an etcd member if Start or New started it to be
// one, and then never returns. Otherwise it does nothing.
func Main() {
	raw, ok := os.LookupEnv(argsEnv)
	if !ok {
		return
	}
	if err := os.Unsetenv(argsEnv); err != nil {
		fatal(err)
	}
	var args []string
	if err := json.Unmarshal([]byte(raw), &args); err != nil {
		fatal(fmt.Errorf("read %s: %w", argsEnv, err))
	}
	go obey(os.Stdin)
	os.Args = args // etcd's sub-commands (gateway, grpc-proxy) look there
	etcdmain.Main(args)
	os.Exit(0)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "etcdtest:", err)
	os.Exit(2)
}

// New starts a cluster for a test, which it fails when that does not work. The
// cluster is closed at the end of the test; if the test failed, the end of each
// member's log is shown.
func New(t testing.TB, o Options) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.logs())
		}
		if err := c.Close(); err != nil {
			t.Errorf("close cluster: %v", err)
		}
	})
	return c
}

// OK fails the test when err is not nil.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Eventually waits until cond holds and fails the test when that takes longer
// than the limit; what says what was awaited.
func Eventually(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	end := time.After(limit)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !cond() {
		select {
		case <-end:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}
