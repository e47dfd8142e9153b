package app

import (
	"fmt"
	"net/http"

	"github.com/etcd-monitor/etcd-monitor/collector"
)

// routes is everything that is served.
func (a *App) routes(exporter *collector.Exporter) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", exporter.Handler(collector.HandlerOptions{
		Source: a.views, Cap: a.opts.CollectorTimeout, Logger: a.opts.Logger,
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
	mux.HandleFunc("GET /{$}", a.statusPage)
	return mux
}
