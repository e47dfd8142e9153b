package app

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestReloadUnderScrapes reloads 200 times while scrapes go on: clusters come,
// go and change, and every fifth configuration is broken. Nobody notices but
// those whose cluster it is.
func TestReloadUnderScrapes(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	kept := clusterAt("kept", e.Endpoints())
	other := clusterAt("other", e.Endpoints()[1:])
	broken := clusterAt("broken", []string{"https://127.0.0.1:1"})
	broken.TLS.CAFile = "/does/not/exist"
	n := 0
	s := start(t, nil, func(o *Options) {
		o.Clusters = []config.Cluster{kept}
		o.Watch.Probe.Enabled, o.Watch.Digest = true, true
		watch := o.Watch
		o.Load = func() (Settings, error) {
			n++
			next := Settings{Clusters: []config.Cluster{kept}, Watch: watch}
			switch n % 5 {
			case 1:
				next.Clusters = append(next.Clusters, other)
			case 2:
				changed := other
				changed.DialTimeout = time.Second + time.Duration(n)
				next.Clusters = append(next.Clusters, changed)
			case 3:
				next.Clusters[0].Thresholds = config.Thresholds{"watchers": float64(n)}
			case 4:
				next.Clusters = append(next.Clusters, broken)
			case 0:
				return Settings{}, errors.New("monitor.yml:3:1: endpoints: no such key")
			}
			return next, nil
		}
	})
	s.scrape("10")
	idle := runtime.NumGoroutine()

	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for range 4 {
		scrapers.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond) // 4 of them: 20 scrapes a second
			defer tick.Stop()
			rounds := 0.0
			for {
				select {
				case <-done:
					return
				case <-tick.C:
					got := s.scrape("10")
					s.sameCluster(t, got, &rounds)
				}
			}
		})
	}
	for i := range 200 {
		code, body := s.reload()
		want := map[int]int{4: 500, 0: 500}[(i+1)%5]
		if want == 0 {
			want = 200
		}
		if code != want || code == 500 && !strings.Contains(body, "no such") {
			t.Errorf("reload %d: %d %s, want %d", i+1, code, body, want)
		}
	}
	close(done)
	scrapers.Wait()
	if _, body, _ := s.get("/metrics"); strings.Contains(body, `cluster="other"`) || !strings.Contains(body, "last_reload_successful 0") {
		t.Error("after the last, failed reload: a removed cluster is shown, or the failure is not")
	}
	etcdtest.Eventually(t, 20*time.Second, "the goroutines of removed clusters to end", func() bool {
		http.DefaultClient.CloseIdleConnections()
		return runtime.NumGoroutine() <= idle+10
	})
}

// sameCluster checks the cluster that no reload touches: always there, healthy,
// and its counters go on.
func (s *scraped) sameCluster(t *testing.T, got sample, rounds *float64) {
	t.Helper()
	if got["etcd_monitor_cluster_up"] != 1 {
		t.Error("a scrape without a living cluster")
	}
	now := got["etcd_monitor_scrape_rounds_total"]
	if now < *rounds {
		t.Errorf("rounds fell from %v to %v", *rounds, now)
	}
	*rounds = now
}

// reload asks for one, as an operator on this host would.
func (s *scraped) reload() (int, string) {
	s.t.Helper()
	resp, err := http.Post(s.url+"/-/reload", "", nil) //nolint:noctx // a test
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b := make([]byte, 1000)
	k, _ := resp.Body.Read(b)
	return resp.StatusCode, string(b[:k])
}
