package cluster

import (
	"fmt"
	"slices"
	"time"
)

// The words in which the tables are written. A round is a member list and what
// each endpoint said; members answer at an endpoint of their own, which led to
// them before, unless a row says otherwise.

const (
	c1, c2             ID = 0xc1, 0xc2
	m1, m2, m3, m4, m5 ID = 0xa1, 0xa2, 0xa3, 0xa4, 0xa5
)

var (
	one   = started(m1)
	three = started(m1, m2, m3)
	five  = started(m1, m2, m3, m4, m5)
	// noList: nobody was asked for the member list, or nobody would give it.
	noList list
)

// list is a member list under construction.
type list []ListedMember

func nameOf(m ID) string { return fmt.Sprintf("m%d", uint64(m-m1)+1) }

func urlOf(m ID) string { return "http://" + nameOf(m) + ":2379" }

func started(ms ...ID) list { return list{}.started(ms...) }

func (l list) started(ms ...ID) list {
	for _, m := range ms {
		l = append(slices.Clip(l), ListedMember{ID: m, Name: nameOf(m), ClientURLs: []string{urlOf(m)}})
	}
	return l
}

// unstarted voters were added and have never run: etcd knows no name of theirs.
func (l list) unstarted(ms ...ID) list {
	for _, m := range ms {
		l = append(slices.Clip(l), ListedMember{ID: m})
	}
	return l
}

func (l list) learners(ms ...ID) list {
	for _, m := range ms {
		l = append(l.started(), ListedMember{ID: m, Name: nameOf(m), ClientURLs: []string{urlOf(m)}, IsLearner: true})
	}
	return l
}

// toldBy is the list as that member's answer.
func (l list) toldBy(m ID) MemberList {
	return MemberList{Endpoint: urlOf(m), Cluster: c1, From: m, Members: l}
}

// say is what one endpoint said.
type say struct{ Answer }

// up: Status answered and the read was served.
func up(m ID) say {
	who := Identity{c1, m}
	return say{Answer{
		Endpoint: urlOf(m), Configured: true, Last: who,
		Status: &Status{
			ClusterID: c1, MemberID: m, Version: "3.6.16",
			RaftIndex: Known[uint64](100), Applied: Known[uint64](100), Revision: Known[int64](50),
		},
		Read: Read{Outcome: ReadServed, From: who, Revision: Known[int64](50)},
	}}
}

// down: nothing was answered.
func down(m ID, why Reason) say {
	s := say{Answer{Endpoint: urlOf(m), Configured: true, Last: Identity{c1, m}}}
	return s.noStatus(why).read(why)
}

func killed(m ID) say { return down(m, ReasonRefused) }
func frozen(m ID) say { return down(m, ReasonTimeout) }

// learner: Status answers, all else is refused.
func learner(m ID) say {
	s := up(m).status(func(st *Status) { st.IsLearner = true })
	s.Read = Read{Outcome: ReadNotApplicable}
	return s
}

func (s say) status(change func(*Status)) say {
	st := *s.Status
	change(&st)
	s.Status = &st
	return s
}

// follows that leader in that term.
func (s say) follows(leader ID, term uint64) say {
	s = s.status(func(st *Status) { st.Leader, st.Term = leader, term })
	if s.Read.Outcome == ReadServed {
		s.Read.Term = term
	}
	return s
}

func (s say) leads(term uint64) say { return s.follows(s.Status.MemberID, term) }

// leaderless: it lost its leader, and its read waits in vain.
func (s say) leaderless(term uint64) say { return s.follows(0, term).hangs() }

// hangs: its read waits in vain, for the whole deadline.
func (s say) hangs() say { return s.read(ReasonTimeout) }

func (s say) hangsFor(d time.Duration) say {
	s = s.hangs()
	s.Read.Failure.After = d
	return s
}

func (s say) read(why Reason) say {
	s.Read = Read{Outcome: ReadFailed, Failure: failure(why)}
	return s
}

// denied: PermissionDenied, which comes without a header.
func (s say) denied() say {
	s.Read = Read{Outcome: ReadDenied}
	return s
}

// servedBy another member than the one that gave the Status.
func (s say) servedBy(m ID) say {
	s.Read = up(m).Read
	return s
}

func (s say) noStatus(why Reason) say {
	f := failure(why)
	s.Status, s.StatusFailure = nil, &f
	return s
}

func (s say) noMemberList(why Reason) say {
	f := failure(why)
	s.ListFailure = &f
	return s
}

func failure(why Reason) Failure {
	f := Failure{Reason: why, After: 5 * time.Millisecond}
	if why == ReasonTimeout {
		f.After = 5 * time.Second
	}
	return f
}

// on another endpoint than its own.
func (s say) on(endpoint string) say {
	s.Endpoint = endpoint
	return s
}

// stranger: nobody is known to have answered at the endpoint before.
func (s say) stranger() say {
	s.Last = Identity{}
	return s
}

// balanced: different members have answered at the endpoint.
func (s say) balanced() say {
	s.Balanced = true
	return s.stranger()
}

// learned: not configured, but dialled as that member's advertised URL.
func (s say) learned() say {
	s.Configured, s.Wanted = false, s.Last.Member
	return s.stranger()
}

// in another cluster.
func (s say) in(c ID) say {
	s.Last.Cluster = c
	if s.Status != nil {
		s = s.status(func(st *Status) { st.ClusterID = c })
	}
	if s.Read.From.Cluster != 0 {
		s.Read.From.Cluster = c
	}
	return s
}

func (s say) revision(r int64) say {
	s.Read.Revision = Known(r)
	return s
}

func (s say) applied(a uint64) say {
	return s.status(func(st *Status) { st.Applied, st.RaftIndex = Known(a), Known(a) })
}

func (s say) alarm(kind string, ms ...ID) say {
	return s.status(func(st *Status) {
		for _, m := range ms {
			st.Alarms = append(slices.Clip(st.Alarms), Alarm{m, kind})
		}
	})
}

// round is an observation under construction.
type round struct{ Observation }

// round: the endpoints said that, and the list was told by a confirmed member,
// else by any voter that answers.
func (l list) round(said ...say) round {
	r := round{Observation{Cluster: "test", Start: time.Unix(1000, 0), End: time.Unix(1001, 0)}}
	teller := -1
	for i, s := range said {
		r.Answers = append(r.Answers, s.Answer)
		if s.Status == nil || s.Read.Outcome == ReadNotApplicable {
			continue
		}
		if teller < 0 || s.confirmed() && !said[teller].confirmed() {
			teller = i
		}
	}
	if l != nil && teller >= 0 {
		st := said[teller].Status
		told := l.toldBy(st.MemberID)
		told.Cluster, told.Endpoint = st.ClusterID, said[teller].Endpoint
		r.Lists = []MemberList{told}
	}
	return r
}

// lists: those member lists were told, and no other.
func (r round) lists(ls ...MemberList) round {
	r.Lists = ls
	return r
}

// again: in the second look, the endpoints that have to be asked said that.
func (r round) again(said ...say) round {
	ask := SecondLook(r.Observation)
	for _, s := range said {
		if slices.Contains(ask, s.Endpoint) {
			r.Second = append(r.Second, s.Answer)
		}
	}
	return r
}

// stillSo: the second look brings what the first did.
func (r round) stillSo() round {
	for _, a := range r.Answers {
		r = r.again(say{a})
	}
	return r
}

// rivals: these clusters answered beside each other before.
func (r round) rivals(ids ...ID) round {
	r.Rivals = ids
	return r
}

// remembers the member list of an earlier round.
func (r round) remembers(l list) round {
	r.Remembered = l
	return r
}
