package etcd

import (
	"context"
	"errors"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// DigestState is the newest digest of a member, or why there is none.
type DigestState struct {
	Member  cluster.ID // 0 when it is not known whose metrics the URL serves
	URL     string
	Digest  cluster.Digest
	Failure *cluster.Failure // of the last attempt; nil when it succeeded

	read time.Time // when the digest was read to its end
}

// Digests returns the newest digest of every source, whatever its age.
func (c *Client) Digests() []DigestState {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]DigestState, 0, len(c.digests))
	for _, d := range c.digests {
		out = append(out, d)
	}
	return out
}

// RefreshDigests fetches the metrics of all members whose digest is older than
// age, at most as many at a time as slots takes, and returns when all are done.
func (c *Client) RefreshDigests(ctx context.Context, age time.Duration, slots chan struct{}) {
	sources := c.sources()
	c.dropDigests(sources)
	var wg sync.WaitGroup
	for _, s := range sources {
		c.mu.Lock()
		fresh := time.Since(c.digests[s.url].Digest.At) < age
		c.mu.Unlock()
		if fresh {
			continue // /proxy came along
		}
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return
			}
			ctx, cancel := context.WithTimeout(ctx, linearizableTimeout)
			defer cancel()
			at := time.Now()
			body, err := s.open(ctx)
			if err != nil {
				c.keepDigest(s, cluster.Digest{At: at}, 0, err)
				return
			}
			defer func() { _ = body.Close() }()
			d, member, err := readDigest(body)
			d.At = at
			c.keepDigest(s, d, member, err)
		})
	}
	wg.Wait()
}

// keepDigest keeps what a fetch brought. An exposition that says that it is
// another member's is that of a load balancer or a mistake, and not kept. Nor is
// one that began before the present one had ended, as behind a slow reader: of
// two that overlap nobody knows which is older, and a counter that goes back
// looks like a restart.
//
// Behind a metrics URL that was configured a member may be replaced: once the
// former one has left, the exposition is believed.
func (c *Client) keepDigest(s *source, d cluster.Digest, says cluster.ID, err error) {
	replaced := c.unnamed(s)
	s.mu.Lock()
	if says != 0 && (s.member == 0 || replaced) {
		s.member = says
	}
	member := s.member
	if err == nil && says != 0 && says != member {
		err = errOtherMember
	}
	s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	present := c.digests[s.url]
	state := DigestState{Member: member, URL: s.url, Digest: d, read: time.Now()}
	if err != nil {
		state.Failure = fetchFailure(err, time.Since(d.At))
		if present.Member == member {
			state.Digest, state.read = present.Digest, present.read
		}
	} else if d.At.Before(present.read) {
		return
	}
	c.digests[s.url] = state
}

func fetchFailure(err error, after time.Duration) *cluster.Failure {
	f := failure(err, nil, after)
	switch {
	case errors.Is(err, errTooLong):
		f.Reason = cluster.ReasonTooLarge
	case errors.Is(err, errOtherMember):
		f.Reason = cluster.ReasonWrongMember
	case f.Reason == cluster.ReasonOther, f.Reason == cluster.ReasonDenied: // etcd denies nobody its metrics
		f.Reason = connReason(err)
	}
	var u *url.Error
	if f.Reason == cluster.ReasonOther && !errors.As(err, &u) {
		f.Reason = cluster.ReasonInvalid
	}
	return f
}

// dropDigests forgets those of sources that are gone.
func (c *Client) dropDigests(sources []*source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make(map[string]DigestState, len(sources))
	for _, s := range sources {
		if d, ok := c.digests[s.url]; ok {
			kept[s.url] = d
		}
	}
	c.digests = kept
}

// teeDigest reads along while somebody reads a member's metrics, which were asked
// for at the given time.
func (c *Client) teeDigest(s *source, body io.ReadCloser, at time.Time) io.ReadCloser {
	pr, pw := io.Pipe()
	t := &tee{body: body, to: pw, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		d, member, err := readDigest(pr)
		_ = pr.CloseWithError(io.ErrClosedPipe)
		if err == nil {
			d.At = at
			c.keepDigest(s, d, member, nil)
		}
	}()
	return t
}

type tee struct {
	body io.ReadCloser
	to   *io.PipeWriter
	done chan struct{}
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.body.Read(p)
	if n > 0 {
		_, _ = t.to.Write(p[:n])
	}
	if err != nil {
		_ = t.to.CloseWithError(err)
	}
	return n, err
}

// Close ends both readings. One that stopped half way leaves no digest.
func (t *tee) Close() error {
	_ = t.to.CloseWithError(io.ErrUnexpectedEOF)
	<-t.done
	return t.body.Close()
}
