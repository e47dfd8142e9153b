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
func quorum(o Observation, main ID, r roster, list believedList) (Opt[bool], Unknown) {
	for _, a := range o.Answers {
		id := a.Identity().Cluster
		if id == 0 {
			id = a.Last.Cluster // a denied read does not say whose it was
		}
		if a.Read.Confirmed() && (id == main || id == 0) {
			return Known(true), ""
		}
	}
	answered := func(is func(seen) bool) bool {
		return slices.ContainsFunc(r.seen, func(s seen) bool { return s.best.Status != nil && is(s) })
	}
	switch {
	case answered(func(s seen) bool { return s.voter }):
	case answered(func(s seen) bool { return s.learner }):
		return Opt[bool]{}, UnknownLearnerOnly
	case slices.ContainsFunc(o.Answers, func(a Answer) bool { return a.Status != nil && list.unknowable(a.Endpoint) }):
		return Opt[bool]{}, UnknownProxy
	default:
		return Opt[bool]{}, whyNobody(o.Answers)
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

// leadership tells who leads. Only a confirmed leader counts. That there is one
// follows from the quorum, as it takes a leader to serve a linearizable read,
// even where Status is forbidden and does not tell which.
func (v *Verdict) leadership(o Observation, main ID, r roster) {
	v.HasLeader = v.HasQuorum
	for _, a := range o.Answers {
		if !a.confirmed() || a.Identity().Cluster != main || main == 0 {
			continue
		}
		term := a.Read.Term
		if a.Status != nil {
			term = a.Status.Term
		}
		if term > 0 {
			v.Term = Known(max(v.Term.V, term))
		}
		if c, ok := a.Claim(); ok && (v.Leader.Leader == 0 || c.Term > v.Leader.Term) {
			v.Leader = c
		}
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
