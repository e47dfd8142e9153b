// Package history keeps what outlives a round of questions to one cluster: what
// was counted over the rounds, the last changes, the windows of latency samples,
// and points in time from which growth is judged and pages are drawn.
//
// All of it is bounded, whatever an etcd claims: a member list that is another
// one in every round costs no more memory than one that never changes. Nothing
// here reads a clock; times come with what is recorded.
package history

import (
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	defaultPoints  = 1000
	defaultChanges = 100
	defaultSamples = 1000
	defaultMaxAge  = 10 * time.Minute

	// maxMembers bounds what is kept by member. It is above what one verdict
	// holds, so that only members that are no longer heard of make room.
	maxMembers = 256
	// maxFields bounds the fields that are counted per member. An answer has
	// fewer.
	maxFields = 32
)

// Options say how much is kept. Zero means the default.
type Options struct {
	Points  int           // history points; 1000
	Changes int           // changes of leader or membership; 100
	Samples int           // latency samples per member and operation; 1000
	MaxAge  time.Duration // of a latency sample; 10 minutes
}

// Memory keeps the history of one cluster in memory. It is safe for concurrent
// use.
type Memory struct {
	opts Options

	mu       sync.Mutex // guards what follows
	track    cluster.Track
	latest   cluster.Verdict // zero before the first round
	changes  ring[cluster.Change]
	points   ring[point]
	taken    int // points ever taken
	seats    roll[cluster.ID, seat]
	rejected roll[string, map[string]uint64] // by member label, then field
	epoch    time.Time                       // of the first sample; the others count from it
}

// seat is what is kept of one member.
type seat struct {
	growth  cluster.Opt[cluster.Growth]
	windows map[string]*window // by operation
}

// New returns an empty history.
func New(o Options) *Memory {
	if o.Points <= 0 {
		o.Points = defaultPoints
	}
	if o.Changes <= 0 {
		o.Changes = defaultChanges
	}
	if o.Samples <= 0 {
		o.Samples = defaultSamples
	}
	if o.MaxAge <= 0 {
		o.MaxAge = defaultMaxAge
	}
	return &Memory{
		opts:     o,
		changes:  ring[cluster.Change]{max: o.Changes},
		points:   ring[point]{max: o.Points},
		seats:    roll[cluster.ID, seat]{max: maxMembers},
		rejected: roll[string, map[string]uint64]{max: maxMembers},
	}
}

// Resize changes how many points and changes are kept; zero means the default.
// What is kept stays, as far as there is room.
func (m *Memory) Resize(points, changes int) {
	if points <= 0 {
		points = defaultPoints
	}
	if changes <= 0 {
		changes = defaultChanges
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if points != m.points.max {
		m.points.resize(points)
	}
	if changes != m.changes.max {
		m.changes.resize(changes)
	}
}

// Record takes in the verdict of one round and returns the changes that it
// shows. Every round is recorded once, in whatever order rounds end: one that
// began before another that is already recorded tells of no change.
func (m *Memory) Record(v cluster.Verdict) []cluster.Change {
	if v.Start.IsZero() {
		return nil // of no round
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	track, changes := m.track.Next(v)
	m.track = track
	for i := range changes {
		changes[i] = slim(changes[i])
		m.changes.push(changes[i])
	}
	for i := range v.Members {
		m.see(&v.Members[i], v.Start)
	}
	if v.Start.Before(m.latest.Start) {
		return changes
	}
	m.latest = v
	if v.MembershipStale.OK && !v.MembershipStale.V {
		m.forget(v)
	}
	return changes
}

// see notes that a member was heard of, and counts what it said that made no
// sense.
func (m *Memory) see(member *cluster.Member, at time.Time) {
	m.seats.at(member.ID, at)
	if member.Status == nil || len(member.Status.Rejected) == 0 {
		return
	}
	counts := m.rejected.at(member.Label, at)
	if counts == nil {
		return
	}
	if *counts == nil {
		*counts = map[string]uint64{}
	}
	for _, field := range member.Status.Rejected {
		if _, ok := (*counts)[field]; ok || len(*counts) < maxFields {
			(*counts)[field]++
		}
	}
}

// forget drops what is kept of members that are gone. The list is a confirmed
// one: a list that nobody vouches for must not make us forget anybody.
func (m *Memory) forget(v cluster.Verdict) {
	ids := make(map[cluster.ID]bool, len(v.Members))
	labels := make(map[string]bool, len(v.Members))
	for i := range v.Members {
		ids[v.Members[i].ID] = true
		labels[v.Members[i].Label] = true
	}
	for i := range v.List {
		ids[v.List[i].ID] = true
	}
	m.seats.retain(ids)
	m.rejected.retain(labels)
}

// Latest is the verdict of the round that began last.
func (m *Memory) Latest() (cluster.Verdict, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.latest, !m.latest.Start.IsZero()
}

// Changes lists the last changes, oldest first. Of the members before and after,
// names are made safe and client URLs are left out.
func (m *Memory) Changes() []cluster.Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes.all()
}

// slim keeps of a change what is worth keeping a hundred times: names and URLs
// in a member list may be of any length.
func slim(c cluster.Change) cluster.Change {
	c.Before, c.After = slimList(c.Before), slimList(c.After)
	return c
}

func slimList(list []cluster.ListedMember) []cluster.ListedMember {
	if list == nil {
		return nil
	}
	slim := make([]cluster.ListedMember, min(len(list), maxMembers))
	for i := range slim {
		slim[i] = cluster.ListedMember{
			ID: list[i].ID, Name: safeName(list[i].Name), IsLearner: list[i].IsLearner,
		}
	}
	return slim
}
