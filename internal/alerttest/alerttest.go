// Package alerttest is the world around Alertmanager, for tests: the daemon
// itself, as a process, and servers that take what it sends by mail and to Slack,
// PagerDuty and webhooks.
package alerttest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Tool is the path of a tool that is pinned below tools/, built if need be.
func Tool(t testing.TB, name string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no source position")
	}
	build := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(here), "../../tools/build.sh"), name)
	var errs bytes.Buffer
	build.Stderr = &errs
	out, err := build.Output()
	if err != nil {
		t.Fatalf("tools/build.sh %s: %v\n%s", name, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// await asks until cond holds or the limit is over.
func await(ctx context.Context, limit time.Duration, cond func() bool) error {
	end := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-end:
			return fmt.Errorf("not within %v", limit)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
