package cluster

import (
	"slices"
	"testing"
)

// The formulas that come to mind first, each with an observation, made on real
// etcd, that it gets wrong. Judge gets it right.
func TestNaiveFormulas(t *testing.T) {
	for _, tt := range naive {
		t.Run(tt.formula+"/"+tt.seen, func(t *testing.T) {
			v := Judge(tt.round.Observation)
			holds(t, tt.round.Observation, v)
			if got := tt.truth(v); got != (Opt[bool]{V: !tt.says, OK: true}) && (!tt.unknown || got != Opt[bool]{}) {
				t.Errorf("judged %v, and %t is wrong", got, tt.says)
			}
			if got := tt.naive(tt.round.Observation); got != tt.says {
				t.Errorf("the formula says %t: this is no counter-example", got)
			}
		})
	}
}

type naiveRow struct {
	formula string
	naive   func(Observation) bool
	truth   func(Verdict) Opt[bool]
	seen    string
	round   round
	says    bool // what the formula says, and what is wrong
	unknown bool // the right answer is that it cannot be known
}

var naive = []naiveRow{
	{
		"leaders > 1 is a split brain", leadersOver1, splitAtAll,
		"the leader is isolated and does not know yet", isolatedLeader, true, false,
	},
	{
		"leaders > 1 is a split brain", leadersOver1, splitAtAll,
		"a frozen leader is thawed", three.round(up(m1).leads(2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3)), true, false,
	},
	{
		"leaders > 1 is a split brain", leadersOver1, splitAtAll,
		"two clusters, one without a leader", started(m1, m2).round(
			up(m1).leads(2), up(m2).follows(m1, 2), up(m4).in(c2).leaderless(2)), false, false,
	},
	{
		"leaders > 1 is a split brain", leadersOver1, splitAtAll,
		"a clone has the ID of the original", cloned.stillSo(), false, false,
	},
	{
		"two leaders in one term are a split brain", leadersInOneTerm, splitAtAll,
		"the new leader has not applied an entry of its term", three.round(
			up(m1).leads(2).hangs(), up(m2).leads(2), up(m3).follows(m2, 2)), true, false,
	},
	{
		"two leaders in one term are a split brain", leadersInOneTerm, splitAtAll,
		"force-new-cluster", forced.stillSo(), false, false,
	},
	{
		"two leaders in one term are a split brain", leadersInOneTerm, splitAtAll,
		"a clone", cloned.stillSo(), false, false,
	},
	{
		"distinct cluster IDs are the split brain", clusterIDs, splitAtAll,
		"force-new-cluster", forced.stillSo(), false, false,
	},

	{
		"healthy < quorum is a partition", healthyUnderQuorum, partitioned,
		"two of three are killed", three.round(up(m1).leaderless(2), killed(m2), killed(m3)), true, false,
	},
	{
		"healthy < quorum is a partition", healthyUnderQuorum, partitioned,
		"we are in the minority", three.round(up(m1).leaderless(2), frozen(m2), frozen(m3)), true, false,
	},
	{
		"healthy < quorum is a partition", healthyUnderQuorum, partitioned,
		"our certificate is refused", noList.round(
			down(m1, ReasonTLSClientCertRejected), down(m2, ReasonTLSClientCertRejected), down(m3, ReasonTLSClientCertRejected)), true, true,
	},
	{
		"healthy < quorum is a partition", healthyUnderQuorum, partitioned,
		"a follower is isolated, and reachable", three.round(up(m1).leads(2), up(m2).leaderless(2), up(m3).follows(m1, 2)), false, false,
	},
	{
		"healthy < quorum is a partition", healthyUnderQuorum, partitioned,
		"all three apart, and reachable", allApart, false, false,
	},

	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"all three apart, and reachable", allApart, true, false,
	},
	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"one of three behind a load balancer", three.round(up(m1).leaderless(2).on(lb).stranger()), true, true,
	},
	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"the survivor on three addresses", three.round(up(m1).leaderless(2), up(m1).leaderless(2).on("http://10.0.0.1:2379"),
			up(m1).leaderless(2).on("http://localhost:2379"), killed(m2), killed(m3)), true, false,
	},
	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"an unstarted voter, and one of three killed", three.unstarted(m4).round(
			up(m1).leaderless(2), up(m2).leaderless(2), killed(m3)), true, false,
	},
	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"a learner among them", started(m1, m2).learners(m3).round(
			up(m1).leaderless(2), killed(m2), learner(m3).follows(m2, 2)), true, false,
	},
	{
		"a quorum is a majority of endpoints", majorityOfEndpoints, quorate,
		"two of three are unreachable from here only", three.round(up(m1).leads(2), frozen(m2), frozen(m3)), false, false,
	},

	{
		"healthy is who answers without a quorum", anybodyAnswers, quorate,
		"two of three are killed", three.round(up(m1).leads(2).hangs(), killed(m2), killed(m3)), true, false,
	},
	{
		"a leader is whom anybody sees", anybodySeesALeader, led,
		"two of three were killed a moment ago", three.round(up(m1).leads(2).hangs(), killed(m2), killed(m3)), true, false,
	},
	{
		"a leader is whom anybody sees", anybodySeesALeader, led,
		"a learner still sees the leader that is gone", three.learners(m4).round(
			up(m1).leaderless(2), killed(m2), killed(m3), learner(m4).follows(m2, 2)), true, false,
	},
	{
		"tolerance is voters up - quorum", upBeyondQuorum, tolerant,
		"a follower is isolated, and reachable", three.round(up(m1).leads(2), up(m2).leaderless(2), up(m3).follows(m1, 2)), true, false,
	},
}

