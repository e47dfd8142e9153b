package main

import (
	"math"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// state is a value for as long as it lasted.
type state struct {
	from, to time.Time
	value    float64
}

// states joins points of the same value that follow each other.
func states(l line, v *grafanatest.View) []state {
	var out []state
	for _, p := range l.Points {
		if math.IsNaN(p.Value) {
			continue
		}
		if n := len(out); n > 0 && !p.At.After(out[n-1].to) {
			if out[n-1].value == p.Value {
				out[n-1].to = p.At.Add(v.Step)
				continue
			}
			out[n-1].to = p.At
		}
		out = append(out, state{p.At, p.At.Add(v.Step), p.Value})
	}
	for i := range out {
		if out[i].to.After(v.To) {
			out[i].to = v.To
		}
	}
	return out
}
