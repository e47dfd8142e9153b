package etcd

import (
	"slices"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// behind is the index of the member that answers at the first endpoint.
func behind(t *testing.T, e *etcdtest.Cluster, c *Client) int {
	t.Helper()
	st, fail := c.status(t.Context(), c.current()[0])
	if fail != nil {
		t.Fatalf("the first endpoint: %+v", fail)
	}
	return slices.IndexFunc(e.Members(), func(m *etcdtest.Member) bool { return cluster.ID(m.ID()) == st.MemberID })
}

func labels(v cluster.Verdict) []string {
	var all []string
	for _, m := range v.Members {
		all = append(all, m.Label)
	}
	slices.Sort(all)
	return all
}

// TestGateway: one endpoint, behind which each connection may reach another
// member. Who answers changes; who the members are, and what is said of those
// that are reached, does not.
func TestGateway(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	address, err := e.Gateway(t.Context())
	etcdtest.OK(t, err)
	gateway := []string{"http://" + address}
	c := watch(t, gateway)
	blind := watch(t, gateway, func(o *Options) { o.Cluster.DiscoverMembers = false })
	healthy3().check(t, "through the gateway", judge(t, c))

	for turn := range 3 {
		gone := behind(t, e, c)
		name := e.Member(gone).Name()
		etcdtest.OK(t, e.Member(gone).Kill())
		etcdtest.Eventually(t, 20*time.Second, "a quorum again", func() bool { return judge(t, c).VotersConfirmed.V == 2 })
		v := judge(t, c)
		expect{
			"quorum": true, "voters": 3, "voters_up": 2, "voters_confirmed": 2, "tolerance": 0, "members": 3,
			"up " + name: false, "split_leaders": false, "split_ids": false, "partition " + name: nil,
		}.check(t, name+" killed behind the gateway", v)
		if got := labels(v); !slices.Equal(got, []string{"m0", "m1", "m2"}) {
			t.Errorf("turn %d: members are %v", turn, got)
		}

		etcdtest.Eventually(t, 20*time.Second, "somebody answers through the gateway", func() bool {
			v = judge(t, blind)
			return v.HasQuorum.OK && v.Voters.OK
		})
		expect{
			"quorum": true, "voters": 3, "voters_up": nil, "voters_confirmed": nil, "tolerance": nil, "members": 3,
			"split_leaders": false, "up " + name: nil,
		}.check(t, name+" killed, and nobody else is known", v)
		if got := labels(v); !slices.Equal(got, []string{"m0", "m1", "m2"}) {
			t.Errorf("turn %d, without discovery: members are %v", turn, got)
		}
		etcdtest.OK(t, e.Member(gone).Restart(t.Context()))
		eventuallyHealthy(t, c)
	}
	// Probes and digests need an endpoint of each member's own.
	probed := map[cluster.ID]string{}
	for _, target := range c.targets() {
		probed[target.last.Member] = target.url
	}
	for _, m := range e.Members() {
		if got := probed[cluster.ID(m.ID())]; got != m.ClientURL() {
			t.Errorf("%s is probed at %q", m.Name(), got)
		}
	}
	for _, m := range judge(t, c).Members {
		if m.Configured {
			t.Errorf("%s counts as configured", m.Label)
		}
	}
}

// TestGRPCProxy: a proxy that asks another member each time, and gives a member
// list of its own making. A quorum can be proven through it. Whose it is, and
// that it is lost, cannot.
func TestGRPCProxy(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	address, err := e.GRPCProxy(t.Context())
	etcdtest.OK(t, err)
	proxy := []string{"http://" + address}
	c := watch(t, proxy)
	for range 10 {
		v := judge(t, c)
		expect{
			"cluster_up": true, "quorum": true, "leader": true, "ids": 1, "members": 0,
			"voters": nil, "voters_up": nil, "tolerance": nil, "stale": nil, "claims": nil,
			"split_ids": false, "split_leaders": false,
		}.check(t, "through the proxy", v)
	}
	if n := len(c.current()); n != 1 {
		t.Errorf("%d endpoints: the proxy's list was followed", n)
	}
	beside := watch(t, append(e.Endpoints()[:1], proxy...))
	for range 5 {
		healthy3().check(t, "beside a member's own endpoint", judge(t, beside))
	}

	_, a, b := leaderOf(t, e)
	etcdtest.OK(t, e.Member(a).Kill())
	etcdtest.OK(t, e.Member(b).Kill())
	etcdtest.Eventually(t, 20*time.Second, "the proxy finds the survivor", func() bool {
		v := judge(t, c)
		expect{"quorum": nil, "leader": nil, "voters": nil, "members": 0}.check(t, "two killed behind the proxy", v)
		return v.QuorumUnknown == cluster.UnknownProxy && v.Up
	})
}
