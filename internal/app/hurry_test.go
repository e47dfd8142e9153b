package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// TestShortScrapesSeeALostQuorum: it takes longer to find out than such scrapes
// have, so what they show is found out between them. It stays found out, is told
// once, and is over with the first read that is served.
func TestShortScrapesSeeALostQuorum(t *testing.T) {
	t.Parallel()
	c := fake.New(t, 3)
	log := &lines{}
	s := start(t, c.Endpoints(), func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	s.scrape("1").want(t, "healthy", map[string]any{"cluster_has_quorum": 1, "cluster_has_leader": 1})
	for _, m := range c.Servers() {
		m.Tell(fake.Script{Before: silentRead})
	}
	const quorum = "etcd_monitor_cluster_has_quorum"
	etcdtest.Eventually(t, 20*time.Second, "a short scrape to show the lost quorum", func() bool {
		has, known := s.scrape("1")[quorum]
		return known && has == 0
	})
	for range 12 {
		s.scrape("1").want(t, "lost", map[string]any{
			"cluster_up": 1, "cluster_has_quorum": 0, "cluster_has_leader": 0,
			"cluster_quorum_unknown{reason=deadline_too_short}": nil,
		})
	}
	if n := log.count("quorum lost"); n != 1 {
		t.Errorf("the lost quorum was told %d times", n)
	}
	for _, m := range c.Servers() {
		m.Tell(fake.Script{})
	}
	s.scrape("1").want(t, "regained", map[string]any{"cluster_has_quorum": 1, "cluster_has_leader": 1})
}

// silentRead is a member without a quorum: of itself it tells.
func silentRead(ctx context.Context, method string) error {
	if method == "KV/Range" {
		return fake.Silent(ctx, method)
	}
	return nil
}
