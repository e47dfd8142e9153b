package etcd

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// spared checks that the first member's behaviour took nothing away from the
// verdict on the two others, which are in order, or on the cluster.
func spared(t *testing.T, f *fake.Cluster, v cluster.Verdict) {
	t.Helper()
	if v.HasQuorum != cluster.Known(true) || v.SplitBrain.Leaders == cluster.Known(true) && v.Leader.Leader == 0 {
		t.Errorf("the cluster: %s", summary(v))
	}
	for _, s := range f.Servers()[1:] {
		m := memberOf(v, s.ID)
		if !strings.HasPrefix(m.Label, s.Name) || m.Up != cluster.Known(true) || m.Confirmed != cluster.Known(true) ||
			m.Status == nil || !m.Status.DBSize.OK || !m.Lag.OK || m.Alarms == nil {
			t.Errorf("member %s is not complete: %+v\n%s", s.Name, m, summary(v))
		}
	}
	if most := linearizableTimeout + lookAgainTimeout; v.Took > most {
		t.Errorf("the round took %v, longer than %v", v.Took, most)
	}
}

func memberOf(v cluster.Verdict, id uint64) cluster.Member {
	i := slices.IndexFunc(v.Members, func(m cluster.Member) bool { return uint64(m.ID) == id })
	if i < 0 {
		return cluster.Member{}
	}
	return v.Members[i]
}

