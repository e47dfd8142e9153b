package etcd

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// maxExposition bounds how much of a member's metrics is read, in bytes after
// decompression. A real one is a fifth of a mebibyte.
const maxExposition = 4 << 20

var (
	errTooLong     = fmt.Errorf("the exposition is longer than %d bytes", maxExposition)
	errNoSource    = errors.New("no endpoint of that member is known")
	errOtherMember = errors.New("another member's metrics are served there")
)

// source is where a member's own metrics are served: its client port, or a
// listener of their own.
type source struct {
	url    string
	client *http.Client
	asks   bool // whose they are is known from what they say alone

	mu      sync.Mutex    // guards what follows
	member  cluster.ID    // whose they are; 0 until they said so
	reading chan struct{} // closed when the reading under way for that ends; nil when none is
}

func (s *source) whose() cluster.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.member
}

// unnamed reports whether it is not known, or not known any more, whose metrics
// the source serves.
func (c *Client) unnamed(s *source) bool {
	member := s.whose()
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.asks && (member == 0 || len(c.list) > 0 &&
		!slices.ContainsFunc(c.list, func(m cluster.ListedMember) bool { return m.ID == member }))
}

// newSource prepares to fetch url's metrics. Addresses that were learned are
// guarded as for gRPC, and a redirect is an error: it could lead anywhere.
func (c *Client) newSource(base string, member cluster.ID, e *endpoint) *source {
	d := net.Dialer{Timeout: c.opts.Cluster.DialTimeout}
	if e != nil {
		d.ControlContext = e.guard(c.allowLoopback.Load())
	}
	t := &http.Transport{
		DialContext: d.DialContext, MaxIdleConnsPerHost: 1, MaxConnsPerHost: 4, IdleConnTimeout: 90 * time.Second,
		DisableCompression: true, // compressing costs etcd a third more CPU
		ReadBufferSize:     smallBuffer, WriteBufferSize: smallBuffer, MaxResponseHeaderBytes: 64 << 10,
		ResponseHeaderTimeout: linearizableTimeout,
	}
	if strings.HasPrefix(base, "https://") {
		t.TLSClientConfig = c.trust.clientConfig(base)
	}
	return &source{url: base, member: member, asks: member == 0, client: &http.Client{
		Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// open asks for the exposition. The body is limited, and must be closed.
func (s *source) open(ctx context.Context) (io.ReadCloser, error) {
	u, err := url.JoinPath(s.url, "metrics")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", u, resp.Status)
	}
	body := resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" { // though not asked for
		z, err := gzip.NewReader(body)
		if err != nil {
			_ = body.Close()
			return nil, err
		}
		return &limited{r: z, c: body, left: maxExposition}, nil
	}
	return &limited{r: body, c: body, left: maxExposition}, nil
}

// limited is a body that fails instead of going on for ever.
type limited struct {
	r    io.Reader
	c    io.Closer
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func (l *limited) Close() error { return l.c.Close() }

// sources are where metrics are fetched from: the configured metrics URLs, else
// the client port of every member that has answered.
func (c *Client) sources() []*source {
	targets := c.targets()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.opts.Cluster.MetricsURLs) > 0 {
		for _, u := range c.opts.Cluster.MetricsURLs {
			if c.fetch[u] == nil {
				c.fetch[u] = c.newSource(u, 0, nil)
			}
		}
	}
	var out []*source
	if len(c.opts.Cluster.MetricsURLs) > 0 {
		for _, s := range c.fetch {
			out = append(out, s)
		}
		return out
	}
	kept := make(map[string]*source, len(targets))
	for _, e := range targets {
		e.mu.Lock()
		member := e.last.Member
		e.mu.Unlock()
		s := c.fetch[e.url]
		if s == nil || s.whose() != member {
			s = c.newSource(e.url, member, e)
		}
		kept[e.url] = s
		out = append(out, s)
	}
	for u, s := range c.fetch {
		if kept[u] != s {
			s.client.CloseIdleConnections()
		}
	}
	c.fetch = kept
	return out
}

// OpenMetrics opens the member's own exposition: text, at most 4 MiB. When it is
// read to its end, the digest is renewed from it. The caller closes it.
func (c *Client) OpenMetrics(ctx context.Context, member cluster.ID) (io.ReadCloser, error) {
	s, err := c.sourceOf(ctx, member)
	if err != nil {
		return nil, err
	}
	at := time.Now()
	body, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return c.teeDigest(s, body, at), nil
}

// sourceOf finds where the member's metrics are served. Where no source is known
// for it, those that have not said whose they are are asked.
func (c *Client) sourceOf(ctx context.Context, member cluster.ID) (*source, error) {
	sources := c.sources()
	for _, s := range sources {
		if s.whose() == member {
			return s, nil
		}
	}
	sources = slices.DeleteFunc(sources, func(s *source) bool { return !c.unnamed(s) })
	told := make(chan *source, len(sources))
	for _, s := range sources {
		answered := c.identify(s)
		go func() {
			<-answered
			told <- s
		}()
	}
	for range sources {
		select {
		case s := <-told:
			if s.whose() == member {
				return s, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, errNoSource
}

// identify reads the exposition for whose it is. Those who ask at the same time
// share one reading; the channel is closed when it ended.
func (c *Client) identify(s *source) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading != nil {
		return s.reading
	}
	done := make(chan struct{})
	s.reading = done
	go func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.reading = nil
			close(done)
		}()
		ctx, cancel := context.WithTimeout(c.ctx, linearizableTimeout)
		defer cancel()
		at := time.Now()
		body, err := s.open(ctx)
		if err == nil {
			body = c.teeDigest(s, body, at)
			_, err = io.Copy(io.Discard, body)
			_ = body.Close()
		}
		if err != nil {
			c.opts.Logger.Debug("it is not known whose metrics are served", "cluster", c.opts.Cluster.Name, "endpoint", s.url, "err", err)
		}
	}()
	return done
}
