package history

import (
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// roll is a map that stays small: when it is full, whoever has not been seen for
// the longest time makes room for a newcomer.
type roll[K comparable, V any] struct {
	max  int
	held map[K]*held[V]
}

type held[V any] struct {
	seen  time.Time
	value V
}

// at is the value of k, a zero one if there was none, and notes that k was seen.
// Nil when the map is full of what was seen later.
func (r *roll[K, V]) at(k K, now time.Time) *V {
	if h := r.held[k]; h != nil {
		if h.seen.Before(now) {
			h.seen = now
		}
		return &h.value
	}
	if r.held == nil {
		r.held = map[K]*held[V]{}
	}
	if len(r.held) >= r.max && !r.makeRoom(now) {
		return nil
	}
	h := &held[V]{seen: now}
	r.held[k] = h
	return &h.value
}

// makeRoom drops whoever was seen first, if that was before now.
func (r *roll[K, V]) makeRoom(now time.Time) bool {
	var oldest K
	at := now
	for k, h := range r.held {
		if h.seen.Before(at) {
			oldest, at = k, h.seen
		}
	}
	if !at.Before(now) {
		return false
	}
	delete(r.held, oldest)
	return true
}

// get is the value of k, nil if there is none.
func (r *roll[K, V]) get(k K) *V {
	if h := r.held[k]; h != nil {
		return &h.value
	}
	return nil
}

// retain drops all that are not named.
func (r *roll[K, V]) retain(named map[K]bool) {
	for k := range r.held {
		if !named[k] {
			delete(r.held, k)
		}
	}
}

// safeName is short, and shares no memory with the answer that it came in.
func safeName(name string) string { return strings.Clone(cluster.SafeLabel(name)) }
