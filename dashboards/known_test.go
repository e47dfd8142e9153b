package dashboards

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// known is what a query may name: the metrics of the exporter, as docs/metrics.md
// has them, of benchmarks, as their code has them, and of etcd, as members of each
// release show them; and the alerts of the shipped rules.
type known struct {
	metrics map[string]metric
	alerts  map[string]bool
}

// metric is what queries must respect.
type metric struct {
	kind   string
	labels map[string]bool // nil when they are not known
	help   string
	since  string // the first release of etcd that has it; "" for all and for our own
}

// released are the releases whose metrics are known, oldest first.
var released = []string{"3.4", "3.5", "3.6", "3.7"}

// found is what every Prometheus knows besides.
var found = map[string]metric{
	"up":     {kind: "gauge", labels: words("job instance cluster member member_id via")},
	"ALERTS": {kind: "gauge"},
}

func words(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(strings.ReplaceAll(s, ",", " ")) {
		set[w] = true
	}
	return set
}

func whatIsKnown(t *testing.T) known {
	t.Helper()
	k := known{map[string]metric{}, map[string]bool{}}
	maps.Copy(k.metrics, found)
	row := regexp.MustCompile("(?m)^\\| `(etcd_monitor_\\w+)` \\| (\\w+) \\| ([^|]*) \\| (.*) \\|$")
	for _, m := range row.FindAllStringSubmatch(text(t, "../docs/metrics.md"), -1) {
		k.metrics[m[1]] = metric{kind: m[2], labels: words(m[3]), help: m[4]}
	}
	files, err := filepath.Glob("../benchmark/*.go")
	if err != nil {
		t.Fatal(err)
	}
	pushed := regexp.MustCompile(`"(etcd_monitor_benchmark_\w+)", "[^"]*"(?:, "(\w+)"\))?`)
	for _, file := range files {
		for _, m := range pushed.FindAllStringSubmatch(text(t, file), -1) {
			k.metrics[m[1]] = metric{kind: "gauge", labels: words("cluster type job " + m[2])}
		}
	}
	for _, release := range slices.Backward(released) {
		k.addRelease(t, release)
	}
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(
		text(t, "../rules/etcd-monitor.rules.yml")+text(t, "../rules/etcd-native.rules.yml"), -1) {
		k.alerts[m[1]] = true
	}
	if len(k.metrics) < 200 || len(k.alerts) < 60 {
		t.Fatalf("only %d metrics and %d alerts are known", len(k.metrics), len(k.alerts))
	}
	return k
}

// addRelease adds what members of a release show. The oldest comes last, so that
// what it lacks keeps the release that first had it.
func (k known) addRelease(t *testing.T, release string) {
	t.Helper()
	for line := range strings.Lines(text(t, "../rules/testdata/exposition/etcd-"+release+".txt")) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] == "#" {
			continue
		}
		labels := words("job instance cluster member member_id via")
		for _, l := range f[min(2, len(f)):] {
			labels[l] = true
		}
		since := release
		if release == released[0] {
			since = ""
		}
		k.metrics[f[0]] = metric{kind: f[1], labels: labels, since: since}
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func shipped(t *testing.T) map[string]*grafanatest.Dashboard {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]*grafanatest.Dashboard{}
	for _, d := range all {
		b, err := JSON(d.Name, "")
		if err != nil {
			t.Fatal(err)
		}
		if read[d.Name], err = grafanatest.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	return read
}
