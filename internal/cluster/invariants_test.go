package cluster

import (
	"slices"
	"testing"
	"unicode/utf8"
)

// holds checks what is true of every verdict, whatever was seen.
func holds(t *testing.T, o Observation, v Verdict) {
	t.Helper()
	if v.HasQuorum.OK == (v.QuorumUnknown != "") || v.HasLeader != v.HasQuorum {
		t.Errorf("quorum %v, leader %v, unknown because of %q", v.HasQuorum, v.HasLeader, v.QuorumUnknown)
	}
	if !v.Up && (v.HasQuorum.OK || len(v.ClusterIDs) > 0) {
		t.Errorf("nobody answers, and the quorum is %v, clusters %v", v.HasQuorum, v.ClusterIDs)
	}
	if v.SplitBrain.Leaders.OK != (len(v.ClusterIDs) > 0) || v.SplitBrain.ClusterID.OK != v.SplitBrain.Leaders.OK {
		t.Errorf("split brain %+v of clusters %v", v.SplitBrain, v.ClusterIDs)
	}
	arithmeticHolds(t, v)
	membersHold(t, v)
	slices.Reverse(o.Answers)
	slices.Reverse(o.Lists)
	if a, b := text(v), text(Judge(o)); len(o.Lists) < 2 && a != b {
		t.Errorf("the verdict depends on the order of endpoints:\n%s\n\n%s", a, b)
	}
	slices.Reverse(o.Answers)
	slices.Reverse(o.Lists)
}

func arithmeticHolds(t *testing.T, v Verdict) {
	t.Helper()
	if v.Voters.OK != v.QuorumSize.OK || v.Voters.OK != v.MembershipStale.OK ||
		v.FailureTolerance.OK != v.VotersConfirmed.OK || (v.VotersUp.OK || v.VotersConfirmed.OK) && !v.Voters.OK {
		t.Errorf("what is known does not fit together: %s", arithmetic(v))
	}
	if v.Voters.OK && v.QuorumSize.V != v.Voters.V/2+1 ||
		v.VotersConfirmed.OK && v.FailureTolerance.V != v.VotersConfirmed.V-v.QuorumSize.V ||
		v.VotersUp.V > v.Voters.V || v.VotersConfirmed.V > v.Voters.V {
		t.Errorf("it does not add up: %s", arithmetic(v))
	}
}

func membersHold(t *testing.T, v Verdict) {
	t.Helper()
	labels := map[string]bool{}
	for i, m := range v.Members {
		if m.Label == "" || labels[m.Label] || len(m.Label) > maxLabel || !utf8.ValidString(m.Label) {
			t.Errorf("label %q", m.Label)
		}
		labels[m.Label] = true
		if i > 0 && v.Members[i-1].ID > m.ID {
			t.Errorf("members are out of order: %s, %s", v.Members[i-1].ID, m.ID)
		}
		switch {
		case m.Status != nil && m.Up != Known(true), m.Partition.OK && m.Status == nil,
			m.Partition.V && m.Confirmed == Known(true), m.Learner && (m.Confirmed.OK || m.Partition.OK),
			m.ClusterID != v.MainCluster, m.IsLeader.OK != (m.Status != nil):
			t.Errorf("%+v", m)
		}
	}
	for _, f := range v.Failed {
		if f.Member != "" && !labels[f.Member] {
			t.Errorf("the failure of %s is that of %q, who is nobody", f.Endpoint, f.Member)
		}
	}
}
