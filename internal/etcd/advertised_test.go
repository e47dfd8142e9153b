package etcd

import (
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestWrongAdvertisedURLShows: every member is configured and well, and one
// advertises what leads to somebody else.
func TestWrongAdvertisedURLShows(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, e.Endpoints())
	healthy3().check(t, "healthy", judge(t, c))
	expectAdvertised(t, c, map[string]cluster.Reason{
		e.Endpoints()[0]: "", e.Endpoints()[1]: "", e.Endpoints()[2]: "",
	})
	advertise(t, e, e.Member(1), "http://localhost:1")
	advertise(t, e, e.Member(2), e.Endpoints()[0])
	judge(t, c)
	healthy3().check(t, "two advertise nonsense", judge(t, c))
	found := c.tryAdvertised(t.Context(), c.list)
	for _, a := range found {
		want := map[cluster.ID]cluster.Reason{
			cluster.ID(e.Member(1).ID()): cluster.ReasonRefused, cluster.ID(e.Member(2).ID()): cluster.ReasonWrongMember,
		}[a.Member]
		if a.Reachable != (want == "") || a.Reason != want {
			t.Errorf("%s at %s: reachable %v, %q, want %q", a.Member, a.URL, a.Reachable, a.Reason, want)
		}
	}
	if len(found) != 3 {
		t.Errorf("%d advertised URLs, want 3", len(found))
	}
}

// expectAdvertised looks as the ticker does.
func expectAdvertised(t *testing.T, c *Client, want map[string]cluster.Reason) {
	t.Helper()
	c.RefreshAdvertised(t.Context())
	etcdtest.Eventually(t, startsWithin, "the advertised URLs to be tried", func() bool { return len(c.Advertised()) == len(want) })
	for _, a := range c.Advertised() {
		if reason, ok := want[a.URL]; !ok || reason != a.Reason || !a.Reachable {
			t.Errorf("%+v, want %v", a, want)
		}
	}
}
