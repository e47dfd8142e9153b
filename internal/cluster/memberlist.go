package cluster

import (
	"cmp"
	"slices"
)

// believedList is the member list that a verdict rests on.
type believedList struct {
	MemberList
	ok        bool     // there is one
	confirmed bool     // told by a member that a quorum vouches for
	proxy     bool     // somebody gave a list in which he is not himself
	nobodys   []string // endpoints whose list does not say who tells it
}

func (l believedList) members() []ListedMember {
	if !l.ok {
		return nil
	}
	return l.Members
}

func (l believedList) dropped() int {
	return l.DroppedVoters + l.DroppedLearners
}

// lacks reports that a member is certainly none any more.
func (l believedList) lacks(id ID) bool {
	return l.confirmed && l.dropped() == 0 && !l.Contains(id)
}

// chooseList takes the list of a confirmed member, else that of the member that
// has applied most. A list without a teller, or that lacks him, comes from a
// proxy (etcd's grpc-proxy invents one, of one member with ID 0), or from a
// member that was removed: it is not believed.
func chooseList(o Observation, main ID) believedList {
	var chosen believedList
	var applied uint64
	for _, l := range o.Lists {
		switch {
		case l.From == 0:
			chosen.proxy, chosen.nobodys = true, append(chosen.nobodys, l.Endpoint)
			continue
		case l.Cluster == main && !l.Contains(l.From):
			chosen.proxy = true
			continue
		case l.Cluster != main, main == 0:
			continue
		}
		confirmed, at := vouched(o.Answers, Identity{l.Cluster, l.From})
		if better := !chosen.ok || confirmed && !chosen.confirmed ||
			confirmed == chosen.confirmed && at > applied; !better {
			continue
		}
		chosen = believedList{MemberList: l, ok: true, confirmed: confirmed, proxy: chosen.proxy, nobodys: chosen.nobodys}
		applied = at
	}
	chosen.Members = slices.Clone(chosen.Members)
	slices.SortFunc(chosen.Members, func(a, b ListedMember) int { return cmp.Compare(a.ID, b.ID) })
	return chosen
}

// unknowable reports that etcd's grpc-proxy answers at the endpoint, for now one
// member and now another, and that there is no list to know them by.
func (l believedList) unknowable(endpoint string) bool {
	return !l.ok && slices.Contains(l.nobodys, endpoint)
}

func vouched(answers []Answer, id Identity) (confirmed bool, applied uint64) {
	for _, a := range answers {
		if a.Identity() != id {
			continue
		}
		confirmed = confirmed || a.confirmed()
		if a.Status != nil {
			applied = max(applied, a.Status.Applied.V)
		}
	}
	return confirmed, applied
}
