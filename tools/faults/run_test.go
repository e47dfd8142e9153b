package faults

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// scenario is one fault.
type scenario struct {
	name  string // of the test
	fault string // what happens, for people
	quick bool   // belongs to make test

	cluster   etcdtest.Options
	before    func(*rig, *etcdtest.Options) // completes cluster
	noQuiet   bool                          // the fault is there from the start
	exporters func(*rig) [][]string         // flags of each exporter; by default one that has all endpoints
	inject    func(*rig)
	heal      func(*rig) // nil: the fault is not mended here

	// must are alerts, with severity, that have to fire. may are others that are
	// true as well, or follow from the fault. Any other one is a false alarm.
	must, may []string
	// patience is for those that must fire; detect if 0.
	patience time.Duration
	// hold is how long nothing may fire where nothing must.
	hold time.Duration
}

const (
	settle  = 30 * time.Second // no alert, before the fault
	linger  = 20 * time.Second // more alerts, after those that must fire
	detect  = 4 * time.Minute  // those that must
	recover = 5 * time.Minute  // nothing waits or fires any more
)

// result is what a scenario showed.
type result struct {
	scenario
	members int // at the start
	fired   map[string]moments
	cleared time.Duration // after it was mended
}

// TestFaults breaks clusters, several at a time.
func TestFaults(t *testing.T) {
	all := os.Getenv("ETCD_MONITOR_FAULTS") == "all"
	var mu sync.Mutex
	results := map[string]result{}
	t.Run("faults", func(t *testing.T) {
		for _, s := range scenarios() {
			if !all && !s.quick {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				res := s.run(t)
				mu.Lock()
				defer mu.Unlock()
				results[s.name] = res
			})
		}
	})
	if all && *update && !t.Failed() {
		writeMatrix(t, results)
	}
}

func (s *scenario) run(t *testing.T) result {
	r := newRig(t, s)
	members := len(r.Members())
	if !s.noQuiet {
		r.quiet()
	}
	r.seen.start()
	s.inject(r)
	if len(s.must) == 0 {
		r.hold(s)
	} else {
		t.Cleanup(func() {
			if left := missing(s.must, r.seen.fired()); len(left) > 0 {
				t.Logf("missed: %v; waiting or firing: %v", left, r.seen.active())
			}
		})
		etcdtest.Eventually(t, cmp.Or(s.patience, detect), s.fault+": all of "+strings.Join(s.must, ", "), func() bool {
			return len(missing(s.must, r.seen.fired())) == 0
		})
		r.wait(linger)
	}
	res := result{scenario: *s, members: members, fired: r.seen.fired()}
	r.noFalseAlarm(s)
	if s.heal != nil {
		mended := time.Now()
		s.heal(r)
		etcdtest.Eventually(t, recover, s.fault+": the end of all alerts", func() bool { return len(r.seen.active()) == 0 })
		res.cleared = time.Since(mended)
		r.noFalseAlarm(s)
	}
	if bad, err := r.prom.unhealthy(r.ctx); err != nil || len(bad) > 0 {
		t.Errorf("rules that cannot be evaluated: %v %v", bad, err)
	}
	t.Logf("%s: %v, cleared after %v", s.fault, res.fired, res.cleared)
	return res
}

// quiet waits until everything is scraped and nothing fires.
func (r *rig) quiet() {
	r.Helper()
	etcdtest.Eventually(r, time.Minute, "the members as targets, and no alert", func() bool {
		r.seen.mu.Lock()
		looked := r.seen.now != nil
		r.seen.mu.Unlock()
		return looked && r.prom.targets(r.ctx) > len(r.exporters) && len(r.seen.active()) == 0
	})
	r.wait(settle)
	for name := range r.seen.fired() {
		if !slices.Contains(always, name) {
			r.Errorf("%s fired before anything happened", name)
		}
	}
}

func (r *rig) hold(s *scenario) {
	hold := s.hold
	if hold == 0 {
		hold = 45 * time.Second
	}
	r.wait(hold)
}

// wait lets time pass: what is looked for is that nothing happens.
func (r *rig) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
	}
}

func (r *rig) noFalseAlarm(s *scenario) {
	r.Helper()
	for name, m := range r.seen.fired() {
		if !slices.Contains(always, name) && !slices.Contains(s.must, name) && !slices.Contains(s.may, name) {
			r.Errorf("false alarm %s after %v", name, m.firing.Round(time.Second))
		}
	}
}

func missing(must []string, fired map[string]moments) []string {
	var left []string
	for _, name := range must {
		if _, ok := fired[name]; !ok {
			left = append(left, name)
		}
	}
	return left
}

// targets is how many answer.
func (p *prometheus) targets(ctx context.Context) int {
	var answer struct {
		Data struct {
			ActiveTargets []struct{ Health string }
		}
	}
	if getJSON(ctx, p.url+"/api/v1/targets?state=active", &answer) != nil {
		return 0
	}
	up := 0
	for _, t := range answer.Data.ActiveTargets {
		if t.Health == "up" {
			up++
		}
	}
	return up
}
