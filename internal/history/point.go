package history

import (
	"math"
	"slices"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// Point is the state of a cluster at one time.
type Point struct {
	At        time.Time // start of the round that saw it
	Up        bool      // an etcd answered
	HasQuorum cluster.Opt[bool]
	Leader    cluster.Claim // confirmed; zero when none was
	Members   []MemberPoint // ordered by ID
}

// MemberPoint is the state of one member at that time.
type MemberPoint struct {
	ID        cluster.ID
	Learner   bool
	Up        cluster.Opt[bool]
	Confirmed cluster.Opt[bool]
	Size      cluster.Opt[int64] // bytes, in whole pages of 4 KiB, as etcd allocates them
	InUse     cluster.Opt[int64] // likewise
	Lag       cluster.Opt[uint64]
	RTT       cluster.Opt[time.Duration] // of Status, in whole microseconds
}

// point is a Point, packed: 128 bytes with three members.
type point struct {
	at     time.Time
	leader cluster.Claim
	flags  uint8
	who    *[]cluster.ID // shared by points of the same members
	rows   []row         // in the order of who
}

// row is a MemberPoint without its ID, 16 bytes: a hundred clusters of three
// members with a thousand points each are to fit into a few megabytes.
type row struct {
	size, inUse uint32 // pages
	lag         uint32
	rest        uint32 // flags, and above them 24 bits of microseconds
}

const (
	page     = 4096
	unknown  = math.MaxUint32      // of size, inUse and lag; what is larger is one less
	unknown3 = math.MaxUint32 >> 8 // of the microseconds

	flagLearner = 1 << 0
	flagUp      = 1 // shift of two bits
	flagFirm    = 3 // shift of two bits

	flagAnswered = 1 << 0
	flagQuorum   = 1 // shift of two bits
)

// growthTurns is over how many points the work of judging growth is spread.
// With a hundred members it takes a tenth of a second, and it says little more
// after ten seconds than before.
const growthTurns = 6

// Point takes a point from the latest verdict, unless there is one already. It
// also judges growth anew.
func (m *Memory) Point() {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := &m.latest
	last := m.points.last()
	if v.Start.IsZero() || last != nil && !v.Start.After(last.at) {
		return
	}
	p := pack(v)
	if last != nil && slices.Equal(*last.who, *p.who) {
		p.who = last.who
	}
	shrunk := shrunkSince(last, &p)
	m.points.push(p)
	m.taken++
	sizes := make([]cluster.SizePoint, 0, m.points.n)
	for i, id := range *p.who {
		s := m.seats.get(id)
		if s == nil {
			continue
		}
		if !s.growth.OK || shrunk[id] || (m.taken+i)%growthTurns == 0 {
			s.growth = m.growthOf(id, sizes)
		}
	}
}

// shrunkSince names the members whose database became smaller: their growth
// starts anew.
func shrunkSince(last, p *point) map[cluster.ID]bool {
	shrunk := map[cluster.ID]bool{}
	if last == nil {
		return shrunk
	}
	for i, id := range *p.who {
		j := slices.Index(*last.who, id)
		if j >= 0 && p.rows[i].size < last.rows[j].size && last.rows[j].size != unknown {
			shrunk[id] = true
		}
	}
	return shrunk
}

// growthOf judges the growth of one member; sizes is an empty slice to work in.
func (m *Memory) growthOf(id cluster.ID, sizes []cluster.SizePoint) cluster.Opt[cluster.Growth] {
	var who *[]cluster.ID
	place := -1
	for i := range m.points.n {
		p := m.points.at(i)
		if p.who != who {
			who, place = p.who, slices.Index(*p.who, id)
		}
		if place < 0 {
			continue
		}
		r := p.rows[place]
		if r.size == unknown || r.inUse == unknown {
			continue
		}
		sizes = append(sizes, cluster.SizePoint{
			At: p.at, Size: int64(r.size) * page, InUse: int64(r.inUse) * page,
		})
	}
	return cluster.GrowthOf(sizes)
}

// Points lists the points after that time, oldest first.
func (m *Memory) Points(since time.Time) []Point {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Point
	for i := range m.points.n {
		if p := m.points.at(i); p.at.After(since) {
			list = append(list, p.unpack())
		}
	}
	return list
}

func pack(v *cluster.Verdict) point {
	n := min(len(v.Members), maxMembers)
	who := make([]cluster.ID, n)
	p := point{at: v.Start, leader: v.Leader, who: &who, rows: make([]row, n)}
	if v.Up {
		p.flags |= flagAnswered
	}
	p.flags |= tri(v.HasQuorum) << flagQuorum
	for i := range n {
		m := &v.Members[i]
		who[i] = m.ID
		r := row{size: unknown, inUse: unknown, lag: unknown, rest: unknown3 << 8}
		if st := m.Status; st != nil {
			r.size, r.inUse = pages(st.DBSize), pages(st.DBInUse)
			r.rest = min(uint32(min(max(st.Took.Microseconds(), 0), unknown3)), unknown3-1) << 8
		}
		if m.Lag.OK {
			r.lag = uint32(min(m.Lag.V, unknown-1))
		}
		if m.Learner {
			r.rest |= flagLearner
		}
		r.rest |= uint32(tri(m.Up))<<flagUp | uint32(tri(m.Confirmed))<<flagFirm
		p.rows[i] = r
	}
	return p
}

func (p *point) unpack() Point {
	u := Point{
		At: p.at, Leader: p.leader,
		Up: p.flags&flagAnswered != 0, HasQuorum: untri(p.flags >> flagQuorum),
		Members: make([]MemberPoint, len(p.rows)),
	}
	for i, r := range p.rows {
		flags := uint8(r.rest)
		mp := MemberPoint{
			ID: (*p.who)[i], Learner: flags&flagLearner != 0,
			Up: untri(flags >> flagUp), Confirmed: untri(flags >> flagFirm),
			Size: bytesOf(r.size), InUse: bytesOf(r.inUse),
		}
		if r.lag != unknown {
			mp.Lag = cluster.Known(uint64(r.lag))
		}
		if us := r.rest >> 8; us != unknown3 {
			mp.RTT = cluster.Known(time.Duration(us) * time.Microsecond)
		}
		u.Members[i] = mp
	}
	return u
}

// tri is an optional bit in two bits.
func tri(o cluster.Opt[bool]) uint8 {
	switch {
	case !o.OK:
		return 0
	case o.V:
		return 3
	}
	return 1
}

func untri(bits uint8) cluster.Opt[bool] {
	return cluster.Opt[bool]{V: bits&3 == 3, OK: bits&1 != 0}
}

func pages(bytes cluster.Opt[int64]) uint32 {
	if !bytes.OK || bytes.V < 0 {
		return unknown
	}
	return uint32(min(bytes.V/page, unknown-1))
}

func bytesOf(pages uint32) cluster.Opt[int64] {
	if pages == unknown {
		return cluster.Opt[int64]{}
	}
	return cluster.Known(int64(pages) * page)
}
