package history

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at is so many seconds into the test.
func at(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }

// verdict is one of a healthy cluster with these members, the first one leading
// in that term.
func verdict(start time.Time, term uint64, ids ...cluster.ID) cluster.Verdict {
	v := cluster.Verdict{
		Cluster: "c", Start: start, Up: true, HasQuorum: cluster.Known(true),
		MembershipStale: cluster.Known(false),
	}
	for i, id := range ids {
		if i == 0 {
			v.Leader = cluster.Claim{Leader: id, Term: term}
		}
		v.List = append(v.List, cluster.ListedMember{ID: id, Name: "n" + id.String()})
		v.Members = append(v.Members, cluster.Member{
			ID: id, Label: "n" + id.String(), Listed: true, Started: true,
			Up: cluster.Known(true), Confirmed: cluster.Known(true),
			Status: &cluster.Status{MemberID: id, DBSize: cluster.Known[int64](64 << 20), DBInUse: cluster.Known[int64](32 << 20)},
		})
	}
	return v
}

// rejecting lets the first member's answer have fields that made no sense.
func rejecting(v cluster.Verdict, fields ...string) cluster.Verdict {
	v.Members[0].Status.Rejected = fields
	return v
}

func TestNothingRecorded(t *testing.T) {
	m := New(Options{})
	if v, ok := m.Latest(); ok {
		t.Errorf("latest verdict of no round: %+v", v)
	}
	if got := m.Record(cluster.Verdict{}); got != nil {
		t.Errorf("a verdict of no round changed %v", got)
	}
	m.Point()
	if p := m.Points(time.Time{}); len(p) != 0 {
		t.Errorf("points of no round: %v", p)
	}
	s := m.Summary(t0)
	if len(s.Growth)+len(s.Latency)+len(s.Rejected)+len(m.Changes()) != 0 || s.Track.LeaderChanges != 0 {
		t.Errorf("summary of no round: %+v", s)
	}
}

func TestRecordCountsChanges(t *testing.T) {
	m := New(Options{})
	for _, v := range []cluster.Verdict{
		verdict(at(0), 2, 1, 2, 3),
		verdict(at(10), 2, 1, 2, 3),
		verdict(at(20), 5, 1, 2, 3), // the same member leads again, three terms on
		verdict(at(15), 2, 1, 2, 3), // late, and no change back
		verdict(at(30), 6, 2, 1, 3, 4),
	} {
		m.Record(v)
	}
	s := m.Summary(at(30))
	if s.Track.LeaderChanges != 2 || s.Track.LeaderSince.V != at(30) || s.Track.MembershipChanges != 1 {
		t.Errorf("track %+v", s.Track)
	}
	var kinds []string
	for _, c := range m.Changes() {
		kinds = append(kinds, fmt.Sprint(c.At.Sub(t0).Seconds(), " ", c.Kind))
	}
	want := []string{"20 leader_changed", "30 leader_changed", "30 membership_changed"}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("changes %q, want %q", kinds, want)
	}
	if v, ok := m.Latest(); !ok || v.Start != at(30) {
		t.Errorf("latest began at %v", v.Start)
	}
}

func TestRecordReturnsChanges(t *testing.T) {
	m := New(Options{})
	if got := m.Record(verdict(at(0), 2, 1)); got != nil {
		t.Errorf("the first round changed %v", got)
	}
	got := m.Record(verdict(at(10), 3, 1))
	if len(got) != 1 || got[0].From.Term != 2 || got[0].To.Term != 3 {
		t.Errorf("changes %+v", got)
	}
}

func TestLatestIsByStart(t *testing.T) {
	m := New(Options{})
	m.Record(verdict(at(20), 2, 1))
	m.Record(verdict(at(10), 2, 1))
	if v, _ := m.Latest(); v.Start != at(20) {
		t.Errorf("a late round replaced the latest: %v", v.Start)
	}
}

