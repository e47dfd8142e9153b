package cluster

import "testing"

// Members that are there and do not reach each other.
func TestJudgePartitions(t *testing.T) { check(t, partitions) }

var partitions = []row{
	{"a follower is isolated", three.round(up(m1).leads(2), up(m2).leaderless(2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 1, partition 0`},
	// For half a second two members say they lead, for a while of that in the
	// same term, as a new leader reports the old one until an entry is applied.
	{"the leader is isolated and does not know yet", three.round(up(m1).leads(2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 0, partition 1, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"the leader is isolated and knows", three.round(up(m1).leaderless(2), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"healed, but still in the old term", three.round(up(m1).follows(m2, 2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 0, partition 1
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	// A cut of one direction gives the picture of both, as streams are TCP.
	{"one way from the leader to a follower", three.round(up(m1).leads(2), up(m2).follows(m1, 2), up(m3).leaderless(2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 0, partition 1, sees no leader`},
	{"slow is not partitioned: same leader, same term", three.round(up(m1).leads(2), up(m2).follows(m1, 2).hangs(), up(m3).follows(m1, 2).hangs()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 1, quorum size 2, tolerance -1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 0, partition 0
		m3 up 1, confirmed 0, partition 0`},
	{"cut off from us too: down or unreachable, nobody can tell", three.round(up(m1).leads(2), up(m2).follows(m1, 2), down(m3, ReasonTimeout)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 0, confirmed 0, partition -, timeout`},
	{"all three apart", three.round(up(m1).leaderless(2), up(m2).leaderless(2), up(m3).leaderless(2)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 3, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 0, partition 1, sees no leader`},
	{"the leader and one more of five", five.round(up(m1).leads(2).hangs(), up(m2).follows(m1, 2).hangs(),
		up(m3).leads(3), up(m4).follows(m3, 3), up(m5).follows(m3, 3)), `
		quorum 1, m3 leads in term 3, claims 2, split brain 0 0
		voters 5, up 5, confirmed 3, quorum size 3, tolerance 0
		m1 up 1, confirmed 0, partition 1, leads
		m2 up 1, confirmed 0, partition 1
		m3 up 1, confirmed 1, partition 0, leads
		m4 up 1, confirmed 1, partition 0
		m5 up 1, confirmed 1, partition 0`},
	// The same picture as with two dead of three. It is stated as seen from here.
	{"we are in the minority", three.round(up(m1).leaderless(2), down(m2, ReasonTimeout), down(m3, ReasonTimeout)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, timeout
		m3 up 0, confirmed 0, partition -, timeout`},
	{"we reach one isolated member, and its peers not at all", three.round(up(m1).leaderless(2), down(m2, ReasonDNS).stranger(), down(m3, ReasonDNS).stranger()), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, dns
		m3 up 0, confirmed 0, partition -, dns`},
	{"too much loss to keep a leader", three.round(up(m1).leads(9).hangs(), up(m2).leaderless(9), up(m3).follows(m1, 9).hangs()), `
		quorum 0, claims 1, split brain 0 0
		voters 3, up 3, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, leads
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 0, partition 1`},
	{"whether a reachable member is confirmed is not known", three.round(
		up(m1).leaderless(2), up(m2).follows(m3, 2).read(ReasonAuth), killed(m3)), `
		quorum - auth, claims 0, split brain 0 0
		voters 3, up 2, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed 0, partition -, sees no leader
		m2 up 1, confirmed -, partition -, no Range
		m3 up 0, confirmed 0, partition -, refused`},
	{"a majority hangs, and what the rest would say does not matter", five.round(
		up(m1).leaderless(2), up(m2).leaderless(2), up(m3).leaderless(2), up(m4).follows(m5, 2).read(ReasonAuth)), `
		quorum - auth, claims 0, split brain 0 0
		voters 5, up -, confirmed -, quorum size 3, tolerance -, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 0, partition 1, sees no leader
		m4 up 1, confirmed -, partition -, no Range
		m5 up -, confirmed -, partition -, not configured`},
}
