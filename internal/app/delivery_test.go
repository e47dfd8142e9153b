package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestDelivery breaks real clusters and waits for the messages: the right ones,
// on each channel, and no others. Not beside other tests of the package: what
// makes etcd slow is told to people, too.
func TestDelivery(t *testing.T) {
	breakAndMend(t, quick)
}

// TestSoakAlerting is the same with the rules as they are shipped, and holds them
// to what is promised; make soak runs it.
func TestSoakAlerting(t *testing.T) {
	if os.Getenv("ETCD_MONITOR_SOAK") == "" {
		t.Skip("takes half an hour: make soak runs it, make test runs TestDelivery")
	}
	breakAndMend(t, real)
}

// What is promised, from the fault to the message, with scrapes and evaluations
// every 5 s.
const (
	quorumWithin  = 100 * time.Second
	noSpaceWithin = 40 * time.Second
	memberWithin  = 4 * time.Minute
	monitorWithin = 6 * time.Minute
)

// Channels of a critical alert and of a warning. The webhook of the shipped
// configuration is our own receiver, the console.
var (
	onCritical = []string{"pagerduty", "slack", "email", "console"}
	onWarning  = []string{"slack", "email", "console"}
)

func breakAndMend(t *testing.T, p pace) {
	one := etcdtest.New(t, etcdtest.Options{})
	two := etcdtest.New(t, etcdtest.Options{})
	full := etcdtest.New(t, etcdtest.Options{Members: 1, QuotaBytes: 16 << 20})
	a := startAlerting(t, p, map[string]*etcdtest.Cluster{"one": one, "two": two, "full": full})

	slow := a.slow()
	a.quiet(3 * time.Minute)
	a.nothingElse("start", slow)
	a.restartAll(one)
	a.nothingElse("rolling restart", slow)

	leader, err := one.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	down := one.Member((leader + 1) % 3)
	fault := time.Now()
	etcdtest.OK(t, full.RaiseNoSpace(t.Context()))
	etcdtest.OK(t, down.Kill())
	etcdtest.OK(t, two.Member(0).Kill())
	etcdtest.OK(t, two.Member(1).Kill())

	took := func(what string, at time.Time, promised time.Duration) {
		t.Helper()
		t.Logf("%s: %.0f s after the fault", what, at.Sub(fault).Seconds())
		if p == real && at.Sub(fault) > promised {
			t.Errorf("%s: %s after the fault, promised are %s", what, at.Sub(fault), promised)
		}
	}
	took("EtcdAlarmActive", a.heard(a.scaled(2*time.Minute), "EtcdAlarmActive", "full", false, onCritical...), noSpaceWithin)
	took("EtcdQuorumLost", a.heard(a.scaled(4*time.Minute), "EtcdQuorumLost", "two", false, onCritical...), quorumWithin)
	took("EtcdMemberDown", a.heard(a.scaled(8*time.Minute), "EtcdMemberDown", "one", false, onWarning...), memberWithin)
	// What would have been told, were it not told already.
	a.muted("EtcdMemberDown", "two")
	a.muted("EtcdServerMemberDown", "one")
	a.muted("EtcdServerQuorumLost", "two")
	faults := []string{"EtcdAlarmActive full", "EtcdQuorumLost two", "EtcdMemberDown one", "EtcdNoFaultTolerance one"}
	a.nothingElse("faults", slow, faults...)

	etcdtest.OK(t, down.Restart(t.Context()))
	etcdtest.OK(t, two.Member(0).Launch())
	etcdtest.OK(t, two.Member(1).Restart(t.Context()))
	a.clear(full)
	resolution := a.scaled(20 * time.Minute)
	a.heard(resolution, "EtcdAlarmActive", "full", true, onCritical...)
	a.heard(resolution, "EtcdQuorumLost", "two", true, onCritical...)
	a.heard(resolution, "EtcdMemberDown", "one", true, onWarning...)
	a.nothingElse("resolution", slow, faults...)
	a.oneIncidentEach()

	a.killExporter(took, &fault)
}

// restartAll restarts one member after the other, as an upgrade does.
func (a *alerting) restartAll(c *etcdtest.Cluster) {
	a.t.Helper()
	for i := range c.Members() {
		m := c.Member(i)
		etcdtest.OK(a.t, m.Stop(a.t.Context()))
		etcdtest.OK(a.t, m.Restart(a.t.Context()))
	}
	a.quiet(2 * time.Minute)
}

