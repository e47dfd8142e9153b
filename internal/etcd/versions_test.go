package etcd

import (
	"errors"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

const smallQuota = 16 << 20 // bytes; soon full

// release is one that operators run, and what is peculiar to it.
type release struct {
	name     string
	binaries []string // one for each of three members; "" is the linked one
	// statusTellsQuota: otherwise only the member's own metrics do.
	statusTellsQuota bool
	// openStatus: Status is answered without a login.
	openStatus bool
}

// releases are those of the oldest kind to the newest, and an upgrade half done.
func releases(t *testing.T) []release {
	t.Helper()
	all := func(binary string) []string { return []string{binary, binary, binary} }
	v36 := etcdtest.Binary(t, "3.6")
	return []release{
		{name: "3.4", binaries: all(etcdtest.Binary(t, "3.4")), openStatus: true},
		{name: "3.5", binaries: all(etcdtest.Binary(t, "3.5"))},
		{name: "3.6", binaries: all(v36), statusTellsQuota: true},
		{name: "3.6 and 3.7", binaries: []string{v36, "", v36}, statusTellsQuota: true},
		{name: "3.7", binaries: all(""), statusTellsQuota: true},
	}
}

// Every release that we watch means the same by the same words, whatever it
// calls things.
func TestReleases(t *testing.T) {
	t.Parallel()
	for _, r := range releases(t) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			e := etcdtest.New(t, etcdtest.Options{Binaries: r.binaries, QuotaBytes: smallQuota})
			c := watch(t, e.Endpoints())
			v := wantHealthy(t, c, 3)
			for i, m := range v.Members {
				if m.Status.Version == "" || len(m.Status.Rejected) != 0 || m.Lag.V > 5 {
					t.Errorf("member %d: status is %+v", i, m.Status)
				}
			}
			wantQuota(t, c, v, r)
			outOfSpace(t, e, c)
			loseQuorum(t, e, c)
		})
	}
}

// wantQuota: the quota of each member is known, from Status or from metrics.
func wantQuota(t *testing.T, c *Client, v cluster.Verdict, r release) {
	t.Helper()
	c.RefreshQuotas(t.Context())
	for _, m := range v.Members {
		if r.statusTellsQuota {
			if m.Status.Quota != cluster.Known[float64](smallQuota) {
				t.Errorf("%s: quota in Status is %v", m.Label, m.Status.Quota)
			}
			if _, ok := c.MetricsQuota(m.ID); ok {
				t.Errorf("%s: metrics were read for nothing", m.Label)
			}
			continue
		}
		if m.Status.Quota.OK {
			t.Errorf("%s: Status of %s tells a quota: %v", m.Label, m.Status.Version, m.Status.Quota.V)
		}
		etcdtest.Eventually(t, localTimeout, "quota from metrics", func() bool {
			quota, ok := c.MetricsQuota(m.ID)
			return ok && quota == smallQuota
		})
	}
}

// outOfSpace: every member tells every alarm, in words of its own.
func outOfSpace(t *testing.T, e *etcdtest.Cluster, c *Client) {
	t.Helper()
	root := e.Client(t, e.Endpoints()[0])
	full := func() bool {
		_, err := root.Put(t.Context(), "fill", strings.Repeat("x", 1<<20))
		return errors.Is(err, rpctypes.ErrNoSpace)
	}
	etcdtest.Eventually(t, startsWithin, "no space", full)
	var raised, told int
	etcdtest.Eventually(t, startsWithin, "everybody knows", func() bool {
		raised, told = 0, 0
		for _, m := range wantHealthy(t, c, 3).Members { // for reading
			if m.Alarms["NOSPACE"] {
				raised++
			}
			told += len(m.Status.Alarms)
		}
		return raised > 0 && told == 3*raised
	})
	etcdtest.OK(t, e.DisarmNoSpace(t.Context()))
	etcdtest.Eventually(t, startsWithin, "everybody knows that it is over", func() bool {
		alarm := cluster.Opt[bool]{}
		for _, m := range wantHealthy(t, c, 3).Members {
			is, known := m.Alarms["NOSPACE"]
			alarm = cluster.Opt[bool]{V: alarm.V || is, OK: known}
		}
		return alarm == cluster.Known(false)
	})
}

