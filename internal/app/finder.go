package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/discover"
	"github.com/etcd-monitor/etcd-monitor/internal/etcd"
)

// finder hands the endpoints that are found in DNS or in a file to the client,
// and keeps the last good ones. A nil finder is that of a cluster whose
// endpoints are configured.
type finder struct {
	source *discover.Source
	client *etcd.Client
	log    *slog.Logger
	looked chan struct{} // closed after the first look
	first  sync.Once

	mu        sync.Mutex // guards what follows
	endpoints []string   // the last good ones
	problem   string     // of the last look
}

func newFinder(c config.Cluster, log *slog.Logger, client *etcd.Client) *finder {
	source := discover.New(c)
	if source == nil {
		return nil
	}
	return &finder{source: source, client: client, log: log, looked: make(chan struct{})}
}

// watch looks for endpoints until ctx ends.
func (f *finder) watch(ctx context.Context) {
	if f != nil {
		f.source.Watch(ctx, f.found)
	}
}

// await waits for the first look: before it, nobody could answer.
func (f *finder) await(ctx context.Context) {
	if f == nil {
		return
	}
	select {
	case <-f.looked:
	case <-ctx.Done():
	}
}

// found takes in what a look brought, and tells what is new about it.
func (f *finder) found(r discover.Result) {
	defer f.first.Do(func() { close(f.looked) })
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Err == nil && !slices.Equal(r.Endpoints, f.endpoints) {
		if r.Err = f.client.SetEndpoints(r.Endpoints); r.Err == nil {
			f.log.Info("endpoints found", "source", f.source.String(), "before", len(f.endpoints), "endpoints", len(r.Endpoints))
			f.endpoints, f.problem = r.Endpoints, ""
			return
		}
	}
	problem := ""
	if r.Err != nil {
		problem = r.Err.Error()
	}
	switch problem {
	case f.problem:
	case "":
		f.log.Info("endpoints found again", "source", f.source.String(), "endpoints", len(f.endpoints))
	default:
		f.log.Warn("endpoints not found, the last ones stay", "source", f.source.String(), "endpoints", len(f.endpoints), "err", r.Err)
	}
	f.problem = problem
}

// report is what a scrape shows of it, nil before the first look.
func (f *finder) report() *collector.Discovery {
	if f == nil {
		return nil
	}
	select {
	case <-f.looked:
	default:
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &collector.Discovery{Source: f.source.Kind(), OK: f.problem == "", Endpoints: len(f.endpoints)}
}

// last is the last good list, nil before there is one.
func (f *finder) last() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.endpoints
}

// count is how many endpoints there are.
func (f *finder) count(c config.Cluster) int {
	if f == nil {
		return len(c.Endpoints)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.endpoints)
}
