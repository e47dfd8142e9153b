package etcd

import (
	"bytes"
	"runtime/pprof"
	"slices"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/connectivity"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// grpcGoroutines is how many goroutines work for gRPC.
func grpcGoroutines(t *testing.T) int {
	t.Helper()
	var all bytes.Buffer
	etcdtest.OK(t, pprof.Lookup("goroutine").WriteTo(&all, 2))
	n := 0
	for stack := range bytes.SplitSeq(all.Bytes(), []byte("\n\n")) {
		if bytes.Contains(stack, []byte("google.golang.org/grpc")) {
			n++
		}
	}
	return n
}

// learned are the endpoints that nobody configured, by the member they are for.
func learned(c *Client) map[cluster.ID]*endpoint {
	all := map[cluster.ID]*endpoint{}
	for _, e := range c.current() {
		if !e.configured {
			all[e.wanted] = e
		}
	}
	return all
}

// One endpoint shows every member that runs. A member that never started has no
// address. One that leaves takes its connection with it. (Not parallel, for the
// sake of counting goroutines.)
func TestDiscovery(t *testing.T) {
	e := etcdtest.New(t, etcdtest.Options{Learners: 1, Unstarted: 1})
	c := watch(t, e.Endpoints()[:1])
	v := judge(t, c)
	if v.HasQuorum != cluster.Known(true) || v.Voters != cluster.Known(4) || v.VotersUp != cluster.Known(3) ||
		v.Learners != cluster.Known(1) || v.Unstarted != cluster.Known(1) || v.FailureTolerance != cluster.Known(0) {
		t.Errorf("not three of four voters and a learner: %s", summary(v))
	}
	found := learned(c)
	for i, m := range e.Members() {
		if _, ok := found[cluster.ID(m.ID())]; ok != (i > 0) {
			t.Errorf("%s has an endpoint of its own: %v", m.Name(), ok)
		}
	}
	if len(found) != 3 || len(v.Failed) != 0 {
		t.Errorf("learned are %v, failed are %+v", found, v.Failed)
	}

	before := grpcGoroutines(t)
	gone := e.Member(1)
	etcdtest.OK(t, e.RemoveMember(t.Context(), 1))
	etcdtest.Eventually(t, 10*time.Second, "the member is forgotten", func() bool {
		v = judge(t, c)
		return v.Voters == cluster.Known(3) && len(learned(c)) == 2
	})
	if slices.ContainsFunc(v.Members, func(m cluster.Member) bool { return m.ID == cluster.ID(gone.ID()) && m.Listed }) {
		t.Errorf("it is still a member: %s", summary(v))
	}
	etcdtest.Eventually(t, 10*time.Second, "its connection is closed", func() bool {
		return found[cluster.ID(gone.ID())].conn.GetState() == connectivity.Shutdown &&
			grpcGoroutines(t) <= before*3/4
	})
}

// What a member advertises may be wrong. Then it is not known how the member
// is, and nobody else is taken for it.
func TestAdvertisedAddress(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, e.Endpoints()[:1])
	wantHealthy(t, c, 3)
	wrong, dead := e.Member(1), nobody(t)
	for _, test := range []struct {
		advertised string
		want       cluster.Reason // "" when there is nothing to dial
		up         cluster.Opt[bool]
	}{
		{e.Endpoints()[2], cluster.ReasonWrongMember, cluster.Opt[bool]{}},
		{e.Endpoints()[0], cluster.ReasonWrongMember, cluster.Opt[bool]{}},
		{dead, cluster.ReasonRefused, cluster.Known(false)}, // as if it were down
		{"http://169.254.169.254:2379", "", cluster.Opt[bool]{}},
		{"unix://m1.sock:1", "", cluster.Opt[bool]{}},
		{"http://name:secret@127.0.0.1:2379", "", cluster.Opt[bool]{}},
	} {
		advertise(t, e, wrong, test.advertised)
		judge(t, c)      // learns the address
		v := judge(t, c) // has forgotten the former one
		if v.HasQuorum != cluster.Known(true) || v.Voters != cluster.Known(3) || v.VotersUp.OK != test.up.OK {
			t.Errorf("%s: %s", test.advertised, summary(v))
		}
		i := slices.IndexFunc(v.Members, func(m cluster.Member) bool { return m.ID == cluster.ID(wrong.ID()) })
		if i < 0 || v.Members[i].Up != test.up || v.Members[i].Status != nil || v.Members[i].Configured {
			t.Errorf("%s: %s", test.advertised, summary(v))
		}
		if test.want == "" && len(v.Failed) != 0 ||
			test.want != "" && (len(v.Failed) != 1 || v.Failed[0].Failure.Reason != test.want) {
			t.Errorf("%s: failed are %+v", test.advertised, v.Failed)
		}
		if own := learned(c)[cluster.ID(wrong.ID())]; (own != nil) != (test.want != "") {
			t.Errorf("%s: its endpoint is %+v", test.advertised, own)
		}
	}
	advertise(t, e, wrong, wrong.ClientURL())
	judge(t, c)
	wantHealthy(t, c, 3)
}