// loseQuorum kills a follower, then another member.
func loseQuorum(t *testing.T, e *etcdtest.Cluster, c *Client) {
	t.Helper()
	leader, err := e.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	dead := map[cluster.ID]bool{}
	for i, want := range []struct {
		quorum    bool
		confirmed int
	}{{true, 2}, {false, 0}} {
		m := e.Member((leader + 1 + i) % 3)
		etcdtest.OK(t, m.Kill())
		dead[cluster.ID(m.ID())] = true
		v := judge(t, c)
		if v.HasQuorum != cluster.Known(want.quorum) || v.HasLeader != v.HasQuorum ||
			v.Voters != cluster.Known(3) || v.VotersUp != cluster.Known(3-len(dead)) ||
			v.VotersConfirmed != cluster.Known(want.confirmed) ||
			v.FailureTolerance != cluster.Known(want.confirmed-2) || v.MembershipStale != cluster.Known(!want.quorum) {
			t.Errorf("%d of three killed: %s", len(dead), summary(v))
		}
		for _, m := range v.Members {
			if m.Up != cluster.Known(!dead[m.ID]) {
				t.Errorf("%d of three killed: %s", len(dead), summary(v))
			}
		}
	}
}

// Without credentials the quorum is unknown in every release, also where some
// calls are answered.
func TestReleasesWithoutCredentials(t *testing.T) {
	t.Parallel()
	for _, r := range releases(t) {
		if r.binaries[0] != r.binaries[1] {
			continue // mixed
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			e := etcdtest.New(t, etcdtest.Options{Members: 1, Binary: r.binaries[0], Auth: users})
			v := judge(t, watch(t, e.Endpoints()))
			unknownQuorum(t, v, cluster.UnknownAuth)
			if !v.Up || v.HasLeader.OK || v.VotersConfirmed.OK {
				t.Error(summary(v))
			}
			if r.openStatus {
				if len(v.Members) != 1 || v.Members[0].Up != cluster.Known(true) ||
					!permitted(v.Members[0])["Status"] || permitted(v.Members[0])["Range"] {
					t.Errorf("Status is not shown: %s", summary(v))
				}
			} else {
				allFailed(t, v, e.Endpoints(), cluster.ReasonAuth)
			}
			for name, c := range map[string]*Client{
				"root":    watch(t, e.Endpoints(), as("root", password)),
				"watcher": watch(t, e.Endpoints(), as("watcher", password)),
			} {
				v := wantHealthy(t, c, 1)
				if p := permitted(v.Members[0]); !p["Status"] || p["Range"] != (name == "root") {
					t.Errorf("%s may %v", name, p)
				}
				if n := logins(c); n != 1 {
					t.Errorf("%s logged in %d times", name, n)
				}
			}
		})
	}
}

// A member of 3.4 answers MemberList without a quorum whatever it is asked for,
// so only the read decides. It must not be taken for anything but a timeout.
func TestReadOfOldRelease(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Binary: etcdtest.Binary(t, "3.4"), Auth: users})
	etcdtest.OK(t, e.Member(0).Kill())
	etcdtest.OK(t, e.Member(1).Kill())
	v := judge(t, watch(t, e.Endpoints(), as("root", password)))
	// Who could not log in still sees what 3.4 shows to anybody.
	if v.HasQuorum != cluster.Known(false) || v.VotersUp != cluster.Known(1) || v.Voters != cluster.Known(3) {
		t.Errorf("not a lost quorum and one of three: %s", summary(v))
	}
	for _, m := range v.Members {
		if m.Status != nil && (m.Read.Failure.Reason != cluster.ReasonTimeout || strings.Contains(m.Read.Failure.Text, password)) {
			t.Errorf("the read failed because of %+v", m.Read.Failure)
		}
	}
}
