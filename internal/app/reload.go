package app

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// Reload loads the settings and puts them in force, all or nothing. Clusters
// that did not change keep their connections, history and counters.
func (a *App) Reload() error { return a.reloadSettings(false) }

// ReloadAgain is Reload for who tries until it works: a failure that is the last
// one again is not logged again.
func (a *App) ReloadAgain() error { return a.reloadSettings(true) }

func (a *App) reloadSettings(again bool) error {
	a.reload.Lock()
	defer a.reload.Unlock()
	if a.opts.Load == nil {
		return ErrNothingToLoad
	}
	s, err := a.opts.Load()
	if err == nil {
		err = a.apply(s)
	}
	a.exporter.Reloaded(err == nil, time.Now())
	if err != nil {
		if !again || a.failed != err.Error() {
			a.opts.Logger.Error("reload failed, the old configuration stays", "err", err)
		}
		a.failed = err.Error()
		return err
	}
	a.failed = ""
	a.opts.Logger.Info("configuration loaded", "clusters", len(s.Clusters))
	return nil
}

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
