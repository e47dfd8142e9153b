package etcd

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// advertisedRefresh: what a member advertises is a flag of etcd's.
const advertisedRefresh = 5 * time.Minute

// Advertised is a client URL that a member advertises, and whether the member
// answers there, as any client that follows the member list would try.
type Advertised struct {
	Member    cluster.ID
	URL       string // as advertised; remote input
	Reachable bool
	Reason    cluster.Reason // why not; empty for an address that is not dialled
}

// Advertised lists what was found last.
func (c *Client) Advertised() []Advertised {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.advertised
}

// RefreshAdvertised tries the advertised URLs, seldom, and returns without
// waiting. A cluster with a wrong one works, until a client follows it.
func (c *Client) RefreshAdvertised(ctx context.Context) {
	c.mu.Lock()
	list := c.list
	due := c.opts.Cluster.DiscoverMembers && list != nil && time.Since(c.advertisedAt) > advertisedRefresh
	if due {
		c.advertisedAt = time.Now()
	}
	c.mu.Unlock()
	if !due {
		return
	}
	go func() {
		found := c.tryAdvertised(ctx, list)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.advertised = found
	}()
}

func (c *Client) tryAdvertised(ctx context.Context, list []cluster.ListedMember) []Advertised {
	var found []Advertised
	for _, m := range list[:min(len(list), maxLearned)] {
		for _, u := range slices.Compact(slices.Sorted(slices.Values(m.ClientURLs))) {
			if len(found) < 2*maxLearned {
				found = append(found, Advertised{Member: m.ID, URL: u})
			}
		}
	}
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() { found[i].Reachable, found[i].Reason = c.reachable(ctx, found[i]) })
	}
	wg.Wait()
	return found
}

// reachable asks at an advertised URL whose it is. An endpoint that is in use
// knows already.
func (c *Client) reachable(ctx context.Context, a Advertised) (bool, cluster.Reason) {
	urls := c.dialable([]string{a.URL})
	if len(urls) == 0 {
		return false, "" // of no use to anybody but that host
	}
	u := urls[0]
	for _, e := range c.current() {
		if !cluster.SameEndpoint(e.url, u) || isSecure(e.url) != isSecure(u) {
			continue
		}
		e.mu.Lock()
		last := e.last.Member
		e.mu.Unlock()
		if e.conn.GetState() == connectivity.Ready && last == a.Member {
			return true, ""
		}
	}
	e, err := c.dial(u, false, a.Member)
	if err != nil {
		return false, cluster.ReasonOther
	}
	defer e.close()
	st, fail := c.status(ctx, e)
	switch {
	case fail != nil && (fail.Reason == cluster.ReasonAuth || fail.Reason == cluster.ReasonDenied):
		return true, "" // somebody of etcd; whose it is he does not tell us
	case fail != nil:
		return false, fail.Reason
	case st.MemberID != a.Member:
		return false, cluster.ReasonWrongMember
	}
	return true, ""
}

func isSecure(url string) bool { return strings.HasPrefix(url, "https://") }
