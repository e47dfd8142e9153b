package app

import (
	"context"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcd"
)

// observeLimit bounds an observation that no scrape asked for. It is what a
// scrape of Prometheus' default timeout leaves.
const observeLimit = 9 * time.Second

// While scrapes have no time to find out about the quorum, rounds of ours follow
// each other so closely that there is always one to fall back on.
const (
	hurriedLimit = 4 * time.Second // of each: time enough for a read to count, and less than fallbackAge
	hurriedFor   = 2 * time.Minute // after such a scrape; longer intervals are not used
)

// run keeps the cluster watched until ctx ends: an observation now and whenever
// nobody scraped for HealthInterval; a history point and the latency probes
// and the digests every MetricsInterval; the comparison of hashes, if it is on;
// endpoints, where they have to be found.
func (m *monitor) run(ctx context.Context, o Watch) {
	var wg sync.WaitGroup
	wg.Go(func() { m.finder.watch(ctx) })
	wg.Go(func() {
		if o.Probe.Enabled {
			m.client.Probe(ctx, etcd.ProbeOptions{
				Interval: o.MetricsInterval, Samples: o.Probe.Samples, Write: o.Probe.Write, Key: o.Probe.Key,
			}, m)
		}
	})
	wg.Go(func() {
		if o.Digest {
			m.digest(ctx, o.MetricsInterval)
		}
	})
	m.tick(ctx, o)
	wg.Wait()
}

// digest reads the members' own metrics every MetricsInterval, unless somebody
// read them through us meanwhile. The clusters take turns in the interval.
func (m *monitor) digest(ctx context.Context, interval time.Duration) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case began := <-next.C:
			m.client.RefreshDigests(ctx, interval*9/10, m.slots)
			pause := interval
			if len(m.client.Digests()) == 0 {
				pause = min(pause, time.Second) // nobody has answered yet
			}
			next.Reset(time.Until(began.Add(pause)))
		}
	}
}

func (m *monitor) tick(ctx context.Context, o Watch) {
	point := time.NewTicker(o.MetricsInterval)
	defer point.Stop()
	health := time.NewTimer(0)
	defer health.Stop()
	var hash <-chan time.Time
	if o.HashInterval > 0 {
		t := time.NewTicker(o.HashInterval)
		defer t.Stop()
		hash = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-point.C:
			m.history.Point()
			m.client.RefreshQuotas(ctx)
			m.client.RefreshCertificates(ctx)
			m.client.RefreshAdvertised(ctx)
		case <-health.C:
			health.Reset(m.observeUnlessRecent(ctx, o.HealthInterval))
		case <-m.hurry:
			if m.hurried() {
				health.Reset(0)
			}
		case <-hash:
			m.compareHashes(ctx, o.HashInterval)
		}
	}
}

// observeUnlessRecent returns how long the present observation is good for.
func (m *monitor) observeUnlessRecent(ctx context.Context, interval time.Duration) time.Duration {
	limit := observeLimit
	if m.hurried() {
		limit = hurriedLimit
	} else if v, ok := m.history.Latest(); ok {
		if left := interval - time.Since(v.Start); left > 0 {
			return left
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m.finder.await(ctx)
	m.client.Observe(ctx)
	if m.hurried() {
		return min(interval, hurriedLimit-time.Since(began))
	}
	return interval
}

func (m *monitor) compareHashes(ctx context.Context, interval time.Duration) {
	v, ok := m.history.Latest()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, interval/2)
	defer cancel()
	hashes, err := m.client.Hashes(ctx, v)
	if err != nil {
		m.log.Warn("comparison of hashes is incomplete", "err", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hash = &collector.HashReport{At: time.Now(), Hashes: hashes, Mismatch: cluster.Diverged(hashes)}
}
