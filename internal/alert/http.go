package alert

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

const (
	// maxBody is the size of a notification: some thousand alerts.
	maxBody = 5 << 20
	// maxRequests are read at a time: what they take of the memory is bounded.
	maxRequests = 4
)

// How a request may end, for Counts.
const (
	accepted  = "accepted"
	refused   = "refused"
	malformed = "malformed"
	tooLarge  = "too_large"
	busy      = "busy"
)

// ServeHTTP takes a notification. 202 means that it is in memory. 503 asks
// Alertmanager to try again; it would not after any other refusal, 429 included.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	result, code, why := r.receive(w, req)
	r.opts.Counts.Notification(result)
	if code == http.StatusAccepted {
		w.WriteHeader(code)
		return
	}
	if r.mayTell() {
		r.opts.Logger.Warn("notification of Alertmanager not taken", "reason", why, "status", code, "remote", req.RemoteAddr)
	}
	http.Error(w, why, code)
}

// mayTell reports whether a refusal is logged: one a minute, for anybody can
// cause them.
func (r *Receiver) mayTell() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Now()
	if now.Sub(r.refused) < time.Minute {
		return false
	}
	r.refused = now
	return true
}

// receive takes a notification, and says how that ended.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) (result string, code int, why string) {
	switch code, why = r.opts.May(req); {
	case code == http.StatusServiceUnavailable:
		return busy, code, why
	case code == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
		return refused, code, why
	case code != 0:
		return refused, code, why
	}
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return malformed, http.StatusUnsupportedMediaType, "only application/json is understood"
	}
	if req.Header.Get("Content-Encoding") != "" {
		return malformed, http.StatusUnsupportedMediaType, "no Content-Encoding is understood"
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		return busy, http.StatusServiceUnavailable, "too many notifications at a time"
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return tooLarge, http.StatusRequestEntityTooLarge, "larger than 5 MiB"
		}
		return malformed, http.StatusBadRequest, "the request ended early"
	}
	alerts, missing, err := parse(body, r.opts.Now())
	if err != nil {
		return malformed, http.StatusBadRequest, err.Error()
	}
	r.opts.Counts.LeftOut(missing)
	for _, a := range alerts {
		r.opts.Counts.Alert(a.Firing)
		if r.take(a) {
			r.tell(a)
		}
	}
	return accepted, http.StatusAccepted, ""
}
