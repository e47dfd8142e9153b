package benchmark

import (
	"cmp"
	"slices"
)

// report puts the outcome of the measurement into a report.
func (r *run) report(o outcome) Report {
	c := r.c
	rep := Report{
		Schema: Schema, Cluster: c.Cluster.Name, Type: c.Type, Engine: c.Engine.Name(), Note: c.EngineNote,
		Started: o.began.UTC(), Duration: o.took.Seconds(), Settings: c.settings(), MaxErrors: c.MaxErrorRate,
	}
	rep.Errors, rep.SLOs = []ErrorReport{}, []SLOResult{}
	if o.series != nil {
		rep.Series, rep.Tenths = o.series.points, o.series.tenths
	}
	kinds := r.work.kinds()
	total, service, slip := newSample(fineDigits), newSample(fineDigits), newSample(coarseDigits)
	byKind := make([]*sample, len(kinds))
	byEndpoint := map[string]*sample{}
	failures := map[failure]*failed{}
	failedAt := map[string]int64{}
	for i := range byKind {
		byKind[i] = newSample(fineDigits)
	}
	for _, rec := range o.recorders {
		if byEndpoint[rec.endpoint] == nil {
			byEndpoint[rec.endpoint] = newSample(fineDigits)
		}
		for i, s := range rec.latency {
			total.merge(s)
			byKind[i].merge(s)
			byEndpoint[rec.endpoint].merge(s)
		}
		for _, s := range rec.service {
			service.merge(s)
		}
		if rec.slip != nil {
			slip.merge(rec.slip)
		}
		for what, f := range rec.failures {
			if failures[what] == nil {
				failures[what] = &failed{text: f.text}
			}
			failures[what].count += f.count
			failedAt[rec.endpoint] += f.count
		}
	}
	rep.Latency = total.distribution(true)
	rep.Operations.Succeeded = total.count()
	rep.addErrors(kinds, failures)
	rep.Operations.Unfinished = max(0, o.begun-o.ended)
	rep.Operations.NeverSent = o.neverSent
	rep.Throughput = perSecond(total.count(), rep.Duration)
	if c.Rate > 0 {
		rep.Schedule = &Schedule{Offered: c.Rate, Achieved: perSecond(o.ended, rep.Duration), Slip: slip.distribution(false)}
		d := service.distribution(false)
		rep.Service = &d
	}
	rep.addKinds(kinds, byKind)
	rep.addEndpoints(byEndpoint, failedAt, r.server)
	if w, ok := r.work.(*cas); ok {
		n := w.conflicts.Load()
		rep.Conflicts = &n
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
			Name: k.name, Read: k.read, Succeeded: samples[i].count(),
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
