package etcd

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// discover makes endpoints for members of the list that no configured endpoint
// leads to, and returns the new ones. It is not trusted with much: addresses
// are checked again when they are dialled, and who answers must be the member
// asked for.
func (c *Client) discover(v cluster.Verdict) []*endpoint {
	if !c.opts.Cluster.DiscoverMembers {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	var fresh []*endpoint
	for _, m := range v.List {
		if c.learned() >= maxLearned {
			break
		}
		if covered(v, m.ID) || slices.ContainsFunc(c.endpoints, func(e *endpoint) bool { return e.wanted == m.ID }) {
			continue
		}
		urls := c.dialable(m.ClientURLs)
		if len(urls) == 0 {
			continue
		}
		if e := c.dialLearned(urls[0], m.ID); e != nil {
			c.endpoints = append(c.endpoints, e)
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// dialLearned is an endpoint for a member at a URL that it advertises, or nil.
func (c *Client) dialLearned(u string, id cluster.ID) *endpoint {
	e, err := c.dial(u, false, id)
	if err != nil {
		c.opts.Logger.Debug("advertised endpoint is of no use", "cluster", c.opts.Cluster.Name, "endpoint", u, "err", err)
		return nil
	}
	return e
}

// covered reports whether a configured endpoint leads to the member, and not to
// a load balancer, which may lead to another one next time.
func covered(v cluster.Verdict, id cluster.ID) bool {
	return slices.ContainsFunc(v.Members, func(m cluster.Member) bool { return m.ID == id && m.Configured })
}

// dialable are the advertised URLs that we are ready to dial, in their order:
// those that are not the loopback if there is any, else those that are.
func (c *Client) dialable(urls []string) []string {
	var remote, loopback []string
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || u.Port() == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		if c.secure.Load() && u.Scheme != "https" {
			continue // nothing that is configured for TLS goes out in the clear
		}
		if strings.Contains(u.Hostname(), "%") {
			continue // the zone of a link-local address, or no name at all
		}
		canonical := u.Scheme + "://" + strings.ToLower(u.Host)
		if net.ParseIP(u.Hostname()) != nil && allowed(u.Host, c.allowLoopback.Load()) != nil {
			continue
		}
		switch {
		case !isLoopback(canonical):
			remote = append(remote, canonical)
		case c.allowLoopback.Load():
			loopback = append(loopback, canonical)
		}
	}
	if len(remote) > 0 {
		return remote
	}
	return loopback
}

// learn keeps from a finished round what the next one builds on: who leads, who
// the members are, which endpoint leads to whom.
func (c *Client) learn(q *inquiry, v cluster.Verdict) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.claim = v.Leader
	if len(v.ClusterIDs) > 1 {
		c.rivals = v.ClusterIDs
	}
	if v.MembershipStale.OK && !v.MembershipStale.V {
		c.list = v.List
		for _, l := range q.lists {
			if l.Cluster == v.MainCluster && l.Contains(l.From) {
				c.lister = l.Endpoint
			}
		}
		c.forget(v)
		c.tryOthers(q, v)
	}
	for _, a := range q.asked {
		a.e.remember(a.answer, q.start, c.list)
	}
}

// forget closes endpoints that were learned for members that left, that advertise
// another address now, or that a configured endpoint leads to.
func (c *Client) forget(v cluster.Verdict) {
	c.endpoints = slices.DeleteFunc(c.endpoints, func(e *endpoint) bool {
		if e.configured {
			return false
		}
		advertised := slices.ContainsFunc(v.List, func(m cluster.ListedMember) bool {
			return m.ID == e.wanted && slices.Contains(c.dialable(m.ClientURLs), e.url)
		})
		if advertised && !covered(v, e.wanted) {
			return false
		}
		go e.close()
		return true
	})
}

// tryOthers goes on to the next URL of members that the present one did not lead
// to: a member may advertise networks that we are not in. From the last URL it
// goes back to the first.
func (c *Client) tryOthers(q *inquiry, v cluster.Verdict) {
	for _, a := range q.asked {
		f, i := a.answer.StatusFailure, slices.Index(c.endpoints, a.e)
		if a.e.configured || i < 0 || f == nil || !f.Reason.Down() && f.Reason != cluster.ReasonWrongMember {
			continue
		}
		for _, m := range v.List {
			urls := c.dialable(m.ClientURLs)
			if m.ID != a.e.wanted || len(urls) < 2 {
				continue
			}
			next := urls[(slices.Index(urls, a.e.url)+1)%len(urls)]
			if next == a.e.url {
				continue // advertised twice
			}
			if e := c.dialLearned(next, m.ID); e != nil {
				c.endpoints[i] = e
				c.linger(a.e) // another round may be waiting for it
			}
		}
	}
}

// remember who answers at the endpoint. An endpoint whose member changes while
// the former one is still a member, as far as anybody tells, has a load balancer
// behind it: nobody in particular is down when it does not answer.
func (e *endpoint) remember(a cluster.Answer, at time.Time, list []cluster.ListedMember) {
	id := a.Identity()
	if id.Member == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learner = a.Status != nil && a.Status.IsLearner
	e.quotaUntold = a.Status != nil && !a.Status.Quota.OK
	if a.Read.Confirmed() {
		e.lastRead = at
	}
	switch {
	case e.balanced:
	case a.Balanced && a.Read.From.Cluster == id.Cluster:
		e.balanced, e.last = true, cluster.Identity{}
	case e.last.Member == 0 || e.last == id:
		e.last = id
	case e.last.Cluster != id.Cluster:
		e.last = id // an address that led astray; a load balancer has one cluster behind it
	case len(list) == 0, slices.ContainsFunc(list, func(m cluster.ListedMember) bool { return m.ID == e.last.Member }):
		e.balanced, e.last = true, cluster.Identity{}
	default:
		e.last = id // the former one was replaced
	}
}