// within checks that what f does leaves less than 32 MiB on the heap.
func within(t *testing.T, f func()) {
	t.Helper()
	before := heap()
	f()
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// A member may say what it likes in well-formed messages.
func TestMemberThatLies(t *testing.T) {
	type verdict = cluster.Verdict
	isUp := func(want cluster.Opt[bool]) func(*testing.T, verdict, cluster.Member) {
		return func(t *testing.T, _ verdict, liar cluster.Member) {
			if liar.Up != want {
				t.Errorf("up is %v, want %v", liar.Up, want)
			}
		}
	}
	up, down := isUp(cluster.Known(true)), isUp(cluster.Known(false))
	for name, test := range map[string]struct {
		lie  fake.Script
		then func(*testing.T, verdict, cluster.Member)
	}{
		"no header": {fake.Script{
			Status: func(r *pb.StatusResponse) { r.Header = nil },
			Range:  func(_ *pb.RangeRequest, r *pb.RangeResponse) { r.Header = nil },
			List:   func(r *pb.MemberListResponse) { r.Header = nil },
		}, down},
		"numbers beyond all bounds": {fake.Script{Status: func(r *pb.StatusResponse) {
			r.DbSize, r.DbSizeInUse, r.DbSizeQuota = -5, 1<<62, math.MaxInt64
			r.RaftIndex, r.RaftAppliedIndex, r.Header.Revision = math.MaxUint64, math.MaxUint64, -1
		}}, func(t *testing.T, _ verdict, liar cluster.Member) {
			if len(liar.Status.Rejected) != 6 || liar.Lag.OK {
				t.Errorf("%+v, lag %v", liar.Status, liar.Lag)
			}
		}},
		"ten thousand errors": {fake.Script{Status: func(r *pb.StatusResponse) {
			r.Errors = slices.Repeat([]string{"memberID:1 alarm:NOSPACE " + strings.Repeat("x", 100)}, 10_000)
		}}, func(t *testing.T, v verdict, _ cluster.Member) {
			if want := []cluster.Alarm{{Member: 1, Type: "NOSPACE"}}; !slices.Equal(v.StrayAlarms, want) {
				t.Errorf("alarms %v", v.StrayAlarms)
			}
		}},
		"no version": {fake.Script{Status: func(r *pb.StatusResponse) { r.Version = "" }}, up},
		"a version of garbage": {fake.Script{Status: func(r *pb.StatusResponse) {
			r.Version = "\"} 9\n\x00" + strings.Repeat("9.", 1<<19)
		}}, func(t *testing.T, _ verdict, liar cluster.Member) {
			if version := liar.Status.Version; len(version) > 64 || strings.ContainsAny(version, "\n\x00") || liar.Status.Quota.OK {
				t.Errorf("version %q, quota %v", version, liar.Status.Quota)
			}
		}},
		// A member that a read is confirmed through may well lead: two of them
		// are what a split brain looks like.
		"leader of an enormous term": {fake.Script{Status: func(r *pb.StatusResponse) {
			r.Leader, r.RaftTerm = r.Header.MemberId, 1<<61
		}}, func(t *testing.T, v verdict, _ cluster.Member) {
			if v.SplitBrain.Leaders != cluster.Known(true) {
				t.Errorf("split brain %+v", v.SplitBrain)
			}
		}},
		"another cluster": {fake.Script{
			Status: func(r *pb.StatusResponse) { r.Header.ClusterId++ },
			Range:  func(_ *pb.RangeRequest, r *pb.RangeResponse) { r.Header.ClusterId++ },
			List:   func(r *pb.MemberListResponse) { r.Header.ClusterId++ },
		}, func(t *testing.T, v verdict, _ cluster.Member) {
			if v.SplitBrain.ClusterID != cluster.Known(true) || v.MainCluster != fake.ClusterID || v.Voters != cluster.Known(3) {
				t.Errorf("split brain %+v, main cluster %v, voters %v", v.SplitBrain, v.MainCluster, v.Voters)
			}
		}},
		"somebody else": {
			fake.Script{Status: func(r *pb.StatusResponse) { r.Header.MemberId = 0xbeef }},
			func(t *testing.T, _ verdict, liar cluster.Member) {
				if liar.Confirmed == cluster.Known(true) && liar.Status != nil {
					t.Errorf("%+v", liar)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := fake.New(t, 3)
			f.Server(0).Tell(test.lie)
			c := watch(t, f.Endpoints())
			within(t, func() {
				for range 3 {
					v := judge(t, c)
					spared(t, f, v)
					test.then(t, v, memberOf(v, f.Server(0).ID))
				}
			})
		})
	}
}

// The member that is asked for the list may claim that anybody is a member, at
// any address. We dial none but this host's, as long as we are told to watch
// this host.
func TestMemberListThatLies(t *testing.T) {
	urls := slices.Repeat([]string{"http://169.254.169.254:80"}, 500)
	urls = append(urls, "http://127.0.0.1:1")
	strangers := map[string][]*pb.Member{
		"ten thousand members": func() (many []*pb.Member) {
			for i := range uint64(10_000) {
				many = append(many, &pb.Member{ID: i + 1, Name: "m", ClientURLs: []string{"http://10.0.0.1"}})
			}
			return many
		}(),
		"addresses that are not dialled": {
			{ID: 1, Name: "none"},
			{ID: 2, Name: "unix", ClientURLs: []string{"unix:///run/etcd.sock", "unixs://x:1", "localhost:2379", "://", "http://"}},
			{ID: 3, Name: "metadata", ClientURLs: []string{"http://169.254.169.254:80", "http://[fd00:ec2::254]:80", "http://[::ffff:169.254.169.254]:80"}},
			{ID: 4, Name: "other-spellings", ClientURLs: []string{"http://0xa9fea9fe:80", "http://2852039166:80", "http://0251.0376.0251.0376:80"}},
			{ID: 5, Name: "everywhere", ClientURLs: []string{"http://0.0.0.0:2379", "http://[::]:2379", "http://224.0.0.1:2379", "http://[fe80::1%25lo]:2379"}},
			{ID: 6, Name: "userinfo", ClientURLs: []string{"http://root:secret@127.0.0.1:1"}},
			{ID: 7, Name: "long", ClientURLs: []string{"http://" + strings.Repeat("a.", 1<<19) + ":1"}},
			{ID: 8, Name: "five-hundred", ClientURLs: urls},
		},
		"names": {
			{ID: 1, Name: "fake-1"}, {ID: 2, Name: "a\nb\"} x"}, {ID: 3, Name: strings.Repeat("n", 1<<20)}, {ID: 4}, {Name: "zero"},
		},
	}
	for name, entries := range strangers {
		t.Run(name, func(t *testing.T) {
			f := fake.New(t, 3)
			f.Server(0).Tell(fake.Script{List: func(r *pb.MemberListResponse) { r.Members = append(r.Members, entries...) }})
			c := watch(t, f.Endpoints())
			within(t, func() {
				for range 3 {
					v := judge(t, c)
					spared(t, f, v)
					wantSafeLabels(t, v)
				}
			})
			asked := c.current() // after the round it may be others' turn
			wantOnlyLoopback(t, judge(t, c), asked)
		})
	}
}

// wantOnlyLoopback checks that endpoints elsewhere were refused when their names
// were looked up, if they were given a chance at all.
func wantOnlyLoopback(t *testing.T, v cluster.Verdict, endpoints []*endpoint) {
	t.Helper()
	failed := reasons(v)
	for _, e := range endpoints {
		u, err := url.Parse(e.url)
		if err != nil || u.Hostname() != "127.0.0.1" && failed[e.url] != cluster.ReasonDNS && failed[e.url] != cluster.ReasonWrongMember {
			t.Errorf("%s was dialled: %v", e.url, failed[e.url])
		}
	}
}

func wantSafeLabels(t *testing.T, v cluster.Verdict) {
	t.Helper()
	labels := map[string]bool{}
	for _, m := range v.Members {
		if labels[m.Label] || m.Label == "" || m.Label != cluster.SafeLabel(m.Label) {
			t.Errorf("label %q", m.Label)
		}
		labels[m.Label] = true
	}
	if len(v.Members) > maxMembers+3 {
		t.Errorf("%d members have a series", len(v.Members))
	}
}

// A list that cannot be decoded is asked for elsewhere, however many have one.
func TestMemberListThatCannotBeDecoded(t *testing.T) {
	f := fake.New(t, 3)
	for _, s := range f.Servers()[:2] {
		s.Tell(fake.Script{Bytes: func(method string, answer []byte) []byte {
			if method != "Cluster/MemberList" {
				return answer
			}
			return []byte(strings.Replace(string(answer), "fake-2", "fake-\xff", 1))
		}})
	}
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 3)
	before := f.Calls()
	wantHealthy(t, c, 3)
	if n := cost(f, before)["Cluster/MemberList"]; n != 1 {
		t.Errorf("the second round asked %d times for a list, and knows who has one", n)
	}
}
