package app

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestScrapersShareRounds: twenty scrapers at once cost etcd few rounds, two
// that come one after the other get one each, and one that never reads its
// answer holds up nobody.
func TestScrapersShareRounds(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, e.Endpoints())
	s.scrape("10")
	stall(t, s)

	before := handled(e, t)
	const waves, scrapers = 10, 20
	for range waves {
		var wg sync.WaitGroup
		for range scrapers {
			wg.Go(func() {
				s.scrape("10").want(t, "shared", map[string]any{"cluster_has_quorum": 1, "cluster_voters_up": 3})
			})
		}
		wg.Wait()
	}
	after := handled(e, t)
	// Who arrives while a round runs waits for the next one. A wave arrives over
	// some milliseconds, which is a few rounds, where unshared it would be 20.
	if got, most := after.status-before.status, float64(waves*scrapers*3)/2; got > most {
		t.Errorf("%v calls of Status for %d waves of %d scrapes of 3 members", got, waves, scrapers)
	}

	before = after
	for range 20 { // two replicas, offset: each is owed its own round
		s.scrape("10")
	}
	after = handled(e, t)
	if got := after.status - before.status; got != 60 {
		t.Errorf("%v calls of Status for 20 scrapes one after the other, want 60", got)
	}
	if got := after.read - before.read; got != 60 {
		t.Errorf("%v confirming reads for 20 scrapes one after the other, want 60", got)
	}
}

// stall opens connections that ask for /metrics and never read.
func stall(t *testing.T, s *scraped) {
	t.Helper()
	for range 5 {
		c, err := net.DialTimeout("tcp", s.url[len("http://"):], time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.(*net.TCPConn).SetReadBuffer(1024); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}
