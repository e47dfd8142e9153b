package app

import (
	"fmt"
	"net/http"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
)

// maxScrape is the longest that a scrape may take: the server's write timeout
// is little more.
const maxScrape = 30 * time.Second

func (a *App) scrapeCap() time.Duration {
	if t := time.Duration(a.cap.Load()); t > 0 {
		return min(t, maxScrape)
	}
	return maxScrape
}

// routes is everything that is served.
func (a *App) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.exporter.Handler(collector.HandlerOptions{
		Source: a.views, Cap: a.scrapeCap, Logger: a.opts.Logger,
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "etcd-monitor is healthy.")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !a.ready.Load() {
			http.Error(w, "etcd-monitor is asking the clusters for the first time.", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "etcd-monitor is ready.")
	})
	mux.HandleFunc("GET /probe", a.probe)
	mux.HandleFunc("GET /sd", a.discovery)
	mux.HandleFunc("GET /proxy", a.proxy)
	mux.HandleFunc("POST /-/reload", a.reloadRequest)
	mux.Handle("POST /api/v1/alerts/webhook", a.alerts)
	mux.HandleFunc("GET /{$}", a.statusPage)
	if a.opts.Dashboards {
		mux.HandleFunc("GET /dashboards/{$}", a.dashboardList)
		mux.HandleFunc("GET /dashboards/{file}", a.dashboard)
	}
	// A page that somebody else serves must not make a browser here change things.
	protected := http.NewCrossOriginProtection().Handler(mux)
	if a.opts.Prefix == "" {
		return protected
	}
	outer := http.NewServeMux()
	outer.Handle(a.opts.Prefix+"/", http.StripPrefix(a.opts.Prefix, protected))
	return outer
}
