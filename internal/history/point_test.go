package history

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

func TestPointsHoldWhatWasKnown(t *testing.T) {
	v := verdict(t0, 7, 1)
	v.Members = []cluster.Member{
		{
			ID: 1, Up: cluster.Known(true), Confirmed: cluster.Known(true), Lag: cluster.Known[uint64](12),
			Status: &cluster.Status{DBSize: cluster.Known[int64](3 * 4096), DBInUse: cluster.Known[int64](2*4096 + 1), Took: 1234567 * time.Nanosecond},
		},
		{ID: 2, Learner: true, Up: cluster.Known(false)},
		{
			ID: 3, Up: cluster.Known(true), Confirmed: cluster.Known(false), Lag: cluster.Known[uint64](math.MaxUint64),
			Status: &cluster.Status{DBSize: cluster.Known[int64](math.MaxInt64), Took: time.Hour},
		},
	}
	m := New(Options{})
	m.Record(v)
	m.Point()
	want := []Point{{
		At: t0, Up: true, HasQuorum: cluster.Known(true), Leader: cluster.Claim{Leader: 1, Term: 7},
		Members: []MemberPoint{
			{
				ID: 1, Up: cluster.Known(true), Confirmed: cluster.Known(true),
				Size: cluster.Known[int64](3 * 4096), InUse: cluster.Known[int64](2 * 4096),
				Lag: cluster.Known[uint64](12), RTT: cluster.Known(1234 * time.Microsecond),
			},
			{ID: 2, Learner: true, Up: cluster.Known(false)},
			{
				ID: 3, Up: cluster.Known(true), Confirmed: cluster.Known(false),
				Size: cluster.Known[int64]((math.MaxUint32 - 1) * 4096),
				Lag:  cluster.Known[uint64](math.MaxUint32 - 1), RTT: cluster.Known((1<<24 - 2) * time.Microsecond),
			},
		},
	}}
	if got := m.Points(time.Time{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestPointsOfNothingKnown(t *testing.T) {
	m := New(Options{})
	m.Record(cluster.Verdict{Start: t0})
	m.Point()
	want := []Point{{At: t0, Members: []MemberPoint{}}}
	if got := m.Points(time.Time{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestPointsAreOfNewRounds(t *testing.T) {
	m := New(Options{Points: 3})
	for _, start := range []int{0, 10, 10, 5, 20, 30} {
		m.Record(verdict(at(start), 2, 1))
		m.Point()
		m.Point()
	}
	seconds := func(since time.Time) []int {
		var list []int
		for _, p := range m.Points(since) {
			list = append(list, int(p.At.Sub(t0).Seconds()))
		}
		return list
	}
	if got, want := seconds(time.Time{}), []int{10, 20, 30}; !reflect.DeepEqual(got, want) {
		t.Errorf("points at %v, want %v", got, want)
	}
	if got, want := seconds(at(20)), []int{30}; !reflect.DeepEqual(got, want) {
		t.Errorf("points after 20 at %v, want %v", got, want)
	}
}

func TestGrowth(t *testing.T) {
	const mib = 1 << 20
	grow := func(m *Memory, from, to int, size func(second int) int64) {
		for s := from; s <= to; s += 10 {
			v := verdict(at(s), 2, 1, 2)
			v.Members[0].Status.DBSize = cluster.Known(size(s))
			v.Members[1].Status = nil // does not answer
			m.Record(v)
			m.Point()
		}
	}
	m := New(Options{})
	grow(m, 0, 50, func(s int) int64 { return int64(s) * mib })
	if g := m.Summary(at(50)).Growth; len(g) != 0 {
		t.Errorf("growth is known after less than a minute: %v", g)
	}
	grow(m, 60, 300, func(s int) int64 { return int64(s) * mib })
	g := m.Summary(at(300)).Growth
	if want := map[cluster.ID]cluster.Growth{1: {Size: mib}}; !reflect.DeepEqual(g, want) {
		t.Errorf("growth %v, want %v", g, want)
	}

	grow(m, 310, 310, func(int) int64 { return mib }) // defragmented
	if g := m.Summary(at(310)).Growth; len(g) != 0 {
		t.Errorf("growth outlives a defragmentation: %v", g)
	}
	grow(m, 320, 600, func(s int) int64 { return int64(s) * 2 * mib })
	if g := m.Summary(at(600)).Growth[1]; g.Size != 2*mib {
		t.Errorf("growth after a defragmentation %v", g)
	}
}

// Growth that changes is seen within as many points as the work is spread over.
func TestGrowthIsJudgedInTurns(t *testing.T) {
	m := New(Options{Points: 20})
	size := int64(0)
	for s := range 200 {
		if s < 100 {
			size += 1 << 20
		} else {
			size += 4 << 20
		}
		v := verdict(at(s*10), 2, 1, 2, 3, 4, 5, 6, 7)
		for i := range v.Members {
			v.Members[i].Status.DBSize = cluster.Known(size)
		}
		m.Record(v)
		m.Point()
	}
	for id, g := range m.Summary(at(2000)).Growth {
		if g.Size != 4<<20/10. {
			t.Errorf("member %v grows by %v", id, g.Size)
		}
	}
}

func TestGrowthOfMemberThatComesAndGoes(t *testing.T) {
	m := New(Options{})
	for s := 0; s <= 600; s += 10 {
		ids := []cluster.ID{1, 2}
		if s/100%2 == 1 {
			ids = []cluster.ID{2}
		}
		v := verdict(at(s), 2, ids...)
		v.MembershipStale = cluster.Opt[bool]{}
		for i := range v.Members {
			v.Members[i].Status.DBSize = cluster.Known(int64(s) * 4096)
		}
		m.Record(v)
		m.Point()
	}
	for _, id := range []cluster.ID{1, 2} {
		if g := m.Summary(at(600)).Growth[id]; g.Size != 4096 {
			t.Errorf("member %v grows by %v", id, g.Size)
		}
	}
}