// Another cluster that answered for a while leaves no trace at the endpoint.
func TestEndpointThatReturnsFromAnotherCluster(t *testing.T) {
	f := fake.New(t, 3)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 3)
	astray := func(h *pb.ResponseHeader) { h.ClusterId, h.MemberId = fake.ClusterID+1, 1 }
	halfway := fake.Script{Status: func(r *pb.StatusResponse) { astray(r.Header) }}
	f.Server(2).Tell(halfway)
	judge(t, c)
	halfway.Range = func(_ *pb.RangeRequest, r *pb.RangeResponse) { astray(r.Header) }
	f.Server(2).Tell(halfway)
	if v := judge(t, c); v.SplitBrain.ClusterID != cluster.Known(true) {
		t.Fatalf("no other cluster is seen: %s", summary(v))
	}
	f.Server(2).Tell(fake.Script{})
	judge(t, c)
	v := wantHealthy(t, c, 3)
	if back := memberOf(v, f.Server(2).ID); !back.Configured || len(c.targets()) != 3 {
		t.Errorf("%d members are probed: %s", len(c.targets()), summary(v))
	}
}

// A member that advertises several URLs is looked for at each of them, and where
// it was found it stays.
func TestMemberIsFoundAtAnyURL(t *testing.T) {
	f := fake.New(t, 3)
	dead, urls := nobody(t), f.Endpoints()
	f.Server(0).Tell(fake.Script{List: func(r *pb.MemberListResponse) {
		r.Members[1].ClientURLs = []string{dead, urls[2], urls[1]} // nobody, another member, itself
	}})
	c := watch(t, urls[:1])
	judge(t, c)
	judge(t, c)
	for range 2 {
		wantHealthy(t, c, 3)
	}
	if e := learned(c)[cluster.ID(f.Server(1).ID)]; e == nil || e.url != urls[1] {
		t.Errorf("the member's endpoint is %+v, want %s", e, urls[1])
	}
}

// A member list may name anybody: the password does not go there in the clear.
func TestPasswordStaysWithConfiguredEndpoints(t *testing.T) {
	f := fake.New(t, 2)
	for _, s := range f.Servers() {
		s.Tell(fake.Script{Token: "a.1"})
	}
	c := watch(t, f.Endpoints()[:1], as("watcher", password))
	judge(t, c)
	named, other := f.Server(0).Calls(), f.Server(1).Calls()
	if named["Auth/Authenticate"] == 0 || other["Maintenance/Status"] == 0 || other["Auth/Authenticate"] != 0 {
		t.Errorf("the configured endpoint was asked %v, the advertised one %v", named, other)
	}
}

// advertise starts the member again with another client URL and waits until the
// list has it.
func advertise(t *testing.T, e *etcdtest.Cluster, m *etcdtest.Member, url string) {
	t.Helper()
	etcdtest.OK(t, m.Kill())
	etcdtest.OK(t, m.Launch("--advertise-client-urls="+url))
	root := e.Client(t, e.Endpoints()[0])
	etcdtest.Eventually(t, startsWithin, "the member advertises "+url, func() bool {
		list, err := root.MemberList(t.Context())
		if err != nil {
			return false
		}
		for _, l := range list.Members {
			if l.ID == m.ID() {
				return slices.Equal(l.ClientURLs, []string{url}) && m.Read(t.Context()) == nil
			}
		}
		return false
	})
}

