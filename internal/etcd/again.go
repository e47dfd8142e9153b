package etcd

import (
	"context"
	"slices"
	"sync"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// inDoubt picks the endpoints whose Status may be older than their read: the
// two were sent together. That matters where the read ran in another term, and
// where the leadership differs from that of the last round or of another
// member. And who could not get a read confirmed has had seconds to notice that
// his leader is gone.
//
// A new leadership is not in doubt where all agree on it and their reads ran in
// its term: a Status from before the election would show the term of before.
func (q *inquiry) inDoubt() []*asked {
	q.mu.Lock()
	defer q.mu.Unlock()
	claims := map[cluster.Claim]bool{}
	newer := true
	for _, a := range q.asked {
		if c, ok := a.answer.Claim(); ok {
			claims[c] = true
			newer = newer && c.Term > q.prior.Term && a.answer.Read.Term == c.Term
		}
	}
	if q.prior.Leader != 0 && !newer {
		claims[q.prior] = true
	}
	var doubt []*asked
	for _, a := range q.asked {
		st, r := a.answer.Status, a.answer.Read
		switch {
		case st == nil:
		case r.Outcome == cluster.ReadFailed,
			r.Outcome == cluster.ReadServed && r.Term != st.Term,
			r.Confirmed() && (len(claims) > 1 || st.Leader == 0):
			doubt = append(doubt, a)
		}
	}
	return doubt
}

func (q *inquiry) statusAgain(ctx context.Context, a *asked) {
	ctx, cancel := context.WithTimeout(ctx, lookAgainTimeout)
	defer cancel()
	st, fail := q.c.status(ctx, a.e)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case a.answer.Status == nil:
	case st != nil && st.MemberID == a.answer.Status.MemberID:
		a.answer.Status = st
	case fail != nil && goneSince(fail) && !a.answer.Read.Confirmed():
		// It answered when the round began, and went away before its read was
		// served: what counts is the newer answer.
		a.answer.Status, a.answer.StatusFailure = nil, fail
	}
}

// goneSince: a second Status failed so that the member is down, and not for want
// of time to wait for it.
func goneSince(f *cluster.Failure) bool {
	return f.Reason.Down() && (f.Reason != cluster.ReasonTimeout || f.After >= lookAgainTimeout*9/10)
}

// lookAgain is the second look, begun after the first has ended.
func (q *inquiry) lookAgain(ctx context.Context, names []string) {
	ctx, cancel := context.WithTimeout(ctx, lookAgainTimeout)
	defer cancel()
	var wg sync.WaitGroup
	q.mu.Lock()
	for _, a := range q.asked {
		if slices.Contains(names, a.e.url) {
			q.second = append(q.second, q.newAsked(a.e))
		}
	}
	second := slices.Clone(q.second)
	q.mu.Unlock()
	for _, a := range second {
		wg.Go(func() {
			q.look(ctx, a)
			q.mu.Lock()
			r, st := a.answer.Read, a.answer.Status
			q.mu.Unlock()
			if st != nil && r.Confirmed() && r.Term != st.Term {
				q.statusAgain(ctx, a)
			}
		})
	}
	wg.Wait()
}
