// Package alert takes what Alertmanager sends: it logs each alert when its state
// changes, and remembers the last changes. It decides nothing and sends nothing.
package alert

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options is all that a Receiver is made of.
type Options struct {
	Logger *slog.Logger
	// Console logs each alert when it begins and when it ends.
	Console bool
	// Keep is how many changes are remembered; 0 means 1000.
	Keep int
	// May says whether a request is let in. Its answer, if not 0, is the status
	// code of the refusal and why.
	May    func(r *http.Request) (code int, why string)
	Counts Counts
	Now    func() time.Time // nil for the clock
}

// Counts are told of what arrives. They must be safe for concurrent use.
type Counts interface {
	// Notification counts a request by how it ended: accepted, refused, malformed,
	// too_large, busy.
	Notification(result string)
	// Alert counts an alert that was taken, repeats included.
	Alert(firing bool)
	// LeftOut counts alerts that never came: Alertmanager left them out of a long
	// notification, or they made no sense.
	LeftOut(n uint64)
}

const (
	defaultKeep = 1000
	// maxTracked bounds how many alerts are known at a time: with more, those
	// unheard of for longest are forgotten.
	maxTracked = 2000
	// lateFor is how long after its end an alert may still be reported as firing by
	// a message that was held up: by another Alertmanager of the same cluster, which
	// waits some times 15 s for its peers.
	lateFor = time.Minute
)

// Receiver remembers alerts. It is safe for concurrent use.
type Receiver struct {
	opts  Options
	slots chan struct{} // a place for each request that is read

	mu      sync.Mutex // guards what follows
	known   map[string]*Alert
	changes []Alert   // oldest first
	refused time.Time // when a refusal was last logged
}

// New returns a Receiver.
func New(o Options) *Receiver {
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Receiver{opts: o, slots: make(chan struct{}, maxRequests), known: map[string]*Alert{}}
}

// Changes are the last changes of alerts, newest first: one when an alert begins,
// one when it ends. The alerts' maps are shared and must not be changed.
func (r *Receiver) Changes() []Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.changes)
	slices.Reverse(list)
	return list
}

// Firing are the alerts that fire, as far as Alertmanager has said, the latest
// first. Their maps are shared and must not be changed.
func (r *Receiver) Firing() []Alert {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Alert
	for _, a := range r.known {
		if a.Firing {
			list = append(list, *a)
		}
	}
	slices.SortFunc(list, func(a, b Alert) int {
		return cmp.Or(b.StartsAt.Compare(a.StartsAt), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return list
}

// take remembers an alert, and reports whether that changes its state.
func (r *Receiver) take(a Alert) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.known[a.Fingerprint]
	changed := changes(before, a)
	switch {
	case changed, before == nil:
		r.known[a.Fingerprint] = &a
	case a.Firing == before.Firing: // a repeat: annotations follow the values
		a.StartsAt = before.StartsAt
		if !a.Firing {
			a.EndsAt = before.EndsAt
		}
		r.known[a.Fingerprint] = &a
	}
	if len(r.known) > maxTracked {
		r.forget()
	}
	if changed {
		if len(r.changes) >= r.opts.Keep {
			r.changes = append(r.changes[:0], r.changes[len(r.changes)-r.opts.Keep+1:]...)
		}
		r.changes = append(r.changes, a)
	}
	return changed
}

// changes reports whether now is a change to before, which is nil for an alert
// that was not heard of. Messages may come twice, and late.
func changes(before *Alert, now Alert) bool {
	switch {
	case before == nil:
		return true
	case before.Firing == now.Firing:
		return false
	case now.Firing:
		// It fires again, unless this is about the time before it ended.
		late := now.ReceivedAt.Sub(before.ReceivedAt) < lateFor
		return now.StartsAt.After(before.StartsAt) || now.StartsAt.Equal(before.StartsAt) && !late
	}
	return !now.StartsAt.Before(before.StartsAt) // else the end of an earlier time
}

// forget drops the alert that was not heard of for longest, an ended one first.
func (r *Receiver) forget() {
	var oldest *Alert
	for _, a := range r.known {
		if oldest == nil || oldest.Firing && !a.Firing ||
			oldest.Firing == a.Firing && a.ReceivedAt.Before(oldest.ReceivedAt) {
			oldest = a
		}
	}
	delete(r.known, oldest.Fingerprint)
}

// tell logs a change.
func (r *Receiver) tell(a Alert) {
	if !r.opts.Console {
		return
	}
	attrs := []any{
		"alertname", a.Labels["alertname"], "cluster", a.Labels["cluster"], "severity", a.Labels["severity"],
	}
	if m := a.Labels["member"]; m != "" {
		attrs = append(attrs, "member", m)
	}
	attrs = append(attrs, "summary", a.Annotations["summary"], "starts_at", a.StartsAt, "fingerprint", a.Fingerprint)
	switch {
	case !a.Firing:
		r.opts.Logger.Info("alert resolved", append(attrs, "ends_at", a.EndsAt)...)
	case a.Labels["severity"] == "critical":
		r.opts.Logger.Error("alert firing", attrs...)
	case a.Labels["severity"] == "info", a.Labels["severity"] == "none":
		r.opts.Logger.Info("alert firing", attrs...)
	default:
		r.opts.Logger.Warn("alert firing", attrs...)
	}
}
