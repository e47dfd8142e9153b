package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// maxProxied bounds the members' expositions that are passed on at once.
	maxProxied = 16
	// defaultProxyTime is for a request that does not say how long it waits.
	defaultProxyTime = 10 * time.Second
)

// proxy passes on the metrics that a member exposes itself, with our
// credentials: who scrapes through it needs none of etcd's. Member and cluster
// are names of ours; no address comes from the URL.
func (a *App) proxy(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name, err := one(q, "cluster")
	id, idErr := one(q, "member")
	if err = errors.Join(err, idErr); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	member, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		http.Error(w, "parameter member is no member ID in hexadecimal", http.StatusBadRequest)
		return
	}
	m, release := a.fleet.named(name)
	defer release()
	if m == nil {
		a.unknownCluster(w)
		return
	}
	if _, ok := m.label(cluster.ID(member)); !ok {
		http.Error(w, "no such member is known in that cluster", http.StatusNotFound)
		return
	}
	select {
	case a.proxied <- struct{}{}:
		defer func() { <-a.proxied }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many members are being read at once", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(proxyTime(r.Header), a.scrapeCap()))
	defer cancel()
	body, err := m.client.OpenMetrics(ctx, cluster.ID(member))
	if err != nil {
		m.log.Debug("member's metrics", "member_id", id, "err", err)
		http.Error(w, "the member does not give its metrics", proxyStatus(err))
		return
	}
	defer func() { _ = body.Close() }()
	pass(w, r, body)
}

// pass streams an exposition. One that breaks off must not look complete, or
// Prometheus would take half of it for all.
func pass(w http.ResponseWriter, r *http.Request, body io.Reader) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	z := collector.Compress(w, r)
	if _, err := io.Copy(z, body); err != nil {
		panic(http.ErrAbortHandler)
	}
	z.Close()
}

// proxyTime is how long whoever asks will wait, less what the way takes.
func proxyTime(h http.Header) time.Duration {
	t := defaultProxyTime
	if d, err := time.ParseDuration(h.Get("X-Prometheus-Scrape-Timeout-Seconds") + "s"); err == nil && d > 0 {
		t = d
	}
	return t - min(250*time.Millisecond, t/4)
}

// proxyStatus tells a member that takes too long from one that is not there.
func proxyStatus(err error) int {
	var netErr net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout() {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}
