package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// Summary is what a scrape needs of the history. It is immutable.
type Summary struct {
	Track    cluster.Track
	Growth   map[cluster.ID]cluster.Growth // of members whose growth is known
	Latency  []Latency                     // of windows that are not empty, ordered
	Rejected []Rejected                    // ordered
}

// Rejected counts the answers of a member in which a field made no sense.
type Rejected struct {
	Member string // label
	Field  string
	Count  uint64
}

// Summary sums up at that time, which decides how far back the windows of
// latency reach.
func (m *Memory) Summary(now time.Time) Summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Summary{Track: m.track, Growth: map[cluster.ID]cluster.Growth{}, Latency: m.latencies(now)}
	for id, h := range m.seats.held {
		if g := h.value.growth; g.OK {
			s.Growth[id] = g.V
		}
	}
	for label, h := range m.rejected.held {
		for field, n := range h.value {
			s.Rejected = append(s.Rejected, Rejected{label, field, n})
		}
	}
	slices.SortFunc(s.Rejected, func(a, b Rejected) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Field, b.Field))
	})
	return s
}
