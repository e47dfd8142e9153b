//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// resident is the most memory that a run of so many reads has used, in MiB.
func resident(t *testing.T, endpoint, engine string, ops int) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(fmt.Sprintf(
		"benchmark read --serializable --key-space=1000 --engine=%s --ops=%d --endpoints=%s", engine, ops, endpoint))...)
	cmd.Env = append(os.Environ(), "RUN_AS_PROGRAM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no usage")
	}
	return float64(usage.Maxrss) / 1024
}

// TestBenchmarkMemory: what is measured is kept in histograms, so ten times as
// many operations take no more memory.
func TestBenchmarkMemory(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	few := resident(t, c.Member(0).Endpoint(), "h2", 10_000)
	many := resident(t, c.Member(0).Endpoint(), "h2", 100_000)
	t.Logf("10 000 reads: %.0f MiB, 100 000: %.0f MiB", few, many)
	// A word for each operation would be 0.7 MiB more; the heap breathes by more.
	if many > few+16 || many > 100 {
		t.Errorf("10 000 reads take %.0f MiB, 100 000 take %.0f", few, many)
	}
}

// TestSoakBenchmarkMemory is the same at full length.
func TestSoakBenchmarkMemory(t *testing.T) {
	if os.Getenv("ETCD_MONITOR_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	for _, engine := range []string{"h2", "grpc"} {
		many := resident(t, c.Member(0).Endpoint(), engine, 10_000_000)
		t.Logf("%s: 10 million reads in %.0f MiB", engine, many)
		if many > 100 {
			t.Errorf("%s: 10 million reads take %.0f MiB", engine, many)
		}
	}
}
