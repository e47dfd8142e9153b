package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Search says how to look for the highest rate that meets the targets.
type Search struct {
	From, Most float64       // first and highest rate, operations per second
	Step       time.Duration // that each rate is tried for
}

// leastOps is what a 99th percentile takes.
const leastOps = 100

// keptShare is the share of a rate that must have been achieved: a run ends with
// its last answer, a little after its last second.
const keptShare = 0.95

// precision is how near to each other the best rate and the next that fails are
// when a search ends.
const precision = 0.1

// FindRate searches for the highest rate at which the run meets its SLO, with
// the error rate among it. The report is that of the best rate, or of the lowest
// tried if none is good enough, and lists all that were tried.
func FindRate(ctx context.Context, c Config, s Search) (Report, error) {
	asked := c.SLO
	switch {
	case asked.P99Seconds == 0 && !asked.AskErrorRate:
		return Report{}, errors.New("a search needs a target for p99 or for the error rate")
	case !(s.From > 0 && s.Most >= s.From), s.Step < time.Second:
		return Report{}, fmt.Errorf("a search from %g to %g operations per second, %v each, is none", s.From, s.Most, s.Step)
	case s.From*s.Step.Seconds() < leastOps:
		return Report{}, fmt.Errorf("a search from %g operations per second, %v each: a p99 needs %d operations", s.From, s.Step, leastOps)
	}
	c.Ops, c.Duration = 0, s.Step
	// A throughput to reach would fail every low rate.
	c.SLO.ReadThroughput, c.SLO.WriteThroughput = 0, 0
	var steps []SearchStep
	var best Report
	try := func(rate float64) (bool, error) {
		c.Rate = rate
		r, err := Run(ctx, c)
		if err != nil {
			best.Search = steps
			return false, fmt.Errorf("at %.0f operations per second: %w", rate, err)
		}
		met := !r.Missed() && !r.TooManyErrors() && r.Schedule.Achieved >= keptShare*rate
		steps = append(steps, SearchStep{rate, r.Throughput, r.Latency.P99, r.Operations.ErrorRate(), met})
		if met || best.Schema == "" {
			best = r
		}
		best.Search = steps
		return met, nil
	}
	good, bad := 0.0, 0.0
	for rate := s.From; bad == 0 && good < s.Most; rate = min(rate*2, s.Most) {
		met, err := try(rate)
		switch {
		case err != nil:
			return best, err
		case met:
			good = rate
		default:
			bad = rate
		}
	}
	for good > 0 && bad > good*(1+precision) {
		rate := (good + bad) / 2
		met, err := try(rate)
		switch {
		case err != nil:
			return best, err
		case met:
			good = rate
		default:
			bad = rate
		}
	}
	return best, nil
}
