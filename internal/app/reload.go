package app

import (
	"fmt"
	"net"
	"net/http"
)

// reloadRequest reloads, and answers 500 with the reason when that fails. It
// changes state, so without authentication it is open to this host only.
func (a *App) reloadRequest(w http.ResponseWriter, r *http.Request) {
	if !a.mayChange(r) {
		http.Error(w, "without authentication (--web.config.file) only this host may do that", http.StatusForbidden)
		return
	}
	if err := a.Reload(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintln(w, "loaded")
}

// mayChange reports whether the request comes from somebody who has shown who he
// is, or from this host. What a proxy says of others counts for nothing.
func (a *App) mayChange(r *http.Request) bool {
	if a.server.Authenticates() {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
