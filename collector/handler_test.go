package collector

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestScrapeTime(t *testing.T) {
	const none = 0
	for _, tt := range []struct {
		name   string
		header []string
		limit  time.Duration
		want   time.Duration
	}{
		{"no header is not Prometheus: its default", nil, none, 9750 * time.Millisecond},
		{"as Prometheus writes it", []string{"5"}, none, 4750 * time.Millisecond},
		{"as vmagent writes it", []string{"5.000"}, none, 4750 * time.Millisecond},
		{"half a second", []string{"0.5"}, none, 375 * time.Millisecond},
		{"so short that the margin is a part of it", []string{"0.001"}, none, 750 * time.Microsecond},
		{"too long for us", []string{"300"}, 30 * time.Second, 29750 * time.Millisecond},
		{"our own limit", nil, 2 * time.Second, 1750 * time.Millisecond},

		{"not a number", []string{"NaN"}, none, 9750 * time.Millisecond},
		{"infinite", []string{"Inf"}, none, 9750 * time.Millisecond},
		{"infinite, signed", []string{"+Inf"}, none, 9750 * time.Millisecond},
		{"negative", []string{"-1"}, none, 9750 * time.Millisecond},
		{"zero", []string{"0"}, none, 9750 * time.Millisecond},
		{"zero, at length", []string{"0.000"}, none, 9750 * time.Millisecond},
		{"less than a nanosecond", []string{"0.0000000001"}, none, 9750 * time.Millisecond},
		{"beyond any clock", []string{"1e300"}, none, 9750 * time.Millisecond},
		{"beyond any clock, written out", []string{"99999999999999999999"}, none, 9750 * time.Millisecond},
		{"text", []string{"abc"}, none, 9750 * time.Millisecond},
		{"empty", []string{""}, none, 9750 * time.Millisecond},
		{"a point", []string{"."}, none, 9750 * time.Millisecond},
		{"a duration", []string{"1m30"}, none, 9750 * time.Millisecond},
		{"with a unit", []string{"5s"}, none, 9750 * time.Millisecond},
		{"repeated", []string{"5", "5"}, none, 9750 * time.Millisecond},
		{"joined by a proxy", []string{"5, 5"}, none, 9750 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := scrapeTime(tt.header, tt.limit); got != tt.want {
				t.Errorf("%q with limit %s gives %s, want %s", tt.header, tt.limit, got, tt.want)
			}
		})
	}
}

// TestSourceGetsTheDeadline: the observation ends when Prometheus wants it to.
func TestSourceGetsTheDeadline(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var left time.Duration
	h := e.Handler(HandlerOptions{Source: func(ctx context.Context) []View {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	}})
	if resp, _ := get(t, h, http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"4"}}); resp.StatusCode != http.StatusOK {
		t.Errorf("status %s", resp.Status)
	}
	if left <= 0 || left > 3750*time.Millisecond {
		t.Errorf("of 4 s, %s are left for the observation, want 3.75 s", left)
	}
}

// TestScrapesBeyondTheLimitAreTurnedAway: what 41 clients want at once is not a
// scrape any more. When they are served, there is room again.
func TestScrapesBeyondTheLimitAreTurnedAway(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	entered, release := make(chan struct{}, maxInFlight), make(chan struct{})
	srv := httptest.NewServer(e.Handler(HandlerOptions{Source: func(context.Context) []View {
		entered <- struct{}{}
		<-release
		return nil
	}}))
	defer srv.Close()
	scrape := func() (int, string) {
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}

	var wg sync.WaitGroup
	for range maxInFlight {
		wg.Go(func() {
			if code, _ := scrape(); code != http.StatusOK {
				t.Errorf("a scrape within the limit got %d", code)
			}
		})
	}
	for range maxInFlight {
		<-entered
	}
	if code, retry := scrape(); code != http.StatusServiceUnavailable || retry != "1" {
		t.Errorf("scrape %d got %d, Retry-After %q; want 503 and 1", maxInFlight+1, code, retry)
	}
	close(release)
	wg.Wait()
	if code, _ := scrape(); code != http.StatusOK {
		t.Errorf("with all slots free again, a scrape got %d", code)
	}
}

// TestOneTarget: asked for one cluster, the handler shows that and nothing of
// the exporter or of the others.
func TestOneTarget(t *testing.T) {
	sc := scenarios()[0]
	sc.probes.Observe("other", "m1", "write", time.Millisecond)
	h := sc.exporter(t).Handler(HandlerOptions{
		Source: func(context.Context) []View { return sc.views }, Target: "prod",
	})
	_, body := get(t, h, nil)
	series := seriesOf(t, body)
	if len(series) == 0 {
		t.Fatal("there are no series")
	}
	for _, m := range series {
		if m.label("cluster") != "prod" {
			t.Errorf("%s is of cluster %q", m.name, m.label("cluster"))
		}
	}
}
