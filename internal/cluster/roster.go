package cluster

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// seen is one member as this round saw it: the endpoints that lead to it, and
// the best of their answers.
type seen struct {
	id      Identity
	clone   int // 0 for all but the further claimants of one identity
	listed  bool
	started bool
	learner bool
	voter   bool // as far as the member list, or for want of one Status, tells
	answers []Answer
	best    Answer
}

// roster is every member of the main cluster that is known of, ordered by ID.
type roster struct {
	seen  []seen
	name  map[ID]string // as etcd lists it
	owner map[int]int   // index of an answer -> index in seen
}

// newRoster brings together the member list and the answers. A member that only
// an earlier round knew appears when an endpoint is known to lead to it: it is
// that endpoint's member that is down.
func newRoster(o Observation, main ID, list believedList) roster {
	r := roster{name: map[ID]string{}, owner: map[int]int{}}
	for _, m := range o.Remembered {
		r.name[m.ID] = m.Name
	}
	known := map[ID]ListedMember{}
	for _, m := range list.members() {
		known[m.ID] = m
		r.name[m.ID] = m.Name
	}

	type slot struct {
		id    Identity
		clone int
	}
	groups := map[slot][]int{}
	clones := cloneOf(o)
	for i, a := range o.Answers {
		if list.unknowable(a.Endpoint) {
			continue // it speaks for whom it likes, for another one next time
		}
		if id := owner(a, main, list, o.Remembered); id.Member != 0 {
			groups[slot{id, clones[i]}] = append(groups[slot{id, clones[i]}], i)
		}
	}
	for id := range known {
		if s := (slot{Identity{main, id}, 0}); groups[s] == nil {
			groups[s] = nil
		}
	}

	slots := make([]slot, 0, len(groups))
	for s := range groups {
		slots = append(slots, s)
	}
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.id.Member, b.id.Member), cmp.Compare(a.clone, b.clone))
	})
	for _, sl := range slots {
		m, listed := known[sl.id.Member]
		s := seen{id: sl.id, clone: sl.clone, listed: listed, learner: m.IsLearner}
		for _, i := range groups[sl] {
			r.owner[i] = len(r.seen)
			s.answers = append(s.answers, o.Answers[i])
		}
		s.best = best(s.answers)
		st := s.best.Status
		if st != nil && !listed {
			s.learner = st.IsLearner
		}
		s.started = !listed || m.Started() || st != nil
		s.voter = !s.learner && (listed || !list.ok)
		r.seen = append(r.seen, s)
	}
	return r
}

// owner is the member that an answer speaks for, or would speak for: who
// answered; else who answered there before; else whose advertised URL it is.
func owner(a Answer, main ID, list believedList, remembered []ListedMember) Identity {
	if id := a.Identity(); id.Member != 0 {
		if id.Cluster != main {
			return Identity{}
		}
		return id
	}
	for _, id := range []Identity{a.Last, {main, a.Wanted}} {
		if id.Member != 0 && id.Cluster == main && !list.lacks(id.Member) {
			return id
		}
	}
	candidates := list.members()
	if !list.ok {
		candidates = remembered
	}
	advertises := func(m ListedMember) bool {
		return slices.ContainsFunc(m.ClientURLs, func(u string) bool { return SameEndpoint(u, a.Endpoint) })
	}
	i := slices.IndexFunc(candidates, advertises)
	if i < 0 || slices.ContainsFunc(candidates[i+1:], advertises) {
		return Identity{} // nobody's, or as many members advertise localhost
	}
	return Identity{main, candidates[i].ID}
}

// SameEndpoint reports whether two URLs name the same host and port, whatever
// their scheme.
func SameEndpoint(a, b string) bool {
	x, y := hostPort(a), hostPort(b)
	return x != "" && x == y
}

func hostPort(endpoint string) string {
	if !strings.Contains(endpoint, "://") {
		return strings.ToLower(endpoint)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Port() == "" {
		return ""
	}
	return strings.ToLower(u.Host)
}

// best is the answer that tells most: confirmed, else with a Status, else any;
// a configured endpoint before a learned one. A Status that only a lesser one
// has is added to it.
func best(answers []Answer) Answer {
	rank := func(a Answer) int {
		n := 0
		if a.confirmed() {
			n += 4
		}
		if a.Status != nil {
			n += 2
		}
		if a.Configured {
			n++
		}
		return n
	}
	var top Answer
	for i, a := range answers {
		if i == 0 || rank(a) > rank(top) {
			top = a
		}
	}
	for _, a := range answers {
		if top.Status == nil {
			top.Status = a.Status
		}
	}
	return top
}

// up: Status answered, or, where that is forbidden, it is known to have
// confirmed the read. Unknown when no endpoint leads to the member, or when
// what failed says nothing about it.
func (s seen) up() Opt[bool] {
	if len(s.answers) == 0 {
		return Opt[bool]{}
	}
	if s.best.Status != nil || s.best.confirmed() && s.best.Identity() == s.id {
		return Known(true)
	}
	for _, a := range s.answers {
		if a.StatusFailure == nil || !a.StatusFailure.Reason.Down() {
			return Opt[bool]{}
		}
	}
	return Known(false)
}

// confirmed: a linearizable read through the member succeeded, or it failed in
// a way that speaks against a quorum. Otherwise unknown, and why.
func (s seen) confirmed() (Opt[bool], Unknown) {
	if s.best.confirmed() {
		return Known(true), ""
	}
	if !s.started {
		return Known(false), "" // raft counts it, and it has never run
	}
	if s.best.Status != nil {
		return s.best.Read.verdict()
	}
	if len(s.answers) == 0 {
		return Opt[bool]{}, UnknownUnconfigured
	}
	for _, a := range s.answers {
		if is, why := a.Read.verdict(); !is.OK {
			return is, why
		}
	}
	return Known(false), ""
}

// verdict on a read that proves no quorum.
func (r Read) verdict() (Opt[bool], Unknown) {
	switch {
	case r.lost():
		return Known(false), ""
	case r.short():
		return Opt[bool]{}, UnknownDeadlineTooShort
	case r.Outcome == ReadFailed && r.Failure.Reason.refusal():
		return Opt[bool]{}, UnknownAuth
	case r.Outcome == ReadFailed && r.Failure.Reason.TLS():
		return Opt[bool]{}, UnknownTLS
	}
	return Opt[bool]{}, UnknownInconclusiveReads
}
