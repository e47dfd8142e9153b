package cluster

import "testing"

// Who is counted: members of the list, never endpoints.
func TestJudgeMembership(t *testing.T) { check(t, membership) }

var membership = []row{
	{"one endpoint of three members, the others learned", three.round(
		up(m1).leads(2).on("http://localhost:2379"), up(m2).follows(m1, 2).learned(), up(m3).follows(m1, 2).learned()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, not configured
		m3 up 1, confirmed 1, partition 0, not configured`},
	{"one endpoint of three members, and nothing else dialled", three.round(up(m1).leads(2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up -, confirmed -, partition -, not configured
		m3 up -, confirmed -, partition -, not configured`},
	{"the only voter we reach has no quorum, of the others we know nothing", three.round(up(m1).leaderless(2)), `
		quorum - unconfigured_members, claims 0, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up -, confirmed -, partition -, not configured
		m3 up -, confirmed -, partition -, not configured`},
	{"an unstarted voter counts", three.unstarted(m4).round(up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 4, up 3, confirmed 3, quorum size 3, tolerance 0, unstarted 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		a4 up -, confirmed 0, partition -, unstarted, not configured`},
	{"an unstarted voter, and one of three killed: two of four are no quorum", three.unstarted(m4).round(
		up(m1).leads(2).hangs(), up(m2).follows(m1, 2).hangs(), killed(m3)), `
		quorum 0, claims 1, split brain 0 0
		voters 4, up 2, confirmed 0, quorum size 3, tolerance -3, stale, unstarted 1
		m1 up 1, confirmed 0, partition 0, leads
		m2 up 1, confirmed 0, partition 0
		m3 up 0, confirmed 0, partition -, refused
		a4 up -, confirmed 0, partition -, unstarted, not configured`},
	{"a voter that has started since the list was told", three.unstarted(m4).round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2), up(m4).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 4, up 4, confirmed 4, quorum size 3, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		a4 up 1, confirmed 1, partition 0`},
	{"a learner is no voter, and its refusal no failure", three.learners(m4).round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2), learner(m4).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1, learners 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		m4 up 1, confirmed -, partition -, learner`},
	{"a learner still sees the leader that is gone", three.learners(m4).round(
		up(m1).leaderless(2), killed(m2), killed(m3), learner(m4).follows(m1, 2)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale, learners 1
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused
		m4 up 1, confirmed -, partition -, learner`},
	{"only a learner answers", noList.round(killed(m1), killed(m2), learner(m4).follows(m1, 2)).remembers(three.learners(m4)), `
		quorum - learner_only, claims 0, split brain 0 0
		voters -
		m1 up 0, confirmed 0, partition -, refused
		m2 up 0, confirmed 0, partition -, refused
		m4 up 1, confirmed -, partition -, learner`},
	// A removed member that did not hear of it stands alone; so does its list.
	{"a removed member still answers", three.round(
		up(m1).leads(4), up(m2).follows(m1, 4), up(m3).follows(m1, 4), up(m4).leaderless(2)).remembers(three.started(m4)), `
		quorum 1, m1 leads in term 4, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		m4 up 1, confirmed 0, partition -, sees no leader, not listed`},
	{"a removed member alone answers, and its list is of the others", noList.round(
		killed(m1), killed(m2), killed(m3), up(m4).leaderless(2)).lists(three.toldBy(m4)), `
		quorum - proxy, claims 0, split brain 0 0
		voters -
		a1 up 0, confirmed 0, partition -, refused
		a2 up 0, confirmed 0, partition -, refused
		a3 up 0, confirmed 0, partition -, refused
		a4 up 1, confirmed 0, partition -, sees no leader`},
	{"the one voter that tells the list gives no Status, and a removed member does", noList.round(
		down(m1, ReasonTimeout), killed(m2), up(m4).leaderless(2)).lists(three.toldBy(m1)), `
		quorum - no_answer, claims 0, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -, stale
		m1 up 0, confirmed 0, partition -, timeout
		m2 up 0, confirmed 0, partition -, refused
		m3 up -, confirmed -, partition -, not configured
		a4 up 1, confirmed 0, partition -, sees no leader, not listed`},
	{
		"an endpoint of a removed member is nobody's, and its successor has not started",
		started(m1, m2).unstarted(m4).round(up(m1).leads(2), up(m2).follows(m1, 2), killed(m3)).remembers(three), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0, unstarted 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		a4 up -, confirmed 0, partition -, unstarted, not configured
		http://m3:2379 refused`,
	},
	{"a stale list does not tell who was removed", started(m1, m2).round(
		up(m1).leaderless(2), up(m2).leaderless(2), killed(m3)).remembers(three), `
		quorum 0, claims 0, split brain 0 0
		voters 2, up 2, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 0, confirmed 0, partition -, not listed, refused`},
	{"a list too long to look at whole", round{three.round(up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2)).Observation}.
		dropping(2, 1, 1), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0, truncated
		voters 5, up -, confirmed -, quorum size 3, tolerance -, learners 1, unstarted 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0`},
	{"a list too long to say that the quorum is lost", round{three.round(
		up(m1).leaderless(2), up(m2).leaderless(2), up(m3).leaderless(2)).Observation}.dropping(2, 0, 0), `
		quorum - unconfigured_members, claims 0, split brain 0 0, truncated
		voters 5, up -, confirmed -, quorum size 3, tolerance -, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 0, partition 1, sees no leader`},
}

func (r round) dropping(voters, learners, unstarted int) round {
	l := &r.Lists[0]
	l.DroppedVoters, l.DroppedLearners, l.DroppedUnstarted = voters, learners, unstarted
	return r
}

// Which list is believed.
func TestJudgeChoosesTheList(t *testing.T) { check(t, lists) }

var lists = []row{
	{"that of a confirmed member, not of the one that claims to be ahead", three.round(
		up(m1).leaderless(2).applied(900), up(m2).leads(3).applied(700), up(m3).follows(m2, 3).applied(700)).
		lists(five.toldBy(m1), three.toldBy(m2)), `
		quorum 1, m2 leads in term 3, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 1, partition 0, leads, lag 200
		m3 up 1, confirmed 1, partition 0, lag 200`},
	{"the most advanced, when none is confirmed", three.round(
		up(m1).leaderless(2).applied(700), up(m2).leaderless(2).applied(900), killed(m3)).
		lists(started(m1, m2).toldBy(m1), three.toldBy(m2)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 2, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader, lag 200
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 0, confirmed 0, partition -, refused`},
	{"never that of a member of another cluster", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).in(c2).leads(7)).lists(five.toldIn(c2, m3), started(m1, m2).toldBy(m1)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 1 0, clusters [c1 c2], about c1
		voters 2, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0`},
	{"none: then voters are not known", noList.round(up(m1).leaderless(2), killed(m2)), `
		quorum - no_member_list, claims 0, split brain 0 0
		voters -
		a1 up 1, confirmed 0, partition -, sees no leader
		a2 up 0, confirmed 0, partition -, refused`},
}

func (l list) toldIn(c, m ID) MemberList {
	told := l.toldBy(m)
	told.Cluster = c
	return told
}
