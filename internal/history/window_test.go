package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

func TestSamples(t *testing.T) {
	const ms = time.Millisecond
	type sample struct {
		at   int // seconds
		took time.Duration
	}
	for _, c := range []struct {
		name    string
		opts    Options
		samples []sample
		now     int
		count   int
		sum     float64 // seconds
	}{
		{name: "none", now: 0},
		{name: "one", samples: []sample{{0, ms}}, now: 0, count: 1, sum: .001},
		{name: "too many", opts: Options{Samples: 2}, samples: []sample{{0, ms}, {1, 2 * ms}, {2, 3 * ms}}, now: 2, count: 2, sum: .005},
		{name: "just not too old", samples: []sample{{0, ms}, {1, ms}}, now: 600, count: 2, sum: .002},
		{name: "one too old", samples: []sample{{0, ms}, {1, 2 * ms}}, now: 601, count: 1, sum: .002},
		{name: "all too old", samples: []sample{{0, ms}, {1, ms}}, now: 700, count: 0},
		{name: "out of order", samples: []sample{{5, ms}, {4, 2 * ms}, {6, 3 * ms}}, now: 6, count: 3, sum: .006},
		{name: "long before the newest", samples: []sample{{700, ms}, {0, 2 * ms}}, now: 700, count: 1, sum: .001},
		{name: "equal values", opts: Options{Samples: 2}, samples: []sample{{0, ms}, {1, ms}, {2, ms}}, now: 2, count: 2, sum: .002},
		{name: "negative", samples: []sample{{0, -ms}}, now: 0, count: 0},
		{name: "zero", samples: []sample{{0, 0}}, now: 0, count: 1},
		{name: "longer than can be told", samples: []sample{{0, time.Hour}}, now: 0, count: 1, sum: 429.4967295},
		{name: "years apart", samples: []sample{{0, ms}, {100 * 365 * 24 * 3600, 2 * ms}}, now: 100 * 365 * 24 * 3600, count: 1, sum: .002},
		{name: "other age", opts: Options{MaxAge: time.Second}, samples: []sample{{0, ms}, {2, 2 * ms}}, now: 2, count: 1, sum: .002},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := New(c.opts)
			for _, s := range c.samples {
				m.Sample(1, "read", t0.Add(time.Duration(s.at)*time.Second), s.took)
			}
			got := m.Summary(t0.Add(time.Duration(c.now) * time.Second)).Latency
			if c.count == 0 {
				if len(got) != 0 {
					t.Errorf("got %+v, want no window", got)
				}
				return
			}
			if len(got) != 1 || got[0].Count != c.count || got[0].Sum < c.sum-1e-9 || got[0].Sum > c.sum+1e-9 {
				t.Errorf("got %+v, want count %d, sum %v", got, c.count, c.sum)
			}
		})
	}
}

func TestSamplesByMemberAndOperation(t *testing.T) {
	m := New(Options{})
	m.Sample(2, "b", t0, time.Second)
	m.Sample(2, "a", t0, 2*time.Second)
	m.Sample(1, "b", t0, 3*time.Second)
	got := m.Summary(t0).Latency
	if len(got) != 3 || got[0].Member != 1 || got[1].Op != "a" || got[1].Sum != 2 || got[2].Sum != 1 {
		t.Errorf("got %+v", got)
	}
}

// The window keeps itself sorted; it must sum up to what a plain list of the
// same samples does.
func TestWindowAgainstPlainList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := New(Options{Samples: 200})
	type sample struct {
		at   int
		took time.Duration
	}
	var all []sample
	for i := range 3000 {
		s := sample{i, time.Duration(r.IntN(5000)) * 100 * time.Microsecond}
		m.Sample(1, "read", at(s.at), s.took)
		all = append(all, s)
		if i%7 != 0 {
			continue
		}
		now := i + r.IntN(550)
		var plain []float64
		for _, s := range all[max(0, len(all)-200):] {
			if now-s.at <= 600 {
				plain = append(plain, s.took.Seconds())
			}
		}
		want := cluster.LatencyOf(plain)
		got := m.Summary(at(now)).Latency
		if len(got) != 1 || got[0].Count != want.Count || !slices.Equal(values(got[0].Quantiles), values(want.Quantiles)) {
			t.Fatalf("after %d at %d: got %+v, want %+v", i, now, got, want)
		}
		// Asking later made the window forget what the plain list would still
		// have had; go on with what both have.
		all = slices.DeleteFunc(all, func(s sample) bool { return now-s.at > 600 })
	}
}

func values(m map[float64]float64) []float64 {
	return []float64{m[.5], m[.95], m[.99]}
}
