package etcd

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
)

// TLSConfig is how connections to an endpoint are secured: for those who make
// their own, as benchmarks do. It is nil for http.
func (c *Client) TLSConfig(endpoint string) *tls.Config {
	if !isSecure(endpoint) {
		return nil
	}
	return c.trust.clientConfig(endpoint)
}

// Token logs in through the endpoint with that URL and returns the token, which is nobody
// else's. It is empty when no password is configured, or none is to be sent
// there.
func (c *Client) Token(ctx context.Context, url string) (string, error) {
	all := c.current()
	i := slices.IndexFunc(all, func(e *endpoint) bool { return e.url == url })
	if i < 0 {
		return "", fmt.Errorf("log in: %s is no endpoint of cluster %s", url, c.opts.Cluster.Name)
	}
	if all[i].login == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.LinearizableTimeout)
	defer cancel()
	return all[i].login.authenticate(ctx)
}
