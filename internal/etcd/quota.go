package etcd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// quotaMetric is told by every version, on the client port.
	quotaMetric = "etcd_server_quota_backend_bytes"
	// quotaRefresh: the quota is a flag of etcd's, it changes with a restart.
	quotaRefresh = 5 * time.Minute
)

// quota of a member as its own metrics tell it.
type quota struct {
	bytes float64 // +Inf for none
	known bool
	at    time.Time // of the last attempt to learn it
}

// MetricsQuota is the space quota that a member's own metrics told, in bytes,
// +Inf for none.
func (c *Client) MetricsQuota(id cluster.ID) (float64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.quotas[id]
	return q.bytes, q.known
}

// RefreshQuotas reads the quota from the metrics of members whose Status does
// not tell it (before 3.6.6), seldom, and returns without waiting.
func (c *Client) RefreshQuotas(ctx context.Context) {
	untold := map[cluster.ID]bool{}
	for _, e := range c.targets() {
		e.mu.Lock()
		untold[e.last.Member] = e.quotaUntold
		e.mu.Unlock()
	}
	wanted := slices.Contains(slices.Collect(maps.Values(untold)), true)
	for _, s := range c.sources() {
		id := s.whose()
		if wanted && c.unnamed(s) {
			c.identify(s) // the next time it is known
		} else if untold[id] && c.quotaDue(id) {
			go c.refreshQuota(ctx, s, id)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.quotas, func(id cluster.ID, _ quota) bool { return !untold[id] })
}

// quotaDue notes an attempt if it is time for one.
func (c *Client) quotaDue(id cluster.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.quotas[id]
	if time.Since(q.at) < quotaRefresh {
		return false
	}
	q.at = time.Now()
	c.quotas[id] = q
	return true
}

func (c *Client) refreshQuota(ctx context.Context, s *source, id cluster.ID) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.LocalTimeout)
	defer cancel()
	body, err := s.open(ctx)
	var bytes float64
	if err == nil {
		bytes, err = findQuota(body)
		_ = body.Close()
	}
	if err != nil {
		c.opts.Logger.Debug("quota is not known from metrics", "cluster", c.opts.Cluster.Name, "endpoint", s.url, "err", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quotas[id] = quota{bytes: bytes, known: true, at: time.Now()}
}

// findQuota looks for the quota in an exposition. etcd tells a negative one for
// no limit, and 0 is its default.
func findQuota(r io.Reader) (float64, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		value, ok := strings.CutPrefix(lines.Text(), quotaMetric+" ")
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		switch {
		case err != nil || math.IsNaN(v) || v > maxBytes:
			return 0, fmt.Errorf("%s %q is no quota", quotaMetric, value)
		case v < 0:
			return math.Inf(1), nil
		case v == 0:
			return defaultSize, nil
		}
		return v, nil
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("no %s", quotaMetric)
}
