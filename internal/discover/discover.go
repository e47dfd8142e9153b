// Package discover finds the endpoints of a cluster that is configured by a name
// in DNS or by a file of targets, and finds them again when they change.
package discover

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

const (
	// fileInterval is the time between two looks at a file: whoever changes it
	// waits no longer than for a scrape.
	fileInterval = 2 * time.Second
	// dnsInterval is the time between two questions, dnsRetry that after one
	// without an answer. DNS' own time to live is not told to us.
	dnsInterval = 30 * time.Second
	dnsRetry    = 5 * time.Second
	dnsTimeout  = 5 * time.Second
	// maxEndpoints bounds what DNS can make us dial.
	maxEndpoints = 200
)

// Names of the ways to find endpoints.
const (
	File = "file"
	DNS  = "dns_srv"
)

// Source finds the endpoints of one cluster. It is for one goroutine.
type Source struct {
	cluster  config.Cluster
	resolver *net.Resolver

	info os.FileInfo // of the file when it was last read; nil before
	read time.Time
	last Result
}

// Result is what a look brought: endpoints, or why there are none.
type Result struct {
	Endpoints []string // canonical URLs; nil with an error
	Err       error
}

// New returns the source of a cluster's endpoints, nil if they are configured.
func New(c config.Cluster) *Source {
	if c.DNSSRV == "" && c.TargetsFile == "" {
		return nil
	}
	return &Source{cluster: c, resolver: net.DefaultResolver}
}

// Find gives the endpoints of a cluster as they are now: those that are
// configured, else what one look brings. Its error names the key.
func Find(ctx context.Context, c config.Cluster) ([]string, error) {
	s := New(c)
	if s == nil {
		return c.Endpoints, nil
	}
	r := s.look(ctx)
	if r.Err != nil {
		return nil, fmt.Errorf("%s: %w", s.Kind(), r.Err)
	}
	return r.Endpoints, nil
}

// Kind is File or DNS.
func (s *Source) Kind() string {
	if s.cluster.TargetsFile != "" {
		return File
	}
	return DNS
}

// Watch looks at once and again and again until ctx ends, and tells each time
// what it found.
func (s *Source) Watch(ctx context.Context, tell func(Result)) {
	for {
		r := s.look(ctx)
		if ctx.Err() != nil {
			return
		}
		tell(r)
		wait := time.NewTimer(s.interval(r))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

func (s *Source) interval(r Result) time.Duration {
	switch {
	case s.Kind() == File:
		return fileInterval
	case r.Err != nil:
		return dnsRetry
	}
	return dnsInterval
}

// look looks once.
func (s *Source) look(ctx context.Context) Result {
	if s.Kind() == File {
		return s.targets()
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	return s.records(ctx)
}
