package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// soakLength is ten minutes, unless ETCD_MONITOR_SOAK is another time.
func soakLength(t *testing.T) time.Duration {
	t.Helper()
	how := os.Getenv("ETCD_MONITOR_SOAK")
	if how == "" {
		t.Skip("takes ten minutes: make soak runs it")
	}
	if d, err := time.ParseDuration(how); err == nil {
		return d
	}
	return 10 * time.Minute
}

// features are switched on one after the other.
var features = []struct {
	name  string
	flags []string
}{
	{"scrapes only", []string{"--no-collector.digest", "--no-collector.probes"}},
	{"and probes", []string{"--no-collector.digest"}},
	{"and the digest (the defaults)", nil},
}

// ran is an exporter that was scraped for a while.
type ran struct {
	rss      int64         // at the end, in bytes
	cpu      time.Duration // of the while
	etcd     time.Duration // used by its members' processes, if they have any
	response int           // bytes of an exposition, compressed
}

// soak scrapes an exporter every ten seconds for so long.
func soak(t *testing.T, p product, length time.Duration, etcd func() time.Duration) ran {
	t.Helper()
	p.scrape(t)
	before, err := etcdtest.UsageOf(p.pid)
	etcdtest.OK(t, err)
	members := etcd()
	var r ran
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); {
		<-tick.C
		r.response = len(p.scrape(t))
	}
	after, err := etcdtest.UsageOf(p.pid)
	etcdtest.OK(t, err)
	r.rss, r.cpu, r.etcd = after.RSS, after.CPU-before.CPU, etcd()-members
	return r
}

func none() time.Duration { return 0 }

// TestSoakMemory runs the real binary for ten minutes on three real members and on
// 34 clusters of three that are fakes, as it is by default and with less. Every
// exporter of real members has a cluster of its own.
func TestSoakMemory(t *testing.T) {
	length := soakLength(t)
	binary := build(t)
	fleet := fleetFile(t, fakeFleet(t))
	three, many := make([]ran, len(features)), make([]ran, len(features))
	idle := etcdtest.New(t, etcdtest.Options{})
	unwatched := idle.CPU(t)
	var wg sync.WaitGroup
	for i, f := range features {
		e := etcdtest.New(t, etcdtest.Options{})
		small := run(t, binary, append(slices.Clip(f.flags), "--endpoints="+strings.Join(e.Endpoints(), ","))...)
		large := run(t, binary, append(slices.Clip(f.flags), "--config.file="+fleet)...)
		wg.Go(func() { three[i] = soak(t, small, length, func() time.Duration { return e.CPU(t) }) })
		wg.Go(func() { many[i] = soak(t, large, length, none) })
	}
	started := time.Now()
	wg.Wait()
	unwatched = idle.CPU(t) - unwatched
	watched := time.Since(started)
	percent := func(d time.Duration) float64 { return 100 * d.Seconds() / watched.Seconds() }

	var table strings.Builder
	row := func(members int, r []ran) {
		for i, f := range features {
			fmt.Fprintf(&table, "%3d members, %-30s %5.1f MiB resident, %.2f %% of a core, exposition of %d KiB", members, f.name,
				float64(r[i].rss)/(1<<20), percent(r[i].cpu), r[i].response>>10)
			if r[i].etcd > 0 {
				fmt.Fprintf(&table, ", %.3f %% of a core in each member beyond %.3f", percent(r[i].etcd-unwatched)/3, percent(unwatched)/3)
			}
			table.WriteByte('\n')
		}
	}
	row(3, three)
	row(fleetMembers, many)
	t.Logf("%v\n%s", length, table.String())

	all := len(features) - 1
	if rss := three[all].rss >> 20; rss > 32 {
		t.Errorf("%d MiB with three members, want at most 32", rss)
	}
	if rss := many[all].rss >> 20; rss > 64 {
		t.Errorf("%d MiB with %d members, want at most 64", rss, fleetMembers)
	}
	if p := percent(three[all].cpu); p > 1 {
		t.Errorf("%.2f %% of a core with three members, want less than 1", p)
	}
}
