package etcd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
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
	// maxExposition bounds how much of a member's metrics is read.
	maxExposition = 4 << 20
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
	for _, e := range c.targets() {
		e.mu.Lock()
		id, untold := e.last.Member, e.quotaUntold
		e.mu.Unlock()
		c.mu.Lock()
		due := untold && time.Since(c.quotas[id].at) > quotaRefresh
		if due {
			q := c.quotas[id]
			q.at = time.Now()
			c.quotas[id] = q
		}
		c.mu.Unlock()
		if !due {
			continue
		}
		go func() {
			bytes, err := c.readQuota(ctx, e)
			if err != nil {
				c.opts.Logger.Debug("quota is not known from metrics", "cluster", c.opts.Cluster.Name, "endpoint", e.url, "err", err)
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.quotas[id] = quota{bytes: bytes, known: true, at: time.Now()}
		}()
	}
}

func (c *Client) readQuota(ctx context.Context, e *endpoint) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.LocalTimeout)
	defer cancel()
	body, err := e.metrics(ctx, c.trust, c.opts.Cluster.DialTimeout, c.allowLoopback)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return findQuota(body)
}

// findQuota looks for the quota in an exposition. etcd tells a negative one for
// no limit, and 0 is its default.
func findQuota(r io.Reader) (float64, error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxExposition))
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

// metrics opens the member's own exposition on its client port.
func (e *endpoint) metrics(ctx context.Context, t *trust, dialTimeout time.Duration, loopback bool) (io.ReadCloser, error) {
	d := net.Dialer{Timeout: dialTimeout, ControlContext: e.guard(loopback)}
	transport := &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}
	if e.secure() {
		transport.TLSClientConfig = t.clientConfig(e.url)
	}
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	u, err := url.JoinPath(e.url, "metrics")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", u, resp.Status)
	}
	return resp.Body, nil
}
