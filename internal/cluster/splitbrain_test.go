package cluster

import (
	"slices"
	"testing"
)

// Two leaderships that both hold, and all that only looks like it.
func TestJudgeSplitBrain(t *testing.T) { check(t, splitBrains) }

var (
	// m2 was isolated and started again with --force-new-cluster. Both halves
	// have the cluster ID that they had, and both take writes.
	forced = three.round(up(m1).leads(2), up(m2).leads(3), up(m3).follows(m1, 2))
	// The data directory of a single member was copied and started twice.
	cloned = one.round(up(m1).leads(2), up(m1).leads(3).on("http://x1:2379"))
	// Copies of a stopped member start in the same term. Only what was written
	// since tells them apart: a linearizable read is never behind an earlier one.
	copied = one.round(up(m1).leads(3).revision(70), up(m1).leads(3).revision(50).on("http://x1:2379"))
)

var splitBrains = []row{
	{"force-new-cluster: one cluster ID, two terms, both confirmed twice", forced.stillSo(), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 1
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"an election between two reads is over in the second look", three.round(
		up(m1).leads(2), up(m2).leads(3), up(m3).follows(m2, 3)).
		again(up(m1).follows(m2, 3), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"elections in both looks: no two leaderships held", three.round(
		up(m1).leads(2), up(m2).leads(3), up(m3).follows(m2, 3)).
		again(up(m1).follows(m3, 4), up(m2).follows(m3, 4), up(m3).leads(4)), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"deposed, and its read hangs in the second look", forced.
		again(up(m1).leads(2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"no time was left for the second look", forced, `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"a clone leads in another term", cloned.stillSo(), `
		quorum 1, m1 leads in term 3, claims 2, split brain 0 1
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m1-a1 up 1, confirmed 1, partition 0, leads`},
	{"one member on two addresses, its leadership renewed between the looks", cloned.
		again(up(m1).leads(3), up(m1).leads(3).on("http://x1:2379")), `
		quorum 1, m1 leads in term 3, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads`},
	{"a clone in the same term, with a history of its own", copied.stillSo(), `
		quorum 1, m1 leads in term 3, claims 2, split brain 0 1
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m1-a1 up 1, confirmed 1, partition 0, leads`},
	{"one busy member on two addresses", copied.
		again(up(m1).leads(3).revision(90), up(m1).leads(3).revision(70).on("http://x1:2379")), `
		quorum 1, m1 leads in term 3, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads`},
	{"a third address, whose read hangs, does not make the clones one", one.round(
		up(m1).leads(2).hangs().on("http://a:2379"), up(m1).leads(2), up(m1).leads(3).on("http://x1:2379")).stillSo(), `
		quorum 1, m1 leads in term 3, claims 2, split brain 0 1
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m1-a1 up 1, confirmed 1, partition 0, leads`},
	{"an alarm is raised on a member, and so on its clone", one.round(
		up(m1).leads(2).alarm("NOSPACE", m1), up(m1).leads(3).on("http://x1:2379")).stillSo(), `
		quorum 1, m1 leads in term 3, claims 2, split brain 0 1
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads, NOSPACE
		m1-a1 up 1, confirmed 1, partition 0, leads, NOSPACE`},
	// The proxy asked the deposed leader for its Status, twice, and a member of
	// the majority for the read: that confirms nobody's leadership.
	{"Status and read of different members behind a proxy", three.round(
		up(m1).leads(2).servedBy(m3).on("http://proxy:2379"), up(m2).leads(3), up(m3).follows(m2, 3)).stillSo(), `
		quorum 1, m2 leads in term 3, claims 2, split brain 0 0
		voters 3, up 3, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed -, partition -, leads
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
}

// More than one cluster in one list of endpoints.
func TestJudgeTwoClusters(t *testing.T) { check(t, twoClusters) }

var twoClusters = []row{
	{"a stray endpoint of another cluster counts for the split brain only", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2), up(m4).in(c2).leads(9).alarm("NOSPACE", m1)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 1 0, clusters [c1 c2], about c1
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0`},
	{"a tie goes to the lower ID", one.round(up(m1).leads(2), up(m2).in(c2).leads(9)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 1 0, clusters [c1 c2], about c1
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads`},
	{"the majority goes before the lower ID", started(m2, m3).round(
		up(m2).in(c2).leads(9), up(m3).in(c2).follows(m2, 9), up(m1).leads(2)), `
		quorum 1, m2 leads in term 9, claims 1, split brain 1 0, clusters [c1 c2], about c2
		voters 2, up 2, confirmed 2, quorum size 2, tolerance 0
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"the dead belong to their cluster: it is that one that lost its quorum", three.round(
		up(m1).leaderless(2), killed(m2), killed(m3), up(m4).in(c2).leads(9), up(m5).in(c2).follows(m4, 9)).
		lists(three.toldBy(m1)), `
		quorum 0, claims 0, split brain 1 0, clusters [c1 c2], about c1
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"restored from a snapshot: what answers goes before what was", one.round(
		up(m1).in(c2).leads(2), killed(m2), killed(m3)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		http://m2:2379 refused
		http://m3:2379 refused`},
	{"the rest of two clusters is not the whole of one", one.round(
		up(m4).in(c2).leads(9), killed(m1), killed(m2)).rivals(c1, c2), `
		quorum - no_answer, claims -, split brain 1 0, clusters [c1 c2], about c1
		voters -
		a1 up 0, confirmed 0, partition -, refused
		a2 up 0, confirmed 0, partition -, refused`},
	{"nor is it, when as much is left of both", one.round(
		up(m4).in(c2).leads(9), killed(m1)).rivals(c1, c2), `
		quorum - no_answer, claims -, split brain 1 0, clusters [c1 c2], about c1
		voters -
		a1 up 0, confirmed 0, partition -, refused`},
	{"who had gone over before he fell silent is no rival", one.round(
		up(m4).in(c2).leads(9), killed(m1).in(c2), killed(m2).in(c2)).rivals(c1, c2), `
		quorum 1, a4 leads in term 9, claims 1, split brain 0 0
		voters -
		a1 up 0, confirmed 0, partition -, refused
		a2 up 0, confirmed 0, partition -, refused
		a4 up 1, confirmed 1, partition 0, leads`},
	{"learned endpoints have no say", one.round(
		up(m5).in(c2).leads(9), up(m1).leads(2).learned(), up(m2).follows(m1, 2).learned()).lists(started(m5).toldIn(c2, m5)), `
		quorum 1, m5 leads in term 9, claims 1, split brain 1 0, clusters [c1 c2], about c2
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m5 up 1, confirmed 1, partition 0, leads`},
	{"both are silent: the one that most endpoints belonged to", noList.round(
		killed(m1).in(c1), killed(m2).in(c2), killed(m3).in(c2)), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		a2 up 0, confirmed 0, partition -, refused
		a3 up 0, confirmed 0, partition -, refused
		http://m1:2379 refused`},
}

func TestSecondLook(t *testing.T) {
	for _, tt := range []struct {
		name string
		seen round
		want []string
	}{
		{"healthy", three.round(up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2)), nil},
		{"nobody answers", three.round(killed(m1), killed(m2)), nil},
		{
			"a claim that no read confirms is no second leadership",
			three.round(up(m1).leads(2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), nil,
		},
		{
			"two leaderships confirmed: all who confirm one",
			three.round(up(m1).leads(2), up(m2).leads(3), frozen(m3)),
			[]string{urlOf(m1), urlOf(m2)},
		},
		{
			"same leader, another term: an election all the same",
			three.round(up(m1).leads(2), up(m2).follows(m1, 3)),
			[]string{urlOf(m1), urlOf(m2)},
		},
		{
			"two clusters each with a leader need none",
			three.round(up(m1).leads(2), up(m2).in(c2).leads(3)), nil,
		},
		{
			"one identity, two revisions",
			one.round(up(m1).leads(2).revision(5), up(m1).leads(2).revision(6).on("http://x1:2379")),
			[]string{urlOf(m1), "http://x1:2379"},
		},
		{
			"one identity, one revision",
			one.round(up(m1).leads(2), up(m1).leads(2).on("http://x1:2379")), nil,
		},
		{
			"two members, two revisions",
			three.round(up(m1).leads(2).revision(5), up(m2).follows(m1, 2).revision(6)), nil,
		},
		{
			"a proxy in which Status and read part confirms no leadership",
			three.round(up(m1).leads(2).servedBy(m3), up(m2).leads(3)), nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := SecondLook(tt.seen.Observation); !slices.Equal(got, tt.want) {
				t.Errorf("asks %v again, should ask %v", got, tt.want)
			}
		})
	}
}
