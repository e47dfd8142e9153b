package benchmark

import (
	"errors"
	"fmt"
	"math"
)

// SLO is what a run must reach. Zero values are not asked for.
type SLO struct {
	ReadThroughput  float64 // successful reads per second, at least
	WriteThroughput float64 // successful writes per second, at least
	P99Seconds      float64 // at most
	// ErrorRate is the share of operations that may fail. It is asked for when
	// AskErrorRate is set, as 0 is a target too.
	ErrorRate    float64
	AskErrorRate bool
}

// SeedSLO are the targets of the documentation: for a cluster of machines of
// their own, not for a laptop.
func SeedSLO() SLO {
	return SLO{ReadThroughput: 40_000, WriteThroughput: 20_000, P99Seconds: 0.1}
}

func (s SLO) validate() error {
	var errs []error
	for _, t := range []struct {
		name  string
		value float64
	}{{"slo read throughput", s.ReadThroughput}, {"slo write throughput", s.WriteThroughput}, {"slo p99", s.P99Seconds}} {
		if t.value < 0 || math.IsNaN(t.value) || math.IsInf(t.value, 0) {
			errs = append(errs, fmt.Errorf("%s: %g is no target", t.name, t.value))
		}
	}
	if s.ErrorRate < 0 || s.ErrorRate > 1 || math.IsNaN(s.ErrorRate) {
		errs = append(errs, fmt.Errorf("slo error rate: %g is not within 0 to 1", s.ErrorRate))
	}
	return errors.Join(errs...)
}

// SLOResult is whether a target was met.
type SLOResult struct {
	Name   string   `json:"name"`   // read_throughput, write_throughput, p99_latency, error_rate
	Target float64  `json:"target"` // operations per second, seconds, or a share
	Actual *float64 `json:"actual"` // null when it could not be measured
	Asked  bool     `json:"asked"`  // else it is shown for information
	Met    bool     `json:"met"`
}

// judge compares a report with the targets that were asked for and, for
// information, with others. What was asked for and could not be measured is not
// met.
func (s SLO) judge(r Report, others SLO) []SLOResult {
	var reads, writes float64
	var hasReads, hasWrites bool
	for _, k := range r.Kinds {
		if k.Aside {
			continue
		}
		if k.Read {
			reads, hasReads = reads+k.Throughput, true
		} else {
			writes, hasWrites = writes+k.Throughput, true
		}
	}
	var out []SLOResult
	add := func(name string, asked, known float64, actual *float64, relevant, atLeast bool) {
		result := SLOResult{Name: name, Target: asked, Actual: actual, Asked: asked > 0}
		if !result.Asked {
			result.Target = known
		}
		if !result.Asked && (!relevant || known == 0) {
			return
		}
		result.Met = actual != nil && (atLeast && *actual >= result.Target || !atLeast && *actual <= result.Target)
		out = append(out, result)
	}
	measured := func(v float64, ok bool) *float64 {
		if !ok {
			return nil
		}
		return &v
	}
	add("read_throughput", s.ReadThroughput, others.ReadThroughput, measured(reads, hasReads), hasReads, true)
	add("write_throughput", s.WriteThroughput, others.WriteThroughput, measured(writes, hasWrites), hasWrites, true)
	add("p99_latency", s.P99Seconds, others.P99Seconds, r.Latency.P99, true, false)
	if s.AskErrorRate {
		rate := r.Operations.ErrorRate()
		out = append(out, SLOResult{"error_rate", s.ErrorRate, &rate, true, rate <= s.ErrorRate})
	}
	return out
}

// Missed reports whether a target that was asked for was not met.
func (r Report) Missed() bool {
	for _, s := range r.SLOs {
		if s.Asked && !s.Met {
			return true
		}
	}
	return false
}

// TooManyErrors reports whether more operations failed than may.
func (r Report) TooManyErrors() bool { return r.Operations.ErrorRate() > r.MaxErrors }
