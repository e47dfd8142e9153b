package benchmark

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// run is one run from its first look at the cluster to the removal of its keys.
type run struct {
	c      Config
	server *server
	fleet  *fleet
	keys   keyspace
	seed   uint64
	work   workload

	watchers *watchers // nil but for a benchmark of watching
}

// Run loads the cluster as c says, and cleans up after itself. With an error the
// report holds what was measured until then, if anything was: then its schema is
// set. When ctx ends, the run does, in good order and marked as interrupted.
func Run(ctx context.Context, c Config) (Report, error) {
	if c.Engine == nil {
		c.Engine = GRPC()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.Validate(); err != nil {
		return Report{}, err
	}
	s, err := newServer(c)
	if err != nil {
		return Report{}, err
	}
	defer s.client.Close()
	if _, err := s.admit(ctx, c); err != nil {
		return Report{}, err
	}
	r := &run{c: c, server: s, fleet: newFleet(ctx, c, s)}
	defer r.fleet.close()
	id := runID()
	r.keys, r.seed = newKeyspace(c, id), mix(uint64(time.Now().UnixNano()))
	if err := r.fleet.connect(r.fleet.ctx); err != nil {
		return Report{}, err
	}
	watching, stopWatching := context.WithCancel(r.fleet.ctx)
	r.fleet.work.Go(func() { s.watch(watching, r.fleet) })
	report, err := r.measure()
	stopWatching()
	report.Interrupted = ctx.Err() != nil && report.Schema != ""
	r.c.tell(Progress{Phase: "clean up", P99: math.NaN(), Left: -1})
	limit := c.CleanupTimeout
	if err != nil {
		limit /= 10 // somebody waits, or the cluster is in trouble
	}
	if left := r.fleet.clean(context.WithoutCancel(ctx), r.keys, limit); left != nil {
		report.Leftover = left.Error()
		err = errors.Join(err, left)
	}
	return report, err
}

func (c Config) tell(p Progress) {
	if c.Progress != nil {
		c.Progress(p)
	}
}

// runID keeps runs apart that go on at the same time.
func runID() string {
	b := make([]byte, runIDLength/2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// measure populates, warms up and measures.
func (r *run) measure() (Report, error) {
	var err error
	if r.work, err = newWorkload(r.c, r.keys, r.seed); err != nil {
		return Report{}, err
	}
	if r.c.populated() {
		if err := r.populate(); err != nil {
			return Report{}, err
		}
	}
	if w, ok := r.work.(*watched); ok {
		if r.watchers, err = newWatchers(r.fleet, w, r.keys); err != nil {
			return Report{}, err
		}
		defer r.watchers.close()
	}
	if err := r.warmUp(); err != nil {
		return Report{}, err
	}
	before := r.server.snapshot(r.fleet.ctx)
	if r.c.Ready != nil {
		r.c.Ready()
	}
	o, failure := r.load()
	ctx := context.WithoutCancel(r.fleet.ctx)
	after := r.server.snapshot(ctx)
	v := r.server.look(ctx)
	report := r.report(o)
	report.Server = r.serverReport(before, after, v, o)
	report.Bottleneck = bottleneck(report)
	report.SLOs = r.c.SLO.judge(report, r.c.Targets)
	if failure != nil {
		report.Stopped = failure.Error()
	}
	return report, failure
}

func (r *run) serverReport(before, after snapshot, v cluster.Verdict, o outcome) ServerReport {
	s := r.server.report(before, after, v)
	s.LeaderChanges = r.server.changes()
	r.fleet.mu.Lock()
	s.Reconnects, s.Moves = r.fleet.losses, r.fleet.moves
	r.fleet.mu.Unlock()
	var at []string
	for _, rec := range o.recorders {
		at = append(at, rec.endpoint)
	}
	s.Client.SameHost = len(at) > 0 && sameHost(at)
	s.Client.HostBusy = o.hostBusy
	if o.cpu > 0 && o.ended > 0 {
		used := o.cpu.Seconds()
		per := used / float64(o.ended)
		s.Client.CPUSeconds, s.Client.CPUPerOp = &used, &per
	}
	return s
}

// populate writes all keys, and every one must be there.
func (r *run) populate() error {
	c := r.c
	c.Type, c.Distribution, c.KeySpace = Write, Sequential, r.c.space()
	work, err := newWorkload(c, r.keys, r.seed)
	if err != nil {
		return err
	}
	p := newPhase(work, r.c.space())
	r.c.tell(Progress{Phase: "populate", Total: r.c.space(), P99: math.NaN(), Left: -1})
	o, err := r.fleet.drive(p, 0)
	if err != nil {
		return fmt.Errorf("populate: %w", err)
	}
	for what, f := range newTally(work.kinds(), o.recorders).failures {
		return fmt.Errorf("populate: %d writes failed: %s: %s", f.count, what.code, f.text)
	}
	return nil
}

// warmUp is load that is not measured.
func (r *run) warmUp() error {
	total := r.c.Ramp + r.c.Warmup
	if total == 0 {
		return nil
	}
	work := r.work
	if r.c.Type == Delete { // the keys are needed
		c := r.c
		c.Type, c.KeySpace = Write, r.c.space()
		var err error
		if work, err = newWorkload(c, r.keys, r.seed); err != nil {
			return err
		}
	}
	p := newPhase(work, unlimited)
	p.ramp = r.c.Ramp
	if r.c.Rate > 0 {
		p.pace = &pace{rate: r.c.Rate, ramp: r.c.Ramp.Seconds()}
		p.limit.Store(p.pace.count(total))
	}
	r.c.tell(Progress{Phase: "warm up", P99: math.NaN(), Left: total.Seconds()})
	if _, err := r.fleet.drive(p, total); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return nil
}

// load is the measurement itself.
func (r *run) load() (outcome, error) {
	p := newPhase(r.work, unlimited)
	p.record = true
	if r.c.Ops > 0 {
		p.limit.Store(r.c.Ops)
	}
	if r.c.Rate > 0 {
		p.pace = &pace{rate: r.c.Rate}
		if r.c.Duration > 0 {
			p.limit.Store(p.pace.count(r.c.Duration))
		}
	}
	if r.c.Type == Delete {
		p.limit.Store(min(p.limit.Load(), r.c.space()))
	}
	planned := p.limit.Load()
	if w, ok := r.work.(*watched); ok {
		w.measuring.Store(true)
		w.base.Store(p)
	}
	o, err := r.fleet.drive(p, r.c.Duration)
	if r.watchers != nil && err == nil {
		o.undelivered = r.watchers.drain(o.succeeded(), r.c.Timeout)
	}
	if p.pace != nil && err == nil {
		o.neverSent = planned - o.begun
	}
	return o, err
}
