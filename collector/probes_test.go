package collector

import (
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

func TestProbes(t *testing.T) {
	p := NewProbes()
	p.Observe("prod", "m1", "read_linearizable", 3*time.Millisecond)
	p.Observe("prod", "m1", "read_linearizable", 700*time.Millisecond)
	p.Fail("prod", "m1", "read_linearizable", cluster.ReasonRefused)
	p.Fail("prod", "m1", "read_linearizable", cluster.ReasonRefused)
	p.Observe("prod", "m2", "write", time.Millisecond)
	p.Fail("dev", "m1", "write", cluster.ReasonNoSpace)
	p.Observe("prod", "\xff", "write", time.Millisecond) // no label: nothing to show, and no panic
	p.Fail("prod", "\xff", "write", cluster.ReasonOther)

	want := map[string]float64{
		"duration prod m1 read_linearizable":       2,
		"errors prod m1 read_linearizable timeout": 0, // there before the first, so that it is an increase
		"errors prod m1 read_linearizable refused": 2,
		"duration prod m2 write":                   1,
		"errors prod m2 write timeout":             0,
		"errors dev m1 write no_space":             1,
	}
	compare := func(when string) {
		t.Helper()
		got := probesOf(t, p)
		for k, v := range want {
			if n, ok := got[k]; !ok || n != v {
				t.Errorf("%s: %s is %v (there: %t), want %v", when, k, n, ok, v)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	compare("observed")

	p.Forget("prod", "m1") // and not m1 of another cluster
	for k := range want {
		if strings.Contains(k, "prod m1") {
			delete(want, k)
		}
	}
	compare("forgotten")

	p.Observe("prod", "m1", "read_linearizable", time.Millisecond)
	want["duration prod m1 read_linearizable"] = 1
	want["errors prod m1 read_linearizable timeout"] = 0
	compare("come again")
}

// probesOf are the counts of latencies and errors, by kind and labels.
func probesOf(t *testing.T, p *Probes) map[string]float64 {
	t.Helper()
	families, err := p.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		kind := map[string]string{probeDuration.name: "duration", probeErrors.name: "errors"}[f.GetName()]
		for _, m := range f.GetMetric() {
			n := m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			got[strings.Join(append([]string{kind}, labelValues(m)...), " ")] = n
		}
	}
	return got
}
