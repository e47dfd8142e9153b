package cluster

import "slices"

// QuorumSize is how many of that many voters must agree.
func QuorumSize(voters int) int { return voters/2 + 1 }

// quorum answers whether the cluster has a quorum now, as seen from here.
//
// One linearizable read served through any voter proves it. The opposite needs
// more: a voter that is there to be asked, and of every voter in the member
// list a read that was refused, broken or left unanswered for MinReadWait.
// Counting members that answer proves neither: three reachable members that do
// not reach each other are no quorum, and one reachable member may well have
// one behind it.
func quorum(o Observation, r roster, list believedList) (Opt[bool], Unknown) {
	for _, a := range o.Answers {
		if id := a.Identity(); a.Read.Confirmed() && (id.Member == 0 || inRoster(r, id)) {
			return Known(true), ""
		}
	}
	answered := func(s seen) bool { return s.best.Status != nil }
	if !slices.ContainsFunc(r.seen, answered) {
		return Opt[bool]{}, whyNobody(o.Answers)
	}
	if !slices.ContainsFunc(r.seen, func(s seen) bool { return answered(s) && !s.learner }) {
		return Opt[bool]{}, UnknownLearnerOnly
	}
	if !list.ok {
		return Opt[bool]{}, whyNoList(o.Answers, list)
	}
	var why []Unknown
	if list.DroppedVoters > 0 {
		why = append(why, UnknownUnconfigured)
	}
	for _, s := range r.seen {
		if !s.listed || s.learner {
			continue
		}
		if is, reason := s.confirmed(); !is.OK {
			why = append(why, reason)
		}
	}
	for _, u := range Unknowns { // the first in the order of the documentation
		if slices.Contains(why, u) {
			return Opt[bool]{}, u
		}
	}
	return Known(false), ""
}

func inRoster(r roster, id Identity) bool {
	return slices.ContainsFunc(r.seen, func(s seen) bool { return s.id == id })
}

func whyNobody(answers []Answer) Unknown {
	failed := func(is func(Reason) bool) bool {
		return slices.ContainsFunc(answers, func(a Answer) bool {
			return a.StatusFailure != nil && is(a.StatusFailure.Reason)
		})
	}
	switch {
	case failed(Reason.refusal):
		return UnknownAuth
	case failed(Reason.TLS):
		return UnknownTLS
	}
	return UnknownNoAnswer
}

func whyNoList(answers []Answer, list believedList) Unknown {
	if list.proxy {
		return UnknownProxy
	}
	if slices.ContainsFunc(answers, func(a Answer) bool {
		return a.ListFailure != nil && a.ListFailure.Reason.refusal()
	}) {
		return UnknownAuth
	}
	return UnknownNoMemberList
}

// leadership tells who leads. Only a confirmed leader counts.
func (v *Verdict) leadership(o Observation, main ID, r roster) {
	for _, a := range o.Answers {
		c, ok := a.Claim()
		if !ok || a.Identity().Cluster != main {
			continue
		}
		if c.Term >= v.Leader.Term {
			v.Leader = c
		}
	}
	if v.Leader.Leader != 0 {
		v.HasLeader = Known(true)
		v.Term = Known(v.Leader.Term)
	} else if v.HasQuorum.OK && !v.HasQuorum.V {
		v.HasLeader = Known(false)
	}
	claims, told := 0, false
	for _, s := range r.seen {
		if st := s.best.Status; st != nil {
			told = true
			if st.Leader == st.MemberID && st.Leader != 0 {
				claims++
			}
		}
	}
	if told {
		v.LeaderClaims = Known(claims)
	}
}