// quiet waits for the dead-man's switch to come once more after length: all the
// way from the rules to the sinks works, and has had that long to say something
// else.
func (a *alerting) quiet(length time.Duration) {
	a.t.Helper()
	length /= time.Duration(a.pace.factor)
	after := time.Now().Add(length)
	a.sinks.Await(a.t, length+a.scaled(7*time.Minute), "the dead-man's switch", func(n alerttest.Note) bool {
		return n.Channel == "watchdog" && n.At.After(after)
	})
}

// oneIncidentEach checks that PagerDuty can tell which incident is over.
func (a *alerting) oneIncidentEach() {
	a.t.Helper()
	keys := map[string]string{}
	for _, n := range a.sinks.Notes() {
		if n.Channel != "pagerduty" {
			continue
		}
		what := n.Alert + " " + n.Cluster
		if before, known := keys[what]; known && before != n.Key {
			a.t.Errorf("pagerduty: %s has the keys %s and %s", what, before, n.Key)
		}
		keys[what] = n.Key
	}
	if len(keys) != 2 {
		a.t.Errorf("pagerduty: incidents %v, want two", keys)
	}
}

// killExporter stops it: one page, and nothing about members that only look down.
func (a *alerting) killExporter(took func(string, time.Time, time.Duration), fault *time.Time) {
	a.t.Helper()
	before, slow := len(a.sinks.Notes()), a.slow()
	*fault = time.Now()
	a.stop()
	took("EtcdMonitorDown", a.heard(a.scaled(12*time.Minute), "EtcdMonitorDown", "", false, "pagerduty", "slack", "email"), monitorWithin)
	a.muted("EtcdServerMemberDown", "one")
	a.quiet(2 * time.Minute)
	pages := 0
	for _, n := range a.sinks.Notes()[before:] {
		switch {
		case n.Channel == "watchdog", n.Resolved, slices.Contains(slow, n.Alert):
		case n.Alert != "EtcdMonitorDown":
			a.t.Errorf("dead exporter: %s was told of %s %s: %.600s", n.Channel, n.Alert, n.Cluster, n.Text)
		case n.Channel == "pagerduty":
			pages++
		}
	}
	if pages != 1 {
		a.t.Errorf("dead exporter: %d pages", pages)
	}
}

// TestSoakQuiet watches a healthy cluster, idle for half an hour and loaded for
// ten minutes, with the rules as they are shipped: only the dead-man's switch is
// heard.
func TestSoakQuiet(t *testing.T) {
	if os.Getenv("ETCD_MONITOR_SOAK") == "" {
		t.Skip("takes forty minutes: make soak runs it, TestDelivery watches for less")
	}
	c := etcdtest.New(t, etcdtest.Options{Fsync: true})
	a := startAlerting(t, real, map[string]*etcdtest.Cluster{"quiet": c})
	a.quiet(30 * time.Minute)
	a.nothingElse("idle", nil)
	puts, reads := load(t, c, 200, 500, 10*time.Minute)
	t.Logf("%d puts and %d reads in ten minutes", puts, reads)
	if puts < 200*600*9/10 || reads < 500*600*9/10 {
		t.Errorf("the load was not what it should be")
	}
	a.nothingElse("load", nil)
	dogs := a.sinks.Find(func(n alerttest.Note) bool { return n.Channel == "watchdog" })
	if len(dogs) < 7 {
		t.Errorf("the dead-man's switch was heard %d times in forty minutes", len(dogs))
	}
}

// load puts and reads at a rate per second, 256 bytes a value, and tells how many
// of each succeeded.
func load(t *testing.T, c *etcdtest.Cluster, puts, reads int, length time.Duration) (put, read int64) {
	t.Helper()
	cl := c.Client(t)
	var done [2]atomic.Int64
	value := strings.Repeat("v", 256)
	end := time.After(length)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	slots := make(chan struct{}, 64)
	for n := 0; ; n++ {
		for i := range (puts + reads) / 10 {
			slots <- struct{}{}
			go func() {
				defer func() { <-slots }()
				key := fmt.Sprintf("load/%d", (n*100+i)%10_000)
				if i < puts/10 {
					if _, err := cl.Put(t.Context(), key, value); err == nil {
						done[0].Add(1)
					}
				} else if _, err := cl.Get(t.Context(), key); err == nil {
					done[1].Add(1)
				}
			}()
		}
		select {
		case <-end:
			for range cap(slots) {
				slots <- struct{}{}
			}
			return done[0].Load(), done[1].Load()
		case <-tick.C:
		}
	}
}
