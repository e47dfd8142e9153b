package app

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// quiet are queries that find nothing on the stage, and why. Their panels say so
// where the values would be.
var quiet = map[string]string{
	"benchmark/Errors of the last run/A": "no operation of the benchmarks failed",
}

// choices are what is chosen in a dashboard besides all of everything.
var choices = map[string]grafanatest.Values{
	"fleet":     {"cluster": {prodName, fullName, goneName}},
	"cluster":   {"cluster": {prodName}},
	"member":    {"cluster": {prodName}, "member": {"m0", "m1", "m2"}},
	"benchmark": {"cluster": {prodName, fullName}},
	// Where members have no label cluster, alerts name the job in its place.
	"native": {"cluster": {"plain"}},
}

// lacking is what a choice may lack that all of everything has.
var lacking = map[string]string{
	"cluster/Why unknown/A":                    "it is known of this cluster",
	"cluster/Certificates that expire first/A": "this cluster is reached without TLS",
	"native/etcd alarms/A":                     "these members have raised none",
	"native/Firing alerts/A":                   "these members' alerts wait for minutes",
}

// TestDashboardsOnRealData asks every question of every panel of a Prometheus
// that has seen what dashboards are for.
func TestDashboardsOnRealData(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s := newStage(t, 2*time.Second)
	s.fault()
	for name, d := range allDashboards(t) {
		i := &interview{t: t, name: name, Dashboard: d, stage: s, began: began, excused: quiet}
		i.askAll()
		i.chosen = choices[name]
		i.excused = maps.Clone(quiet)
		maps.Copy(i.excused, lacking)
		i.askAll()
	}
}

func allDashboards(t *testing.T) map[string]*grafanatest.Dashboard {
	t.Helper()
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*grafanatest.Dashboard{}
	for _, d := range all {
		text, err := dashboards.JSON(d.Name, "")
		if err != nil {
			t.Fatal(err)
		}
		if found[d.Name], err = grafanatest.Read(text); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// interview is a dashboard, some values chosen in it, that is asked everything.
type interview struct {
	*grafanatest.Dashboard
	t       *testing.T
	name    string
	stage   *stage
	began   time.Time
	chosen  grafanatest.Values
	excused map[string]string // queries that may find nothing
}

// askAll asks until every query has found something, for half a minute at most.
func (i *interview) askAll() {
	i.t.Helper()
	missing := map[string]grafanatest.Target{}
	for _, p := range i.Drawn() {
		for _, q := range p.Targets {
			key := i.name + "/" + p.Title + "/" + q.RefID
			for half, expr := range halves(q.Expr) {
				q.Expr = expr
				missing[key+half] = q
			}
			if quiet[key] != "" && p.FieldConfig.Defaults.NoValue == "" {
				i.t.Errorf("%s may be empty, and does not say why", key)
			}
		}
	}
	end := time.After(30 * time.Second)
	tick := time.NewTicker(i.stage.scrape)
	defer tick.Stop()
	for {
		v := i.open()
		maps.DeleteFunc(missing, func(key string, q grafanatest.Target) bool { return i.answered(v, key, q) })
		if len(missing) == 0 {
			break
		}
		select {
		case <-tick.C:
			continue
		case <-end:
		}
		break
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		if i.excused[key] == "" {
			i.t.Errorf("%s, with %v: no data from %s", key, i.chosen, missing[key].Expr)
		}
		delete(missing, key)
	}
	i.askEvents()
}

// halves are a query, or its two where one is for classic and one for native
// histograms: on the stage there are both, elsewhere only one.
func halves(expr string) map[string]string {
	classic, native, both := strings.Cut(expr, "\nor\nhistogram_quantile(")
	if !both || strings.Contains(expr, "max by (cluster) (histogram") {
		return map[string]string{"": expr}
	}
	return map[string]string{"": classic, " (native)": "histogram_quantile(" + native}
}

func (i *interview) open() *grafanatest.View {
	i.t.Helper()
	prom := grafanatest.Prometheus{URL: i.stage.prometheus.url, Scrape: i.stage.scrape}
	v, err := i.Open(i.t.Context(), prom, i.chosen, i.began, time.Now(), i.stage.scrape)
	if err != nil {
		i.t.Fatal(err)
	}
	return v
}

// answered asks a query and reports whether that is enough. One that is said to
// find nothing must not find something.
func (i *interview) answered(v *grafanatest.View, key string, q grafanatest.Target) bool {
	found, err := ask(i.t.Context(), v, q)
	if err != nil {
		i.t.Errorf("%s, with %v: %v", key, i.chosen, err)
	}
	if found && quiet[key] != "" {
		i.t.Errorf("%s, with %v, finds something: it needs no excuse", key, i.chosen)
	}
	return found || err != nil || i.excused[key] != ""
}

// askEvents asks for annotations. There need not be any.
func (i *interview) askEvents() {
	i.t.Helper()
	v := i.open()
	for _, a := range i.Annotations.List {
		found, err := ask(i.t.Context(), v, grafanatest.Target{Expr: a.Expr, LegendFormat: a.TextFormat, Format: "time_series"})
		if err != nil || !found && a.Name == "Leader changes" {
			i.t.Errorf("%s, annotation %s: found %v, %v", i.name, a.Name, found, err)
		}
	}
}

// ask reports whether a query finds numbers. Series that cannot be told apart in
// the legend are an error: so two exporters would look.
func ask(ctx context.Context, v *grafanatest.View, q grafanatest.Target) (bool, error) {
	series, err := v.Ask(ctx, q)
	if err != nil {
		return false, err
	}
	names, numbers := map[string]bool{}, false
	for _, s := range series {
		name := grafanatest.Name(q.LegendFormat, s)
		if q.Format == "table" {
			name = s.String()
		}
		if names[name] {
			return false, fmt.Errorf("%s: two series are called %q", q.Expr, name)
		}
		names[name] = true
		numbers = numbers || slices.ContainsFunc(s.Points, func(p grafanatest.Point) bool { return !math.IsNaN(p.Value) })
	}
	return numbers, nil
}
