package benchmark

import (
	"cmp"
	"slices"
)

// tally is what all recorders of a phase have, put together.
type tally struct {
	kinds                []kind
	total, service, slip *sample
	byKind               []*sample
	byEndpoint           map[string]*sample
	failures             map[failure]*failed
	failedAt             map[string]int64 // by endpoint
	succeeded            int64
}

func newTally(kinds []kind, recorders []*recorder) *tally {
	t := &tally{
		kinds: kinds, total: newSample(fineDigits), service: newSample(fineDigits), slip: newSample(coarseDigits),
		byEndpoint: map[string]*sample{}, failures: map[failure]*failed{}, failedAt: map[string]int64{},
	}
	for range kinds {
		t.byKind = append(t.byKind, newSample(fineDigits))
	}
	for _, r := range recorders {
		t.add(r)
	}
	return t
}

// add takes what a recorder has. What ends late, after a run was cut short, may
// still be recorded meanwhile.
func (t *tally) add(r *recorder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.byEndpoint[r.endpoint] == nil {
		t.byEndpoint[r.endpoint] = newSample(fineDigits)
	}
	aside := slices.ContainsFunc(t.kinds, func(k kind) bool { return k.aside })
	for i, s := range r.latency {
		t.byKind[i].merge(s)
		if t.kinds[i].aside == aside {
			t.total.merge(s)
			t.byEndpoint[r.endpoint].merge(s)
		}
		if !t.kinds[i].aside {
			t.succeeded += s.count()
		}
	}
	for _, s := range r.service {
		t.service.merge(s)
	}
	if r.slip != nil {
		t.slip.merge(r.slip)
	}
	for what, f := range r.failures {
		if t.failures[what] == nil {
			t.failures[what] = &failed{text: f.text}
		}
		t.failures[what].count += f.count
		t.failedAt[r.endpoint] += f.count
	}
}

// report puts the outcome of the measurement into a report.
func (r *run) report(o outcome) Report {
	c := r.c
	rep := Report{
		Schema: Schema, Cluster: c.Cluster.Name, Type: c.Type, Engine: c.Engine.Name(), Note: c.EngineNote,
		Started: o.began.UTC(), Duration: o.took.Seconds(), Settings: c.settings(), MaxErrors: c.MaxErrorRate,
		Errors: []ErrorReport{}, SLOs: []SLOResult{},
	}
	if o.series != nil {
		rep.Series, rep.Tenths = o.series.points, o.series.tenths
	}
	t := newTally(r.work.kinds(), o.recorders)
	rep.Latency = t.total.distribution(true)
	rep.Operations = Operations{
		Succeeded: t.succeeded, Unfinished: max(0, o.begun-o.ended), NeverSent: o.neverSent,
	}
	rep.Throughput = perSecond(t.succeeded, rep.Duration)
	rep.addErrors(t.kinds, t.failures)
	if c.Rate > 0 {
		rep.Schedule = &Schedule{Offered: c.Rate, Achieved: perSecond(o.ended, rep.Duration), Slip: t.slip.distribution(false)}
		d := t.service.distribution(false)
		rep.Service = &d
	}
	rep.addKinds(t.kinds, t.byKind)
	rep.addEndpoints(t.byEndpoint, t.failedAt, r.server)
	switch w := r.work.(type) {
	case *cas:
		n := w.conflicts.Load()
		rep.Conflicts = &n
	case *watched:
		rep.Deliveries = &Deliveries{
			Received: w.received.Load(), Overtaken: w.overtaken.Load(), Missing: o.undelivered,
		}
	}
	return rep
}

func perSecond(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(n) / seconds
}

func (rep *Report) addErrors(kinds []kind, failures map[failure]*failed) {
	for what, f := range failures {
		rep.Operations.Failed += f.count
		rep.Errors = append(rep.Errors, ErrorReport{kinds[what.kind].name, what.code, f.count, f.text})
	}
	slices.SortFunc(rep.Errors, func(a, b ErrorReport) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code))
	})
}

func (rep *Report) addKinds(kinds []kind, samples []*sample) {
	for i, k := range kinds {
		kr := KindReport{
			Name: k.name, Read: k.read, Aside: k.aside, Succeeded: samples[i].count(),
			Throughput: perSecond(samples[i].count(), rep.Duration), Latency: samples[i].distribution(false),
		}
		for _, e := range rep.Errors {
			if e.Kind == k.name {
				kr.Failed += e.Count
			}
		}
		rep.Kinds = append(rep.Kinds, kr)
	}
}

func (rep *Report) addEndpoints(samples map[string]*sample, failed map[string]int64, s *server) {
	leaders := s.candidates(LeaderOnly)
	for endpoint, sample := range samples {
		rep.Endpoints = append(rep.Endpoints, EndpointReport{
			Endpoint: endpoint, Leader: slices.Contains(leaders, endpoint), Succeeded: sample.count(), Failed: failed[endpoint],
			Throughput: perSecond(sample.count(), rep.Duration), Latency: sample.distribution(false),
		})
	}
	slices.SortFunc(rep.Endpoints, func(a, b EndpointReport) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
}