var (
	isolatedLeader = three.round(up(m1).leads(2).hangs(), up(m2).leads(3), up(m3).follows(m2, 3))
	allApart       = three.round(up(m1).leaderless(2), up(m2).leaderless(2), up(m3).leaderless(2))
)

// What is true.

func splitAtAll(v Verdict) Opt[bool] {
	return Known(v.SplitBrain.ClusterID.V || v.SplitBrain.Leaders.V)
}

func partitioned(v Verdict) Opt[bool] {
	is := Opt[bool]{}
	for _, m := range v.Members {
		if m.Partition.OK {
			is = Known(is.V || m.Partition.V)
		}
	}
	return is
}

func quorate(v Verdict) Opt[bool]  { return v.HasQuorum }
func led(v Verdict) Opt[bool]      { return v.HasLeader }
func tolerant(v Verdict) Opt[bool] { return Known(v.FailureTolerance.V > 0) }

// What is naive.

func leaders(o Observation) map[Claim]bool {
	found := map[Claim]bool{}
	for _, a := range o.Answers {
		if st := a.Status; st != nil && st.Leader == st.MemberID {
			found[Claim{st.Leader, st.Term}] = true
		}
	}
	return found
}

func leadersOver1(o Observation) bool {
	ids := map[ID]bool{}
	for c := range leaders(o) {
		ids[c.Leader] = true
	}
	return len(ids) > 1
}

func leadersInOneTerm(o Observation) bool {
	terms := map[uint64]int{}
	for c := range leaders(o) {
		terms[c.Term]++
	}
	for _, n := range terms {
		if n > 1 {
			return true
		}
	}
	return false
}

func clusterIDs(o Observation) bool {
	_, ids := mainCluster(o.Answers, o.Rivals)
	return len(ids) > 1
}

func healthy(o Observation) int {
	n := 0
	for _, a := range o.Answers {
		if a.Status != nil {
			n++
		}
	}
	return n
}

func majorityOfEndpoints(o Observation) bool { return healthy(o) >= QuorumSize(len(o.Answers)) }
func healthyUnderQuorum(o Observation) bool  { return !majorityOfEndpoints(o) }
func upBeyondQuorum(o Observation) bool      { return healthy(o) > QuorumSize(len(o.Answers)) }
func anybodyAnswers(o Observation) bool      { return healthy(o) > 0 }

func anybodySeesALeader(o Observation) bool {
	return slices.ContainsFunc(o.Answers, func(a Answer) bool { return a.Status != nil && a.Status.Leader != 0 })
}
