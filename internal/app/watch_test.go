package app

import (
	"os"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestWatchingCostsNoProposal watches a healthy, idle cluster for a minute, with
// everything on that is on by default.
func TestWatchingCostsNoProposal(t *testing.T) {
	t.Parallel()
	watchHealthy(t, time.Minute)
}

// TestSoakWatch is the same for ten minutes; make soak runs it.
func TestSoakWatch(t *testing.T) {
	if os.Getenv("ETCD_MONITOR_SOAK") == "" {
		t.Skip("takes ten minutes: make soak runs it, make test watches for one minute")
	}
	watchHealthy(t, 10*time.Minute)
}

const watchInterval = 5 * time.Second

func watchHealthy(t *testing.T, length time.Duration) {
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, e.Endpoints(), func(o *Options) { o.Watch.Probe.Enabled = true })
	s.scrape("4") // connections are made
	committed, before := e.Committed(t), handled(e, t)
	began := time.Now()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	scrapes := 0
	for time.Since(began) < length {
		<-tick.C
		scrapes++
		s.scrape("4").want(t, "healthy", map[string]any{
			"cluster_has_quorum": 1, "cluster_voters_confirmed": 3, "cluster_leader_changes_total": 0,
			"cluster_split_brain{reason=cluster_id}": 0, "cluster_split_brain{reason=leaders}": 0,
			"member_partition_suspected{member=m0}": 0, "member_partition_suspected{member=m1}": 0,
			"member_partition_suspected{member=m2}": 0, "scrape_collector_success{collector=probes}": 1,
		})
	}
	watched := time.Since(began)
	after := handled(e, t)
	if grown := e.Committed(t) - committed; grown > watched.Minutes() {
		t.Errorf("%v proposals were committed in %v of an idle cluster", grown, watched)
	}
	// The count before is taken at about the time of a scrape, so one round more
	// or less may be in it.
	status, read := after.status-before.status, after.read-before.read
	if most := float64(3 * (scrapes + 1)); status > most {
		t.Errorf("%v calls of Status for %d scrapes of 3 members", status, scrapes)
	}
	probes := 2 * 10 * (watched.Seconds()/10 + 1) * 3
	if most := float64(3*(scrapes+1)) + probes; read > most {
		t.Errorf("%v reads for %d scrapes of 3 members and at most %v probes", read, scrapes, probes)
	}
	if read < probes/2 {
		t.Errorf("%v reads: the probes did not run", read)
	}
	t.Logf("%v: %d scrapes, %v Status, %v reads, %v MemberList, %v proposals committed", watched.Round(time.Second),
		scrapes, status, read, after.list-before.list, e.Committed(t)-committed)
}

// calls is what etcd counts of us.
type calls struct{ status, read, list float64 }

func handled(e *etcdtest.Cluster, t *testing.T) calls {
	return calls{e.Handled(t, "Status"), e.Handled(t, "Range"), e.Handled(t, "MemberList")}
}
