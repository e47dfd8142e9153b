package cluster

import (
	"slices"
	"time"
)

// Track is what has been counted over the rounds of one cluster. The zero Track
// has seen none.
type Track struct {
	LeaderChanges     uint64
	MembershipChanges uint64
	// LeaderSince is when the present leadership was first seen; unknown until
	// a change was seen, since before that it is as old as we are.
	LeaderSince Opt[time.Time]

	leader Claim
	list   []ListedMember
	last   time.Time
}

// ChangeKind says what changed.
type ChangeKind string

// What changes are kept.
const (
	LeaderChanged     ChangeKind = "leader_changed"
	MembershipChanged ChangeKind = "membership_changed"
)

// Change is one thing that a round saw differ from the round before.
type Change struct {
	At       time.Time // start of the round that saw it
	Kind     ChangeKind
	From, To Claim          // for LeaderChanged
	Before   []ListedMember // for MembershipChanged
	After    []ListedMember
}

// Next is the Track after one more round. Rounds may overlap and arrive out of
// order; one that began before the last one counted is too late to tell of a
// change. However many terms lie between two rounds, what is observed is one
// change. Rounds without a confirmed leader or list change nothing.
func (t Track) Next(v Verdict) (Track, []Change) {
	if v.Start.Before(t.last) {
		return t, nil
	}
	t.last = v.Start
	var changes []Change
	if c := v.Leader; c.Leader != 0 {
		if t.leader.Leader != 0 && t.leader != c {
			t.LeaderChanges++
			t.LeaderSince = Known(v.Start)
			changes = append(changes, Change{At: v.Start, Kind: LeaderChanged, From: t.leader, To: c})
		}
		t.leader = c
	}
	if v.MembershipStale.OK && !v.MembershipStale.V {
		if t.list != nil && !slices.EqualFunc(t.list, v.List, sameSeat) {
			t.MembershipChanges++
			changes = append(changes, Change{
				At: v.Start, Kind: MembershipChanged, Before: t.list, After: v.List,
			})
		}
		t.list = v.List
	}
	return t, changes
}

// sameSeat: a member that starts, or changes its URLs, is still the same voter
// or learner.
func sameSeat(a, b ListedMember) bool { return a.ID == b.ID && a.IsLearner == b.IsLearner }
