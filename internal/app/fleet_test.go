package app

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// A fleet of 34 clusters of three members.
const (
	fleetClusters = 34
	fleetMembers  = 3 * fleetClusters
)

// fakeFleet is members in this process, each of which serves what a real one
// exposes.
func fakeFleet(t testing.TB) []*fake.Cluster {
	t.Helper()
	e := etcdtest.New(t, etcdtest.Options{})
	etcdtest.OK(t, e.Put(t.Context(), 20, 100))
	resp, err := http.Get(e.Member(0).MetricsURL()) //nolint:noctx // of a test
	etcdtest.OK(t, err)
	text, err := io.ReadAll(resp.Body)
	etcdtest.OK(t, err)
	etcdtest.OK(t, resp.Body.Close())
	fleet := fake.Fleet(t, fleetClusters, 3)
	for _, c := range fleet {
		c.Expose(string(text))
	}
	return fleet
}

func fleetName(i int) string { return fmt.Sprintf("cluster-%02d", i) }

// fleetFile is a configuration file that names one member of each cluster.
func fleetFile(t testing.TB, fleet []*fake.Cluster) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("clusters:\n")
	for i, c := range fleet {
		fmt.Fprintf(&b, "  - {name: %s, endpoints: [%q]}\n", fleetName(i), c.Endpoints()[0])
	}
	file := filepath.Join(t.TempDir(), "fleet.yml")
	etcdtest.OK(t, os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// TestFleet: a hundred members in one exposition, complete, none twice, whatever
// a few of them do.
func TestFleet(t *testing.T) {
	t.Parallel()
	fleet := fakeFleet(t)
	s := start(t, nil, func(o *Options) {
		o.Clusters = nil
		for i, c := range fleet {
			o.Clusters = append(o.Clusters, clusterAt(fleetName(i), c.Endpoints()[:1]))
		}
		o.Watch.Probe.Enabled, o.Watch.Digest, o.Watch.MetricsInterval = true, true, 10*time.Second
	})
	etcdtest.Eventually(t, 60*time.Second, "a digest of every member", func() bool {
		return s.scrape("10").count("etcd_monitor_member_digest_timestamp_seconds") == fleetMembers
	})
	wantFleet(t, s.scrape("10"), nil)

	hung, gone := 7, 8
	etcdtest.OK(t, fleet[hung].Server(1).Wire(fake.Hang))
	for _, m := range fleet[gone].Servers() {
		etcdtest.OK(t, m.Wire(fake.Refuse))
	}
	wantFleet(t, s.scrape("10"), map[string]bool{fleetName(hung): true, fleetName(gone): true})

	_, exposition, _ := s.get("/metrics")
	check := exec.CommandContext(t.Context(), tool(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(exposition)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// count is how many series a metric has.
func (s sample) count(metric string) int {
	n := 0
	for series := range s {
		if series == metric || strings.HasPrefix(series, metric+"{") {
			n++
		}
	}
	return n
}

// wantFleet checks that all is told of every cluster that is not spoilt. (That no
// series is there twice, scrape checks.)
func wantFleet(t *testing.T, s sample, spoilt map[string]bool) {
	t.Helper()
	for i := range fleetClusters {
		name := fleetName(i)
		if spoilt[name] {
			continue
		}
		about := "{cluster=" + name
		for series, want := range map[string]float64{
			"cluster_up" + about + "}": 1, "cluster_has_quorum" + about + "}": 1, "cluster_voters_confirmed" + about + "}": 3,
			"cluster_split_brain" + about + ",reason=cluster_id}": 0, "member_up" + about + ",member=fake-2}": 1,
			"member_confirmed" + about + ",member=fake-1}": 1, "member_digest_truncated" + about + ",member=fake-0}": 0,
		} {
			if got, ok := s["etcd_monitor_"+series]; !ok || got != want {
				t.Errorf("%s is %v (present: %v), want %v", series, got, ok, want)
			}
		}
	}
}
