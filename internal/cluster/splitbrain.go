package cluster

import "slices"

// SecondLook names the endpoints that have to be asked once more before a split
// brain may be called one: where two different leaderships are confirmed, or
// where endpoints that seem to be one member served different revisions. The
// second look must begin after the first has ended. Nil when nothing is amiss.
//
// One look is not enough: an election between two reads confirms two
// leaderships, one after the other, in a perfectly healthy cluster.
func SecondLook(o Observation) []string {
	main, _ := mainCluster(o.Answers, o.Rivals)
	claims := map[Claim]bool{}
	revisions := map[Identity]map[int64]bool{}
	var ask, twins []string
	for _, a := range o.Answers {
		if a.Identity().Cluster != main || main == 0 {
			continue
		}
		if c, ok := a.Claim(); ok {
			claims[c] = true
			ask = append(ask, a.Endpoint)
		}
		if a.Read.Outcome == ReadServed && a.Read.Revision.OK {
			id := a.Identity()
			if revisions[id] == nil {
				revisions[id] = map[int64]bool{}
			}
			revisions[id][a.Read.Revision.V] = true
		}
	}
	if len(claims) > 1 {
		return ask
	}
	for _, a := range o.Answers {
		if len(revisions[a.Identity()]) > 1 {
			twins = append(twins, a.Endpoint)
		}
	}
	return twins
}

// splitBrain judges both ways of being two. (a) Endpoints of one logical
// cluster belong to more than one cluster. (b) Two leaderships were confirmed,
// and both were confirmed again in the second look: raft allows no such thing.
// Comparing terms would be wrong both ways: a deposed leader still reports the
// current term, and two halves made by force-new-cluster differ in theirs.
func splitBrain(o Observation, main ID, ids []ID) SplitBrain {
	if len(ids) == 0 {
		return SplitBrain{}
	}
	return SplitBrain{
		ClusterID: Known(len(ids) > 1),
		Leaders:   Known(len(heldClaims(o, main)) > 1 || forked(o, main)),
	}
}

// heldClaims are the leaderships that an endpoint confirmed in both looks.
func heldClaims(o Observation, main ID) map[Claim]bool {
	held := map[Claim]bool{}
	for _, a := range o.Answers {
		if c, ok := heldBy(o, a); ok && a.Identity().Cluster == main {
			held[c] = true
		}
	}
	return held
}

func heldBy(o Observation, first Answer) (Claim, bool) {
	c, ok := first.Claim()
	if !ok {
		return Claim{}, false
	}
	again, ok := second(o, first.Endpoint)
	if !ok {
		return Claim{}, false
	}
	c2, ok := again.Claim()
	return c, ok && c == c2 && again.Identity() == first.Identity()
}

func second(o Observation, endpoint string) (Answer, bool) {
	i := slices.IndexFunc(o.Second, func(a Answer) bool { return a.Endpoint == endpoint })
	if i < 0 {
		return Answer{}, false
	}
	return o.Second[i], true
}

// forked: a linearizable read of the second look is older than one of the first
// look that had already been answered. In one history that cannot be: the data
// have two.
func forked(o Observation, main ID) bool {
	if len(o.Second) == 0 {
		return false
	}
	for i := range o.Answers {
		for j := range o.Answers {
			if o.Answers[i].Identity().Cluster == main && behind(o, o.Answers[i], o.Answers[j]) {
				return true
			}
		}
	}
	return false
}

// behind reports that b, asked again, knew less than a had already answered.
func behind(o Observation, a, b Answer) bool {
	if a.Endpoint == b.Endpoint || a.Identity().Cluster != b.Identity().Cluster {
		return false
	}
	again, ok := second(o, b.Endpoint)
	return ok && again.Identity() == b.Identity() &&
		a.Read.Outcome == ReadServed && a.Read.Revision.OK &&
		again.Read.Outcome == ReadServed && again.Read.Revision.OK &&
		again.Read.Revision.V < a.Read.Revision.V
}

// cloneOf numbers the answers that share one identity but not one history: a
// data directory that was copied and started twice. All others are 0.
func cloneOf(o Observation) []int {
	clone := make([]int, len(o.Answers))
	clashes := func(i int) bool {
		a := o.Answers[i]
		for j, b := range o.Answers[:i] {
			if clone[j] == clone[i] && b.Identity() == a.Identity() && distinct(o, a, b) {
				return true
			}
		}
		return false
	}
	for i := range clone {
		for len(o.Second) > 0 && clashes(i) {
			clone[i]++
		}
	}
	return clone
}

// distinct reports that two answers of one identity are two members after all.
func distinct(o Observation, a, b Answer) bool {
	ca, oka := heldBy(o, a)
	cb, okb := heldBy(o, b)
	if oka && okb && ca != cb {
		return true
	}
	return behind(o, a, b) || behind(o, b, a)
}
