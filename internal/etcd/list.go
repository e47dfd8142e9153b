package etcd

import (
	"context"
	"slices"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// lister is the endpoint to ask for the member list in the first look: the one
// whose list was believed last, else the first.
func (q *inquiry) lister() *asked {
	q.c.mu.Lock()
	url := q.c.lister
	q.c.mu.Unlock()
	for _, a := range q.asked {
		if a.e.url == url {
			return a
		}
	}
	if len(q.asked) == 0 {
		return nil
	}
	return q.asked[0]
}

// askListOrAnother asks for the member list, and everybody else at once where that
// one does not tell it. After the first look it may be too late: without a quorum
// the reads of that look take all the time that a scrape has.
func (q *inquiry) askListOrAnother(ctx context.Context, first *asked) {
	q.askList(ctx, first)
	q.mu.Lock()
	told := len(q.lists) > 0
	q.mu.Unlock()
	if told {
		return
	}
	var wg sync.WaitGroup
	for _, a := range q.asked {
		if a != first {
			wg.Go(func() { q.askList(ctx, a) })
		}
	}
	wg.Wait()
}

// askList asks for the member list, serializably: it is answered without a
// quorum, and costs no proposal.
func (q *inquiry) askList(ctx context.Context, a *asked) {
	ctx, cancel := context.WithTimeout(ctx, q.c.opts.LocalTimeout)
	defer cancel()
	var resp *pb.MemberListResponse
	start := time.Now()
	err := a.e.call(ctx, func(ctx context.Context) (err error) {
		resp, err = a.e.cluster.MemberList(ctx, &pb.MemberListRequest{Linearizable: false})
		return err
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		a.answer.ListFailure = a.e.explain(a.e.fail(err, start))
		return
	}
	l := membersOf(resp, q.c.opts.MaxMembers)
	l.Endpoint = a.e.url
	q.lists = append(q.lists, l)
}

// betterListers are the endpoints to ask for the member list after the first
// look. None, if a member that is confirmed has told it. Else one that is
// confirmed; else all that answer, as none is vouched for and the most advanced
// view is wanted. All, too, where one that is confirmed could not be read: one
// name in the list that is not UTF-8 spoils the whole list of every member of
// some versions, and of others none. Learners refuse.
func (q *inquiry) betterListers(v cluster.Verdict) []*asked {
	if v.MembershipStale.OK && !v.MembershipStale.V {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	told := map[string]bool{}
	for _, l := range q.lists {
		told[l.Endpoint] = true
	}
	seen := map[cluster.Identity]bool{}
	spoilt := slices.ContainsFunc(q.asked, func(a *asked) bool {
		return a.answer.ListFailure != nil && a.answer.Read.Confirmed()
	})
	var answering []*asked
	for _, a := range q.asked {
		id, r := a.answer.Identity(), a.answer.Read
		switch {
		case told[a.e.url], a.answer.ListFailure != nil, r.Outcome == cluster.ReadNotApplicable,
			!a.answer.Answered(), id.Member != 0 && (id.Cluster != v.MainCluster || seen[id]):
			continue
		}
		seen[id] = true
		if r.Confirmed() && !spoilt {
			return []*asked{a}
		}
		answering = append(answering, a)
	}
	return answering
}
