package etcd

import (
	"errors"
	"slices"
	"time"
)

// endpointLinger is how long an endpoint that is no longer configured stays
// open: a round that began before may still be waiting for its answers.
const endpointLinger = localTimeout + 2*linearizableTimeout

// SetEndpoints makes these canonical URLs the configured endpoints. Those that
// are so already keep their connections. On an error nothing has changed.
func (c *Client) SetEndpoints(urls []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	var next, fresh []*endpoint
	var errs []error
	for _, u := range urls {
		if i := slices.IndexFunc(c.endpoints, func(e *endpoint) bool { return e.configured && e.url == u }); i >= 0 {
			next = append(next, c.endpoints[i])
			continue
		}
		e, err := c.dial(u, true, 0)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		next, fresh = append(next, e), append(fresh, e)
	}
	if len(errs) > 0 {
		for _, e := range fresh {
			e.close()
		}
		return errors.Join(errs...)
	}
	c.secure.Store(!slices.ContainsFunc(urls, func(u string) bool { return !isSecure(u) }))
	c.allowLoopback.Store(slices.ContainsFunc(urls, isLoopback))
	for _, e := range c.endpoints {
		switch {
		case !e.configured:
			next = append(next, e)
		case !slices.Contains(next, e):
			c.linger(e)
		}
	}
	c.endpoints = next
	return nil
}

// linger closes the endpoint when nobody can be waiting for it any more.
func (c *Client) linger(e *endpoint) {
	c.closing.Go(func() {
		wait := time.NewTimer(endpointLinger)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-c.ctx.Done():
		}
		e.close()
	})
}

// learned counts the endpoints that a member list led to. The caller holds mu.
func (c *Client) learned() int {
	n := 0
	for _, e := range c.endpoints {
		if !e.configured {
			n++
		}
	}
	return n
}
