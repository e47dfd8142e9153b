package app

import (
	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// tell logs what a round shows that the one before did not: one line for each
// thing that changed, none for what stays.
func (m *monitor) tell(before cluster.Verdict, seen bool, v cluster.Verdict, answers []cluster.Answer, changes []cluster.Change) {
	if !seen {
		m.tellFirst(v)
		return
	}
	if before.Up != v.Up {
		if v.Up {
			m.log.Info("cluster answers")
		} else {
			m.log.Error("cluster does not answer")
		}
	}
	if v.SplitBrain != before.SplitBrain && (is(v.SplitBrain.ClusterID) || is(v.SplitBrain.Leaders)) {
		m.log.Error("split brain", "cluster_ids", len(v.ClusterIDs), "leaders", is(v.SplitBrain.Leaders))
	}
	m.tellMembers(before, v, answers)
	for _, c := range changes {
		switch c.Kind {
		case cluster.LeaderChanged:
			m.log.Info("leader changed", "from", m.nameOf(v, c.From.Leader), "to", m.nameOf(v, c.To.Leader), "term", c.To.Term)
		case cluster.MembershipChanged:
			m.log.Info("membership changed", "members_before", len(c.Before), "members", len(c.After))
		}
	}
}

// tellQuorum logs that the quorum is another than the last round saw that had the
// time to find out, which need not be the round before.
func (m *monitor) tellQuorum(v cluster.Verdict) {
	if v.HasQuorum.V {
		m.log.Info("quorum", "voters", v.Voters.V, "voters_up", v.VotersUp.V)
	} else {
		m.log.Error("quorum lost", "voters", v.Voters.V, "voters_up", v.VotersUp.V)
	}
}

func is(o cluster.Opt[bool]) bool { return o.OK && o.V }

func (m *monitor) tellFirst(v cluster.Verdict) {
	if v.Up {
		m.log.Info("connected", "members", len(v.Members), "voters", v.Voters.V, "quorum", is(v.HasQuorum),
			"leader", m.nameOf(v, v.Leader.Leader), "version", versionOf(v))
	} else {
		m.log.Warn("cluster does not answer, watching it all the same", "endpoints", m.finder.count(m.config()))
	}
	for _, f := range v.Failed {
		m.logFailure(f)
	}
}

func (m *monitor) tellMembers(before, v cluster.Verdict, answers []cluster.Answer) {
	was := map[string]cluster.Reason{}
	for _, f := range before.Failed {
		was[f.Endpoint] = f.Failure.Reason
	}
	for _, f := range v.Failed {
		if was[f.Endpoint] != f.Failure.Reason {
			m.logFailure(f)
		}
		delete(was, f.Endpoint)
	}
	for _, a := range answers { // who is no longer asked does not answer
		if _, failed := was[a.Endpoint]; failed && a.Status != nil {
			m.log.Info("endpoint answers again", "endpoint", a.Endpoint)
		}
	}
}

func (m *monitor) logFailure(f cluster.EndpointFailure) {
	m.log.Warn("endpoint does not answer", "endpoint", f.Endpoint, "member", f.Member,
		"reason", string(f.Failure.Reason), "err", f.Failure.Text)
}

func (m *monitor) nameOf(v cluster.Verdict, id cluster.ID) string {
	if id == 0 {
		return ""
	}
	for i := range v.Members {
		if v.Members[i].ID == id {
			return v.Members[i].Label
		}
	}
	return id.String()
}

// versionOf is the version of the first member that tells one.
func versionOf(v cluster.Verdict) string {
	for i := range v.Members {
		if st := v.Members[i].Status; st != nil {
			return st.Version
		}
	}
	return ""
}
