package benchmark

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Choose says whether lean, an engine that costs the client less, measures what
// GRPC measures: both read for a second, at a rate at which neither is busy and at
// the same time, so that both meet the same etcd. It returns the engine to use,
// with a note for the report. The error is that of a run that failed with GRPC,
// and would fail again.
func Choose(ctx context.Context, c Config, lean Engine) (Engine, string, error) {
	var note string
	for range 3 { // a busy moment is no reason
		var usual, tried Report
		var failure, failed error
		var both sync.WaitGroup
		both.Go(func() { usual, failure = trial(ctx, c, GRPC()) })
		both.Go(func() { tried, failed = trial(ctx, c, lean) })
		both.Wait()
		switch {
		case failure != nil:
			return nil, "", failure
		case failed != nil:
			return GRPC(), fmt.Sprintf("engine %s failed its self-check: %v", lean.Name(), failed), nil
		}
		if note = disagreement(usual, tried); note == "" {
			return lean, fmt.Sprintf("self-check: p50 %s, with grpc %s", opt(tried.Latency.P50), opt(usual.Latency.P50)), nil
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
	c.Logger = nil // the run itself will warn of the same
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
