package etcd

import (
	"context"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// healthKey is read to confirm a quorum; it need not exist. It is the key that
// etcdctl endpoint health reads, so roles made for that fit us too.
const healthKey = "health"

// call makes a call with the token at hand. Where etcd wants a login it logs in
// and calls once more, as far as ctx allows.
func (e *endpoint) call(ctx context.Context, do func(context.Context) error) error {
	if e.login == nil {
		return do(ctx)
	}
	token := e.login.current()
	err := do(e.authorize(ctx))
	if err == nil || !wantsLogin(reasonOf(err), token) {
		return err
	}
	e.login.ensure(ctx, token)
	if e.login.current() == token {
		return err
	}
	return do(e.authorize(ctx))
}

// wantsLogin reports whether a login may help against a refusal. Without a
// token, etcd knows us by our certificate where it can, and permits what that
// name is permitted, which may be less than the user with the password.
func wantsLogin(r cluster.Reason, token string) bool {
	return r == cluster.ReasonAuth || r == cluster.ReasonDenied && token == ""
}

// explain adds to a refusal why we are not logged in.
func (e *endpoint) explain(f *cluster.Failure) *cluster.Failure {
	if f.Reason == cluster.ReasonAuth && e.login != nil {
		if err := e.login.lastErr(); err != nil {
			f.Text = shorten(f.Text + ": " + err.Error())
		}
	}
	return f
}

// status asks for Maintenance.Status. Exactly one result is nil.
func (c *Client) status(ctx context.Context, e *endpoint) (*cluster.Status, *cluster.Failure) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.LocalTimeout)
	defer cancel()
	var resp *pb.StatusResponse
	start := time.Now()
	err := e.call(ctx, func(ctx context.Context) (err error) {
		start = time.Now()
		resp, err = e.maintenance.Status(ctx, &pb.StatusRequest{})
		return err
	})
	if err != nil {
		return nil, e.explain(e.fail(err, start))
	}
	st, problem := statusOf(resp, time.Since(start))
	if problem != "" {
		return nil, &cluster.Failure{Reason: cluster.ReasonInvalid, Text: problem, After: time.Since(start)}
	}
	return &st, nil
}

// read makes the confirming read: a linearizable Range that counts one key.
func (c *Client) read(ctx context.Context, e *endpoint) cluster.Read {
	since := time.Now() // a retried read has waited since the first try
	var sent time.Time  // the first try, once we were logged in
	for {
		var resp *pb.RangeResponse
		start := time.Now()
		err := e.call(ctx, func(ctx context.Context) (err error) {
			start = time.Now()
			resp, err = e.kv.Range(ctx, &pb.RangeRequest{Key: []byte(healthKey), CountOnly: true})
			return err
		})
		if sent.IsZero() {
			sent = start
		}
		if err == nil {
			return served(resp, time.Since(sent))
		}
		f := e.explain(e.fail(err, since))
		switch {
		case ctx.Err() != nil:
			f.Reason = cluster.ReasonTimeout // we stopped waiting
		case strings.Contains(f.Text, "leader changed"):
			// An election ended a read that would otherwise still be waiting.
			if sleep(ctx, 20*time.Millisecond) {
				continue
			}
			f.Reason = cluster.ReasonTimeout
		case strings.Contains(f.Text, "not supported for learner"):
			return cluster.Read{Outcome: cluster.ReadNotApplicable, Took: time.Since(sent)}
		case f.Reason == cluster.ReasonDenied:
			// etcd checks the permission after the read index is confirmed.
			return cluster.Read{Outcome: cluster.ReadDenied, Took: time.Since(sent)}
		}
		return cluster.Read{Outcome: cluster.ReadFailed, Failure: *f, Took: time.Since(sent)}
	}
}

func served(resp *pb.RangeResponse, took time.Duration) cluster.Read {
	h := resp.GetHeader()
	if problem := headerProblem(h, h.GetRaftTerm()); problem != "" {
		return cluster.Read{Outcome: cluster.ReadFailed, Took: took, Failure: cluster.Failure{
			Reason: cluster.ReasonInvalid, Text: problem, After: took,
		}}
	}
	r := cluster.Read{
		Outcome: cluster.ReadServed, Took: took, Term: h.GetRaftTerm(),
		From: cluster.Identity{Cluster: cluster.ID(h.GetClusterId()), Member: cluster.ID(h.GetMemberId())},
	}
	if h.GetRevision() > 0 {
		r.Revision = cluster.Known(h.GetRevision())
	}
	return r
}

// sleep waits for d, or reports false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
