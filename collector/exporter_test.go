package collector

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// parsed is one series of an exposition.
type parsed struct {
	name string
	*dto.Metric
}

func (p parsed) label(name string) string {
	for _, l := range p.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func seriesOf(t *testing.T, text string) []parsed {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []parsed
	for name, f := range families {
		for _, m := range f.GetMetric() {
			all = append(all, parsed{name, m})
		}
	}
	return all
}

// TestAPanicCostsOneCollector: it shows success 0 and what it had by then; all
// others are complete, and where it happened is in the log only.
func TestAPanicCostsOneCollector(t *testing.T) {
	sc := scenarios()[1]
	whole := seriesOf(t, sc.scrape(t))

	var log bytes.Buffer
	e := sc.exporter(t)
	e.log = slog.New(slog.NewTextHandler(&log, nil))
	half := gauge("etcd_monitor_half", "A collector's, which fails in the middle.", "cluster", "member")
	e.rows = append([]row{{name: "faulty", families: []*family{half}, collect: func(s *sink, v *View) {
		s.add(half, 1, v.Verdict.Members[0].Label)
		s.add(half, 1, v.Verdict.Members[99].Label)
	}}}, e.rows...)
	families, err := e.Gather(sc.views)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			t.Fatal(err)
		}
	}

	if strings.Contains(text.String(), "exporter_test.go") || strings.Contains(text.String(), "index out of range") {
		t.Error("the exposition tells of the panic")
	}
	for _, want := range []string{"collector=faulty", "cluster=prod", "index out of range", "exporter_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell %q: %s", want, log.String())
		}
	}
	series := seriesOf(t, text.String())
	if got, want := len(series), len(whole)+3; got != want {
		t.Errorf("%d series, want %d: all, one of the faulty collector, its success and duration", got, want)
	}
	for _, m := range series {
		if m.name == collectorSuccess.name && m.GetGauge().GetValue() != bit(m.label("collector") != "faulty") {
			t.Errorf("success of %s is %v", m.label("collector"), m.GetGauge().GetValue())
		}
	}
}

// TestEachCollectorCanBeSwitchedOff: then its metrics are gone, and no other's.
func TestEachCollectorCanBeSwitchedOff(t *testing.T) {
	sc := scenarios()[0]
	sc.probes = nil // they are told apart from the collector, by who runs the probes
	whole := map[string]bool{}
	for _, m := range seriesOf(t, sc.scrape(t)) {
		whole[m.name] = true
	}
	for _, r := range table {
		if r.always {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			on := map[string]bool{}
			for _, i := range Infos() {
				on[i.Name] = i.Name != r.name
			}
			e, err := New(Options{Collectors: on})
			if err != nil {
				t.Fatal(err)
			}
			families, err := e.Gather(sc.views)
			if err != nil {
				t.Fatal(err)
			}
			left := map[string]bool{}
			for _, f := range families {
				left[f.GetName()] = true
			}
			own := map[string]bool{}
			for _, f := range r.families {
				own[f.name] = true
			}
			for name := range whole {
				if left[name] == own[name] {
					t.Errorf("%s: exported %t, belongs to the collector %t", name, left[name], own[name])
				}
			}
		})
	}
}

func TestDefaultCollectors(t *testing.T) {
	for _, i := range Infos() {
		if off := i.Name == "hash"; i.Default == off {
			t.Errorf("%s is on by default: %t", i.Name, i.Default)
		}
		if i.Help == "" {
			t.Errorf("%s has no help", i.Name)
		}
	}
	rows, err := enabled(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(table)-1 {
		t.Errorf("%d of %d collectors are on by default, want all but one", len(rows), len(table))
	}
}

func TestUnknownCollectorsAreRefused(t *testing.T) {
	for _, name := range []string{"quorom", "", "scrape"} { // the last one is always on
		_, err := New(Options{Collectors: map[string]bool{name: true}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("collector %q: %v", name, err)
		}
	}
}

func TestReloaded(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(ok, at float64) {
		t.Helper()
		got := map[string]float64{}
		families, err := e.Gather(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			got[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
		if got[reloadSuccessful.name] != ok || got[reloadSuccessTime.name] != at {
			t.Errorf("%v at %v, want %v at %v", got[reloadSuccessful.name], got[reloadSuccessTime.name], ok, at)
		}
	}
	e.Reloaded(true, time.Unix(100, 0))
	check(1, 100)
	e.Reloaded(false, time.Unix(200, 0)) // the time is that of the configuration in use
	check(0, 100)
	e.Reloaded(true, time.Unix(300, 5e8))
	check(1, 300.5)
}
