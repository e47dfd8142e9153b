package etcdtest

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

var update = flag.Bool("update", false, "rewrite rules/testdata/exposition")

const snapshotCount = 500 // entries between snapshots

// ofEtcd are the metrics that alerts may be built on. The rest is of the Go
// runtime and changes with the compiler.
var ofEtcd = regexp.MustCompile(`^(etcd|grpc|os|process)_|^go_sched_gomaxprocs_threads$`)

// TestSoakExposition: rules/testdata/exposition says what members of each release
// export: names, types and names of labels. It must catch a snapshot on its way,
// which a machine with other work misses.
func TestSoakExposition(t *testing.T) {
	if os.Getenv("ETCD_MONITOR_SOAK") == "" && !*update {
		t.Skip("NOT RUN: what releases export against the recorded, which needs a machine without other work: make soak")
	}
	for _, release := range []string{"3.4", "3.5", "3.6", "3.7"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("../../rules/testdata/exposition", "etcd-"+release+".txt")
			got := eventful(t, release)
			if *update {
				OK(t, os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644))
			}
			text, err := os.ReadFile(golden)
			OK(t, err)
			want := strings.Split(strings.TrimSpace(string(text)), "\n")
			if runtime.GOOS != "linux" { // it knows less about processes
				got, want = portable(got), portable(want)
			}
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("%s: not exported any more: %s", golden, line)
				}
			}
			for _, line := range got {
				if !slices.Contains(want, line) {
					t.Errorf("%s: exported, but not there: %s", golden, line)
				}
			}
		})
	}
}

func portable(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.HasPrefix(line, "process_") || strings.HasPrefix(line, "os_")
	})
}

// eventful runs a cluster through what makes series appear that are missing
// before their first event, and returns all that its members exported.
func eventful(t *testing.T, release string) []string {
	t.Helper()
	o := Options{
		Proxied: true, QuotaBytes: 64 << 20,
		ExtraFlags: []string{"--metrics=extensive", fmt.Sprintf("--snapshot-count=%d", snapshotCount)},
	}
	if release != "3.7" {
		o.Binary = Binary(t, release)
	}
	c := New(t, o)
	status, err := c.Member(0).Status(t.Context())
	OK(t, err)
	seen := map[string]bool{"# etcd " + status.Version: true}
	leader, follower := leaderAndFollower(t, c)
	failSnapshot(t, c, leader, follower)
	Eventually(t, limit, "round trips between peers are told", func() bool {
		note(t, c, seen)
		return slices.Contains(slices.Collect(maps.Keys(seen)), "etcd_network_peer_round_trip_time_seconds histogram To")
	})
	OK(t, c.Member(follower).Kill())
	Eventually(t, limit, "failures to send to the dead member", func() bool {
		n, err := c.Member(leader).Metric(t.Context(), "etcd_network_peer_sent_failures_total", nil)
		return err == nil && n > 0
	})
	OK(t, c.RaiseNoSpace(t.Context()))
	note(t, c, seen)
	return slices.Sorted(maps.Keys(seen))
}

// failSnapshot cuts a follower off until the leader no longer has the entries
// that it misses, and again while the leader sends it a snapshot instead.
func failSnapshot(t *testing.T, c *Cluster, leader, follower int) {
	t.Helper()
	OK(t, c.Isolate(follower, Cut))
	outrun(t, c, leader)
	c.Heal()
	sends := func(what string) func() bool {
		return func() bool {
			n, err := c.Member(leader).Metric(t.Context(), "etcd_network_snapshot_send_"+what, nil)
			return err == nil && n > 0
		}
	}
	OK(t, c.Delay(300*time.Millisecond)) // so that there is time to see it
	Eventually(t, limit, "a snapshot on its way", sends("inflights_total"))
	OK(t, c.Isolate(follower, Cut))
	Eventually(t, limit, "a snapshot that did not arrive", sends("failures"))
	c.Heal()
	Eventually(t, limit, "the follower is back", func() bool { return follows(t.Context(), c.Member(follower)) })
}

// outrun writes more entries than a leader keeps for those that are behind.
func outrun(t *testing.T, c *Cluster, leader int) {
	t.Helper()
	const kept, writers = 5000 + snapshotCount, 50
	cl := c.Client(t, c.Member(leader).Endpoint())
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range (kept + snapshotCount) / writers {
				if _, err := cl.Put(t.Context(), "entry", ""); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// note adds what the running members export.
func note(t *testing.T, c *Cluster, seen map[string]bool) {
	t.Helper()
	for _, m := range c.Members() {
		if !m.Running() {
			continue
		}
		families, err := m.metrics(context.WithoutCancel(t.Context()))
		OK(t, err)
		for name, f := range families {
			if ofEtcd.MatchString(name) {
				seen[line(f)] = true
			}
		}
	}
}

// line is name, type and names of labels of a family.
func line(f *dto.MetricFamily) string {
	labels := map[string]bool{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = true
		}
	}
	words := []string{f.GetName(), strings.ToLower(f.GetType().String())}
	return strings.Join(append(words, slices.Sorted(maps.Keys(labels))...), " ")
}