func TestChangesAreBounded(t *testing.T) {
	m := New(Options{Changes: 3})
	for i := range 10 {
		m.Record(verdict(at(i), uint64(i), 1))
	}
	got := m.Changes()
	if len(got) != 3 || got[0].To.Term != 7 || got[2].To.Term != 9 {
		t.Errorf("changes %+v", got)
	}
}

func TestChangesKeepNoLongText(t *testing.T) {
	m := New(Options{})
	m.Record(verdict(at(0), 2, 1))
	v := verdict(at(10), 2, 1, 2)
	v.List[1].Name = strings.Repeat("x", 1<<20) + "\n"
	v.List[1].ClientURLs = []string{strings.Repeat("y", 1<<20)}
	m.Record(v)
	after := m.Changes()[0].After
	if len(after) != 2 || len(after[1].Name) != 64 || after[1].ClientURLs != nil {
		t.Errorf("%d members, name of %d bytes, %d URLs", len(after), len(after[1].Name), len(after[1].ClientURLs))
	}
}

func TestRejectedIsCounted(t *testing.T) {
	m := New(Options{})
	m.Record(rejecting(verdict(at(0), 2, 1, 2), "dbSize", "revision"))
	m.Record(rejecting(verdict(at(20), 2, 1, 2), "dbSize"))
	m.Record(rejecting(verdict(at(10), 2, 1, 2), "dbSize")) // late, and counts
	want := []Rejected{{"n1", "dbSize", 3}, {"n1", "revision", 1}}
	if got := m.Summary(at(20)).Rejected; !reflect.DeepEqual(got, want) {
		t.Errorf("rejected %v, want %v", got, want)
	}
}

func TestMembersThatLeftAreForgotten(t *testing.T) {
	m := New(Options{})
	m.Record(rejecting(verdict(at(0), 2, 1, 2, 3), "dbSize"))
	for _, id := range []cluster.ID{1, 2, 3} {
		m.Sample(id, "read", at(1), time.Millisecond)
	}

	stale := verdict(at(10), 2, 2, 3)
	stale.MembershipStale = cluster.Known(true)
	m.Record(stale)
	if s := m.Summary(at(10)); len(s.Latency) != 3 || len(s.Rejected) != 1 {
		t.Errorf("a list that nobody vouches for made forget: %+v", s)
	}
	m.Record(verdict(at(20), 2, 2, 3))
	s := m.Summary(at(20))
	if len(s.Latency) != 2 || s.Latency[0].Member != 2 || len(s.Rejected) != 0 {
		t.Errorf("member 1 left, and is remembered: %+v", s)
	}
}

// An etcd that invents other members in every round, with long names and more
// fields than there are, does not fill the memory, confirmed or not.
func TestInventedMembersAreBounded(t *testing.T) {
	for _, stale := range []bool{false, true} {
		m := New(Options{Points: 10, Changes: 10})
		next := cluster.ID(1000)
		for round := range 100 {
			ids := []cluster.ID{1}
			for range 300 {
				next++
				ids = append(ids, next)
			}
			v := verdict(at(round), 2, ids...)
			v.MembershipStale = cluster.Known(stale)
			for i := range v.Members {
				v.Members[i].Status.Rejected = []string{fmt.Sprint("field", round)}
			}
			m.Record(v)
			for _, id := range ids {
				m.Sample(id, "read", at(round), time.Millisecond)
			}
			m.Point()
		}
		s := m.Summary(at(100))
		if n := len(m.seats.held); n > maxMembers+1 {
			t.Errorf("stale %v: %d members kept", stale, n)
		}
		if len(s.Rejected) > maxMembers*maxFields {
			t.Errorf("stale %v: %d rejections kept", stale, len(s.Rejected))
		}
		if s.Latency[0].Member != 1 || s.Latency[0].Count != 100 {
			t.Errorf("stale %v: the member that was always there has %+v", stale, s.Latency[0])
		}
		if s.Rejected[0].Member != "n1" {
			t.Errorf("stale %v: the member that was always there is forgotten", stale)
		}
	}
}

