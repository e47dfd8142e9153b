package cluster

import (
	"cmp"
	"slices"
)

// Judge says what an observation means. It is pure: the same observation gives
// the same verdict, in whatever order the endpoints are configured.
func Judge(o Observation) Verdict {
	o.Answers = identified(o)
	main, ids := mainCluster(o.Answers, o.Rivals)
	list := chooseList(o, main)
	r := newRoster(o, main, list)

	v := Verdict{
		Cluster: o.Cluster, Start: o.Start, Took: o.End.Sub(o.Start),
		Up:          slices.ContainsFunc(o.Answers, Answer.Answered),
		ClusterIDs:  ids,
		MainCluster: main,
		List:        list.members(),
		Truncated:   list.dropped() > 0,
	}
	v.SplitBrain = splitBrain(o, main, ids)
	v.countMembers(r, list)
	v.HasQuorum, v.QuorumUnknown = quorum(o, main, r, list)
	v.leadership(o, main, r)
	for _, s := range r.seen {
		v.Members = append(v.Members, memberOf(s))
	}
	v.Members = labelled(v.Members, r.name)
	v.partitions(r)
	v.lags()
	v.alarms()
	v.failures(o, r)
	return v
}

// memberOf fills in what one member's own answer tells.
func memberOf(s seen) Member {
	m := Member{
		ID: s.id.Member, ClusterID: s.id.Cluster,
		Listed: s.listed, Started: s.started, Learner: s.learner,
		Configured: slices.ContainsFunc(s.answers, func(a Answer) bool { return a.Configured && !a.Balanced }),
		Up:         s.up(),
		Status:     s.best.Status,
		Read:       s.best.Read,
	}
	if st := s.best.Status; st != nil {
		m.IsLeader = Known(st.Leader != 0 && st.Leader == st.MemberID)
		if !s.learner { // which never notices that its leader is gone
			m.HasLeader = Known(st.Leader != 0)
		}
	}
	if !s.learner {
		m.Confirmed, _ = s.confirmed()
	}
	m.Permissions = permissions(s.best)
	return m
}

// permissions tells which calls etcd allows us, as far as this answer shows.
func permissions(a Answer) []Permission {
	var ps []Permission
	add := func(rpc string, ok bool, f *Failure) {
		switch {
		case ok:
			ps = append(ps, Permission{rpc, true})
		case f != nil && f.Reason.refusal():
			ps = append(ps, Permission{rpc, false})
		}
	}
	add("Status", a.Status != nil, a.StatusFailure)
	switch a.Read.Outcome {
	case ReadServed:
		add("Range", true, nil)
	case ReadDenied:
		ps = append(ps, Permission{"Range", false})
	case ReadFailed:
		add("Range", false, &a.Read.Failure)
	}
	if a.ListFailure != nil {
		add("MemberList", false, a.ListFailure)
	}
	return ps
}

// countMembers does the arithmetic. What needs a member that nobody reaches is
// unknown.
func (v *Verdict) countMembers(r roster, list believedList) {
	if !list.ok {
		return
	}
	v.MembershipStale = Known(!list.confirmed)
	voters, learners, unstarted := list.DroppedVoters, list.DroppedLearners, list.DroppedUnstarted
	up, confirmed := 0, 0
	upKnown, confirmedKnown := list.DroppedVoters == 0, list.DroppedVoters == 0
	for _, s := range r.seen {
		if !s.listed || s.clone > 0 {
			continue
		}
		if !s.started {
			unstarted++
		}
		if s.learner {
			learners++
			continue
		}
		voters++
		if is := s.up(); is.OK && is.V {
			up++
		} else if !is.OK && s.started {
			upKnown = false
		}
		if is, _ := s.confirmed(); is.OK && is.V {
			confirmed++
		} else if !is.OK {
			confirmedKnown = false
		}
	}
	v.Voters, v.Learners, v.Unstarted = Known(voters), Known(learners), Known(unstarted)
	v.QuorumSize = Known(QuorumSize(voters))
	if upKnown {
		v.VotersUp = Known(up)
	}
	if confirmedKnown {
		v.VotersConfirmed = Known(confirmed)
		v.FailureTolerance = Known(confirmed - QuorumSize(voters))
	}
}

// lags compares what each member has applied with the largest raft index that
// any member knows: a member's own index lags with it.
func (v *Verdict) lags() {
	var top uint64
	for _, m := range v.Members {
		if m.Status != nil && m.Status.RaftIndex.OK {
			top = max(top, m.Status.RaftIndex.V)
		}
	}
	for i := range v.Members {
		st := v.Members[i].Status
		if st == nil || !st.Applied.OK || top == 0 {
			continue
		}
		v.Members[i].Lag = Known(top - min(top, st.Applied.V))
	}
}

// alarms are taken from what any member tells: every member knows them all, and
// tells them without a quorum.
func (v *Verdict) alarms() {
	raised, told := map[Alarm]bool{}, false
	for _, m := range v.Members {
		if m.Status == nil {
			continue
		}
		told = true
		for _, a := range m.Status.Alarms {
			raised[a] = true
		}
	}
	if !told {
		return
	}
	for i := range v.Members {
		v.Members[i].Alarms = map[string]bool{"NOSPACE": false, "CORRUPT": false}
	}
	for a := range raised {
		stray := true
		for _, m := range v.Members {
			if m.ID == a.Member {
				m.Alarms[a.Type] = true
				stray = false
			}
		}
		if stray {
			v.StrayAlarms = append(v.StrayAlarms, a)
		}
	}
	slices.SortFunc(v.StrayAlarms, func(a, b Alarm) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Type, b.Type))
	})
}

// failures lists the endpoints that gave no Status, with whose they are.
func (v *Verdict) failures(o Observation, r roster) {
	for i, a := range o.Answers {
		if a.StatusFailure == nil {
			continue
		}
		f := EndpointFailure{Endpoint: a.Endpoint, Failure: *a.StatusFailure}
		if j, ok := r.owner[i]; ok {
			f.Member = v.Members[j].Label
		}
		v.Failed = append(v.Failed, f)
	}
}
