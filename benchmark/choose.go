package benchmark

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Choose says whether lean, an engine that costs the client less, measures what
// GRPC measures: for a second each both read at a rate at which neither is busy.
// It returns the engine to use, with a note for the report. The error is that of
// a run that failed with GRPC, and would fail again.
func Choose(ctx context.Context, c Config, lean Engine) (Engine, string, error) {
	var note string
	for range 2 { // a busy moment is no reason
		usual, err := trial(ctx, c, GRPC())
		if err != nil {
			return nil, "", err
		}
		tried, err := trial(ctx, c, lean)
		if err != nil {
			return GRPC(), fmt.Sprintf("engine %s failed its self-check: %v", lean.Name(), err), nil
		}
		if note = disagreement(usual, tried); note == "" {
			return lean, fmt.Sprintf("engine %s after its self-check: p50 %s, with grpc %s", lean.Name(),
				opt(tried.Latency.P50), opt(usual.Latency.P50)), nil
		}
	}
	return GRPC(), fmt.Sprintf("engine %s failed its self-check: %s", lean.Name(), note), nil
}

// trial is a short run of reads.
func trial(ctx context.Context, c Config, e Engine) (Report, error) {
	c.Engine, c.Type, c.KeySpace, c.Distribution = e, Read, 100, ""
	c.Connections, c.Clients, c.ValueSize = min(c.Connections, 3), 4, min(c.ValueSize, 1024)
	c.Ops, c.Rate, c.Duration, c.Warmup, c.Ramp = 100, 100, 0, 200*time.Millisecond, 0
	c.Progress, c.Ready, c.SLO, c.Keep = nil, nil, SLO{}, false
	return Run(ctx, c)
}

// agreement is how far two engines may differ: a fifth, and the noise of a clock
// and a scheduler.
const (
	agreement      = 0.20
	agreementNoise = 150 * time.Microsecond
)

// disagreement says in what two runs differ that should not.
func disagreement(a, b Report) string {
	switch {
	case a.Operations != b.Operations:
		return fmt.Sprintf("%+v operations with grpc, %+v with it", a.Operations, b.Operations)
	case a.Latency.P50 == nil || b.Latency.P50 == nil:
		return "too few answers"
	}
	p, q := *a.Latency.P50, *b.Latency.P50
	if d := math.Abs(p - q); d > agreement*max(p, q) && d > agreementNoise.Seconds() {
		return fmt.Sprintf("p50 %s, with grpc %s", seconds(q), seconds(p))
	}
	return ""
}
