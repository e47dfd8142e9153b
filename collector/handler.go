package collector

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

const (
	// timeoutHeader is how Prometheus says how long it will wait, in seconds.
	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"
	// defaultTimeout is Prometheus' own default.
	defaultTimeout = 10 * time.Second
	// timeoutMargin is what is kept of it for judging, encoding and the way.
	timeoutMargin = 250 * time.Millisecond
	// maxInFlight bounds the scrapes that are served at once.
	maxInFlight = 40
)

// HandlerOptions of a handler for scrapes.
type HandlerOptions struct {
	// Source observes the clusters. It returns when ctx ends at the latest,
	// with what it has by then.
	Source func(ctx context.Context) []View
	// Target is the one cluster that is shown, and nothing of the exporter
	// itself; "" for all clusters and the exporter.
	Target string
	// Cap is the longest time for a scrape, 0 for no limit; nil means the same.
	Cap    func() time.Duration
	Logger *slog.Logger
}

// Handler answers scrapes with what Source sees: always with status 200 and in
// the time that Prometheus allows, unless 40 others are being served (503).
func (e *Exporter) Handler(o HandlerOptions) http.Handler {
	log := o.Logger
	if log == nil {
		log = e.log
	}
	limit := o.Cap
	if limit == nil {
		limit = func() time.Duration { return 0 }
	}
	slots := make(chan struct{}, maxInFlight)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many scrapes at once", http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), scrapeTime(r.Header.Values(timeoutHeader), limit()))
		defer cancel()
		g := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			return e.scrape(func() []View { return o.Source(ctx) }, o.Target == "")
		})
		z := Compress(w, r)
		promhttp.HandlerFor(g, promhttp.HandlerOpts{
			ErrorHandling:      promhttp.ContinueOnError,
			ErrorLog:           slog.NewLogLogger(log.Handler(), slog.LevelError),
			EnableOpenMetrics:  true,
			DisableCompression: true, // its level takes as long as all the rest
		}).ServeHTTP(z, r)
		z.Close()
	})
}

// scrapeTime is how long a scrape may take. A header that is missing, repeated
// or no positive number of seconds means the default: a mistake there must not
// make every member look dead.
func scrapeTime(header []string, limit time.Duration) time.Duration {
	t := defaultTimeout
	if len(header) == 1 && strings.Trim(header[0], "0123456789.") == "" { // no sign, exponent or unit
		if d, err := time.ParseDuration(header[0] + "s"); err == nil && d > 0 {
			t = d
		}
	}
	if limit > 0 {
		t = min(t, limit)
	}
	return t - min(timeoutMargin, t/4)
}
