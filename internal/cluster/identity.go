package cluster

import (
	"cmp"
	"slices"
)

// identified are the answers by endpoint, with whom the member list tells to be
// there where nothing else does: Status and the read can both be forbidden.
func identified(o Observation) []Answer {
	answers := slices.Clone(o.Answers)
	slices.SortStableFunc(answers, func(a, b Answer) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	for i := range answers {
		for _, l := range o.Lists {
			if l.From != 0 && l.Endpoint == answers[i].Endpoint && answers[i].Identity().Member == 0 {
				answers[i].Read.From = Identity{l.Cluster, l.From}
			}
		}
	}
	return answers
}

// mainCluster picks the cluster that most configured endpoints belong to, the
// lowest ID on a tie, and lists the distinct ones that answer. An endpoint that
// is silent still belongs to the cluster that was there before; one that was
// learned has no say, as it would vote for whoever taught it.
//
// A cluster that is silent altogether gives way to the one that answers: it may
// have been restored from a snapshot. Not to one that answered beside it before,
// or a stray endpoint would pass for the cluster that died.
func mainCluster(answers []Answer, rivals []ID) (main ID, ids []ID) {
	votes, remembered := map[ID]int{}, []ID{}
	for _, a := range answers {
		id := a.Identity().Cluster
		if id != 0 {
			ids = append(ids, id)
		} else if id = a.Last.Cluster; id != 0 {
			remembered = append(remembered, id)
		}
		if a.Configured {
			votes[id]++
		}
	}
	if slices.ContainsFunc(ids, func(id ID) bool { return slices.Contains(rivals, id) }) {
		for _, id := range remembered {
			if slices.Contains(rivals, id) && votes[id] > 0 {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	candidates := ids
	if len(ids) == 0 {
		slices.Sort(remembered)
		candidates = remembered
	}
	for _, id := range candidates {
		if main == 0 || votes[id] > votes[main] {
			main = id
		}
	}
	return main, ids
}