func TestConcurrentUse(_ *testing.T) {
	m := New(Options{Points: 20, Samples: 50})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				now := at(i*8 + g)
				m.Record(rejecting(verdict(now, uint64(i), 1, 2, 3), "dbSize"))
				m.Sample(cluster.ID(1+i%3), "read", now, time.Millisecond)
				m.Point()
				m.Summary(now)
				m.Changes()
				m.Points(t0)
				m.Latest()
			}
		})
	}
	wg.Wait()
}

// BenchmarkMemory reports what a full history of one cluster takes.
func BenchmarkMemory(b *testing.B) {
	for _, members := range []int{3, 102} {
		b.Run(fmt.Sprint(members, "members"), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				m := full(members)
				b.ReportMetric(float64(heap()-before)/1024, "KiB/cluster")
				runtime.KeepAlive(m)
			}
		})
	}
}

// BenchmarkPoint is the work of one tick of the metrics interval.
func BenchmarkPoint(b *testing.B) {
	for _, members := range []int{3, 102} {
		b.Run(fmt.Sprint(members, "members"), func(b *testing.B) {
			m := full(members)
			v, _ := m.Latest()
			for b.Loop() {
				v.Start = v.Start.Add(10 * time.Second)
				m.Record(v)
				m.Point()
			}
		})
	}
}

// BenchmarkSummary is the work of one scrape, after one sample per member.
func BenchmarkSummary(b *testing.B) {
	for _, members := range []int{3, 102} {
		b.Run(fmt.Sprint(members, "members"), func(b *testing.B) {
			m := full(members)
			v, _ := m.Latest()
			for b.Loop() {
				for i := range v.Members {
					m.Sample(v.Members[i].ID, "read", v.Start, time.Millisecond)
				}
				m.Summary(v.Start)
			}
		})
	}
}

// full is a history in which every ring is full: 1000 points, and 1000 samples
// of two operations per member within ten minutes.
func full(members int) *Memory {
	m := New(Options{})
	ids := make([]cluster.ID, members)
	for i := range ids {
		ids[i] = cluster.ID(i + 1)
	}
	for i := range 1100 {
		v := verdict(at(i*10), 2, ids...)
		for j := range v.Members {
			v.Members[j].Status.DBSize = cluster.Known(int64(i+j) << 16)
			v.Members[j].Status.DBInUse = cluster.Known(int64(i*31%977) << 12)
			for _, op := range []string{"read", "write"} {
				m.Sample(ids[j], op, at(10_400+i/2), time.Duration(i*7919%1000)*time.Microsecond)
			}
		}
		m.Record(v)
		m.Point()
	}
	return m
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// TestResize: what is kept stays as far as there is room, the newest of it, and
// what comes later is kept up to the new size.
func TestResize(t *testing.T) {
	m := New(Options{Points: 6, Changes: 3})
	i := 0
	change := func(n int) {
		for range n {
			i++
			m.Record(verdict(at(10*i), uint64(i), 1, 2))
			m.Point()
		}
	}
	kept := func(points, changes int) {
		t.Helper()
		p := m.Points(time.Time{})
		if len(p) != points || len(m.Changes()) != changes {
			t.Errorf("%d points and %d changes, want %d and %d", len(p), len(m.Changes()), points, changes)
		}
		last, _ := m.Latest()
		if n := len(p); n > 0 && !p[n-1].At.Equal(last.Start) {
			t.Errorf("the newest point is of %v, want %v", p[n-1].At, last.Start)
		}
	}
	change(10)
	kept(6, 3)
	m.Resize(4, 2)
	kept(4, 2)
	change(5)
	kept(4, 2)
	m.Resize(8, 5)
	kept(4, 2)
	change(10)
	kept(8, 5)
	m.Resize(0, 0)
	change(20)
	kept(28, 25)
}