// Which of the URLs that a member advertises is dialled.
func TestDialable(t *testing.T) {
	for _, test := range []struct {
		name             string
		loopback, secure bool
		urls             []string
		want             []string
	}{
		{"all, in their order", false, false, []string{"http://10.0.0.1:2379", "http://10.0.0.2:2379"}, []string{"http://10.0.0.1:2379", "http://10.0.0.2:2379"}},
		{"a name", false, false, []string{"http://ETCD-1.example:2379"}, []string{"http://etcd-1.example:2379"}},
		{"an address, not the loopback", true, false, []string{"http://localhost:2379", "http://10.0.0.2:2379"}, []string{"http://10.0.0.2:2379"}},
		{"the loopback where we are on that host", true, false, []string{"http://127.0.0.1:2379"}, []string{"http://127.0.0.1:2379"}},
		{"not the loopback of our own host", false, false, []string{"http://127.0.0.1:2379", "http://localhost:2379", "http://[::1]:2379"}, nil},
		{"no clear text where TLS is configured", false, true, []string{"http://10.0.0.1:2379"}, nil},
		{"TLS where TLS is configured", false, true, []string{"http://10.0.0.1:2379", "https://10.0.0.1:2379"}, []string{"https://10.0.0.1:2379"}},
		{"not link-local", true, false, []string{"http://169.254.169.254:80", "http://[fe80::1]:80", "http://[::ffff:169.254.169.254]:80", "http://[fd00:ec2::254]:80"}, nil},
		{"not unspecified", true, false, []string{"http://0.0.0.0:2379", "http://[::]:2379"}, nil},
		{"not multicast", true, false, []string{"http://224.0.0.1:2379"}, nil},
		{"no socket", true, false, []string{"unix://etcd.sock:1", "unixs://etcd.sock:1"}, nil},
		{"no userinfo", true, false, []string{"http://name:secret@10.0.0.1:2379"}, nil},
		{"no port", true, false, []string{"http://10.0.0.1"}, nil},
		{"nonsense", true, false, []string{"", "://", "http://%zz:1", "\x00"}, nil},
		{"none", true, false, nil, nil},
	} {
		c := &Client{}
		c.allowLoopback.Store(test.loopback)
		c.secure.Store(test.secure)
		if got := c.dialable(test.urls); !slices.Equal(got, test.want) {
			t.Errorf("%s: of %q it is %q, want %q", test.name, test.urls, got, test.want)
		}
	}
}

// A name may lead to an address that is not dialled. That is known only when it
// is dialled, and it says nothing about the member.
func TestAddressOfLearnedEndpoint(t *testing.T) {
	for _, test := range []struct {
		address  string
		loopback bool
		ok       bool
	}{
		{"10.0.0.1:2379", false, true},
		{"[2001:db8::1]:2379", false, true},
		{"127.0.0.1:2379", true, true},
		{"127.0.0.1:2379", false, false},
		{"[::1]:2379", false, false},
		{"169.254.169.254:80", true, false},
		{"[fe80::1%eth0]:2379", true, false},
		{"[fd00:ec2::254]:80", true, false},
		{"0.0.0.0:2379", true, false},
		{"no address", true, false},
	} {
		learned := &endpoint{}
		err := learned.guard(test.loopback)(t.Context(), "tcp", test.address, nil)
		if (err == nil) != test.ok {
			t.Errorf("%s with loopback %v: %v", test.address, test.loopback, err)
		}
		if configured := (&endpoint{configured: true}).guard(test.loopback); configured(t.Context(), "tcp", test.address, nil) != nil {
			t.Errorf("%s is refused, though the operator wants it", test.address)
		}
	}
	if connReason(allowed("127.0.0.1:1", false)).Down() {
		t.Error("a member whose address is not dialled is down")
	}
}
