package cluster

import (
	"testing"
	"time"
)

// Crashes, hangs and disks, as etcd 3.4 to 3.7 were seen to answer under them.
func TestJudgeMemberFaults(t *testing.T) { check(t, memberFaults) }

var memberFaults = []row{
	{"healthy", three.round(up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0`},
	{"a single member", one.round(up(m1).leads(2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads`},
	{"a follower is killed", three.round(up(m1).leads(2), up(m2).follows(m1, 2), killed(m3)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 0, confirmed 0, partition -, refused`},
	{
		"the leader is killed and the reads outlive the election",
		three.round(killed(m1), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 0, confirmed 0, partition -, refused
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`,
	},
	// The survivor says for seconds that it leads, and reports no error.
	{"two of three were killed a moment ago", three.round(up(m1).leads(2).hangs(), killed(m2), killed(m3)), `
		quorum 0, claims 1, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, leads
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"two of three are dead", three.round(up(m1).leaderless(2), killed(m2), killed(m3)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"a read that etcd itself gives up", three.round(up(m1).leaderless(2).read(ReasonNoLeader), killed(m2), killed(m3)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"a follower is frozen", three.round(up(m1).leads(2), frozen(m2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 0, confirmed 0, partition -, timeout
		m3 up 1, confirmed 1, partition 0`},
	// A defragmentation blocks its member like a freeze does, and nobody else.
	{"a member of three defragments", three.round(up(m1).leads(2), up(m2).follows(m1, 2), frozen(m3)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 0, confirmed 0, partition -, timeout`},
	{"the only member defragments: nobody said that the quorum is gone", one.round(frozen(m1)).remembers(one), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		m1 up 0, confirmed 0, partition -, timeout`},
	// Thawed, it follows the new leader and reports the old term, until it has
	// applied an entry.
	{"a frozen leader is thawed", three.round(up(m1).follows(m2, 2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), `
		quorum 1, m2 leads in term 3, claims 1, split brain 0 0
		voters 3, up 3, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 0, partition 1
		m2 up 1, confirmed 1, partition 0, leads
		m3 up 1, confirmed 1, partition 0`},
	{"a follower has some to catch up", three.round(up(m1).leads(2).applied(9393), up(m2).follows(m1, 2).applied(3377), up(m3).follows(m1, 2).applied(9390)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, lag 6016
		m3 up 1, confirmed 1, partition 0, lag 3`},
	{"everything is stopped, and was known", three.round(killed(m1), killed(m2), killed(m3)).remembers(three), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		m1 up 0, confirmed 0, partition -, refused
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"everything is stopped, and never was seen", noList.round(killed(m1).stranger(), killed(m2).stranger()), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		http://m1:2379 refused
		http://m2:2379 refused`},
	{"nothing was asked", noList.round(), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -`},
}

// Alarms are told by every member about every member, without a quorum too.
func TestJudgeAlarms(t *testing.T) { check(t, alarmRows) }

var alarmRows = []row{
	{"NOSPACE: reads and Status go on", three.round(
		up(m1).leads(2).alarm("NOSPACE", m1, m2), up(m2).follows(m1, 2).alarm("NOSPACE", m1, m2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads, NOSPACE
		m2 up 1, confirmed 1, partition 0, NOSPACE
		m3 up 1, confirmed 1, partition 0`},
	{"CORRUPT on a member that is down, told without a quorum", three.round(
		up(m1).leaderless(2).alarm("CORRUPT", m3), killed(m2), killed(m3)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, CORRUPT, refused`},
	{"an alarm of a removed member, and one of a later etcd", one.round(
		up(m1).leads(2).alarm("NOSPACE", m5, m4).alarm("CORRUPT", m4).alarm("MELTING", m1)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads, MELTING
		stray alarm CORRUPT on a4
		stray alarm NOSPACE on a4
		stray alarm NOSPACE on a5`},
}

func TestAlarmsAreAbsentUntilSomebodyAnswers(t *testing.T) {
	dead := Judge(three.round(killed(m1), killed(m2), killed(m3)).Observation)
	for _, m := range dead.Members {
		if m.Alarms != nil {
			t.Errorf("nobody answered, and %s has alarms %v", m.Label, m.Alarms)
		}
	}
	for _, m := range Judge(three.round(up(m1).leads(2), killed(m2), killed(m3)).Observation).Members {
		_, nospace := m.Alarms["NOSPACE"]
		_, corrupt := m.Alarms["CORRUPT"]
		if !nospace || !corrupt || len(m.Alarms) != 2 {
			t.Errorf("of %s the known alarms have to be told, if only as 0: %v", m.Label, m.Alarms)
		}
	}
}

// A read that was cut short proves nothing: at 200 ms between members it takes
// 1.7 s on a follower, and every election takes longer than a second.
func TestJudgeDeadlines(t *testing.T) { check(t, deadlineRows) }

var deadlineRows = []row{
	{"a second, in the middle of an election", three.round(
		up(m1).leaderless(2).hangsFor(time.Second), up(m2).leaderless(2).hangsFor(time.Second), killed(m3)), `
		quorum - deadline_too_short, claims 0, split brain 0 0
		voters 3, up 2, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed -, partition -, sees no leader
		m2 up 1, confirmed -, partition -, sees no leader
		m3 up 0, confirmed 0, partition -, refused`},
	{"a second, with a slow follower", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2).hangsFor(time.Second), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed -, partition -
		m3 up 1, confirmed 1, partition 0`},
	{"one voter waited long enough, the other did not", three.round(
		up(m1).leaderless(2), up(m2).leaderless(2).hangsFor(1999*time.Millisecond), killed(m3)), `
		quorum - deadline_too_short, claims 0, split brain 0 0
		voters 3, up 2, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed 0, partition -, sees no leader
		m2 up 1, confirmed -, partition -, sees no leader
		m3 up 0, confirmed 0, partition -, refused`},
	{"two seconds are two election timeouts", three.round(
		up(m1).leaderless(2).hangsFor(2*time.Second), up(m2).leaderless(2).hangsFor(2*time.Second), killed(m3)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 2, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 0, confirmed 0, partition -, refused`},
}
