package etcd

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// inquiry is one round of questions to all endpoints of a cluster.
//
// Status and the confirming read leave together on each warm connection, and
// one endpoint is asked for the member list beside them: in a healthy cluster
// that is all, and it takes one round trip. Whatever follows (members that were
// not known, a list from somebody better, a second Status, a second look) is
// asked only if the first answers call for it.
type inquiry struct {
	c     *Client
	start time.Time
	prior cluster.Claim
	known []cluster.ListedMember
	// rivals are the clusters of the last round that had several.
	rivals []cluster.ID

	mu     sync.Mutex // guards what follows
	asked  []*asked
	second []*asked
	lists  []cluster.MemberList
	end    time.Time
}

// asked is one endpoint in one look, with what is still unanswered.
type asked struct {
	e                *endpoint
	answer           cluster.Answer
	statusAt, readAt time.Time // when sent; zero when answered or not sent
}

func (c *Client) startRound() running {
	c.stats.round()
	q := &inquiry{c: c, start: time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	q.prior, q.known, q.rivals = c.claim, c.list, c.rivals
	for _, e := range c.endpoints {
		q.asked = append(q.asked, q.newAsked(e))
	}
	return q
}

func (q *inquiry) newAsked(e *endpoint) *asked {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &asked{
		e:      e,
		answer: cluster.Answer{Endpoint: e.url, Configured: e.configured, Wanted: e.wanted, Last: e.last, Balanced: e.balanced},
	}
}

// run is the whole round.
func (q *inquiry) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	detach := context.AfterFunc(q.c.ctx, stop) // Close ends the round
	defer detach()

	lister := q.lister()
	var wg sync.WaitGroup
	for _, a := range q.asked {
		wg.Go(func() { q.look(ctx, a) })
	}
	if lister != nil {
		wg.Go(func() { q.askListOrAnother(ctx, lister) })
	}
	wg.Wait()

	v := q.followUp(ctx)
	if names := cluster.SecondLook(q.observation()); names != nil {
		q.lookAgain(ctx, names)
		v = q.verdict()
	}
	q.mu.Lock()
	q.end = time.Now()
	q.mu.Unlock()
	q.c.learn(q, v)
	if q.c.opts.OnRound != nil {
		q.c.opts.OnRound(q.observation())
	}
}

// followUp asks what the first answers leave open: the member list, where the
// one who was asked did not answer or is not vouched for; members that the list
// names and no endpoint reached; and Status again where leaderships differ. It
// returns what all that means.
func (q *inquiry) followUp(ctx context.Context) cluster.Verdict {
	v := q.verdict()
	doubt, listers := q.inDoubt(), q.betterListers(v)
	var wg sync.WaitGroup
	for _, a := range doubt {
		wg.Go(func() { q.statusAgain(ctx, a) })
	}
	for _, a := range listers {
		wg.Go(func() { q.askList(ctx, a) })
	}
	wg.Wait()
	if len(doubt)+len(listers) > 0 {
		v = q.verdict()
	}

	fresh := q.c.discover(v)
	if len(fresh) == 0 {
		return v
	}
	for _, e := range fresh {
		a := q.newAsked(e)
		q.mu.Lock()
		q.asked = append(q.asked, a)
		q.mu.Unlock()
		wg.Go(func() { q.look(ctx, a) })
	}
	wg.Wait()
	for _, a := range q.inDoubt() { // the newly found may disagree
		wg.Go(func() { q.statusAgain(ctx, a) })
	}
	wg.Wait()
	return q.verdict()
}

// verdict is what that means which is known now.
func (q *inquiry) verdict() cluster.Verdict { return cluster.Judge(q.observation()) }

// look sends Status and the confirming read together.
func (q *inquiry) look(ctx context.Context, a *asked) {
	readCtx, cancelRead := context.WithTimeout(ctx, q.c.opts.LinearizableTimeout)
	defer cancelRead()
	now := time.Now()
	q.mu.Lock()
	a.statusAt, a.readAt = now, now
	q.mu.Unlock()

	var wg sync.WaitGroup
	var patience *time.Timer
	wg.Go(func() {
		st, fail := q.c.status(ctx, a.e)
		q.mu.Lock()
		a.answer.Status, a.answer.StatusFailure = st, fail
		a.statusAt = time.Time{}
		q.mu.Unlock()
		if fail != nil && fail.Reason.Down() {
			// A member that is not there will not confirm anything. Its read
			// need not be waited for any longer than it takes to count.
			patience = time.AfterFunc(time.Until(now.Add(cluster.MinReadWait+50*time.Millisecond)), cancelRead)
		}
	})
	r := q.c.read(readCtx, a.e)
	q.mu.Lock()
	a.answer.Read = r
	a.readAt = time.Time{}
	q.mu.Unlock()
	wg.Wait()
	if patience != nil {
		patience.Stop()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	settle(&a.answer)
}

// settle drops what somebody else answered at an advertised address, and notes
// where one member gave the Status and another one served the read.
func settle(a *cluster.Answer) {
	id := a.Identity()
	if from := a.Read.From; from.Member != 0 && from != id {
		a.Balanced = true
	}
	if a.Wanted == 0 || id.Member == 0 || id.Member == a.Wanted {
		return
	}
	f := cluster.Failure{Reason: cluster.ReasonWrongMember, Text: "member " + id.Member.String() + " answers there"}
	a.Status, a.StatusFailure = nil, &f
	a.Read = cluster.Read{Outcome: cluster.ReadFailed, Failure: f}
}

// observation is what is known now. What is unanswered counts as a timeout
// after the time waited so far.
func (q *inquiry) observation() cluster.Observation {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	o := cluster.Observation{
		Cluster: q.c.opts.Cluster.Name, Start: q.start, End: q.end,
		Lists: slices.Clone(q.lists), Remembered: q.known, Rivals: q.rivals,
	}
	if o.End.IsZero() {
		o.End = now
	}
	for _, a := range q.asked {
		o.Answers = append(o.Answers, a.sofar(now))
	}
	for _, a := range q.second {
		o.Second = append(o.Second, a.sofar(now))
	}
	return o
}

func (a *asked) sofar(now time.Time) cluster.Answer {
	ans := a.answer
	if !a.statusAt.IsZero() {
		ans.StatusFailure = &cluster.Failure{Reason: cluster.ReasonTimeout, Text: "no answer yet", After: now.Sub(a.statusAt)}
	}
	if !a.readAt.IsZero() {
		ans.Read = cluster.Read{Outcome: cluster.ReadFailed, Failure: cluster.Failure{
			Reason: cluster.ReasonTimeout, Text: "no answer yet", After: now.Sub(a.readAt),
		}}
	}
	settle(&ans)
	return ans
}
