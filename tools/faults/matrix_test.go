package faults

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/fault-matrix.md from a run of all scenarios")

const preface = `# Fault matrix

Written by ` + "`make faults`" + ` from a run on real etcd clusters of this repository's version, with a real exporter, Prometheus and both rule files (%s, %d CPUs, %s). A miss or a false alarm fails that run.

Scrapes and evaluations are 5 seconds apart. To see in minutes what takes hours, every duration of a rule (for, keep_firing_for, ranges, offsets, steps of subqueries) is divided by %d and is never less than four scrapes; round trips between peers are averages that members give every half minute, so their ranges are divided by %d and what they wait for (for) by %d. Thresholds are the shipped ones.

* **seen** is when the alert's expression became true, after the fault was made: with the shipped rules that is when the alert's ` + "`for`" + ` begins. **fired** is when the alert fired here.
* **cleared** is when the last alert ended after the fault was mended.
* **also true**: other alerts that fired and follow from the fault. Alertmanager mutes most of them ([alerting](alerting.md)).
* Names without severity: warning, unless it says so.

`

// writeMatrix writes the document; scenarios in the order of the tables.
func writeMatrix(t *testing.T, results map[string]result) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, preface, time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, factor, sparse, patient)
	b.WriteString("| fault | members | must fire | seen after | fired after | cleared after | also true | false alarms |\n|---|---|---|---|---|---|---|---|\n")
	var seen []time.Duration
	for _, s := range scenarios() {
		res, ok := results[s.name]
		if !ok {
			t.Fatalf("%s was not run", s.name)
		}
		var names, pending, firing []string
		for _, name := range s.must {
			m := res.fired[name]
			names = append(names, shown(name))
			pending = append(pending, seconds(m.pending))
			firing = append(firing, seconds(m.firing))
			seen = append(seen, m.pending)
		}
		if len(names) == 0 {
			names = []string{"nothing"}
		}
		cleared := "not mended"
		if s.heal != nil {
			cleared = seconds(res.cleared)
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s | none |\n", s.fault, res.members,
			strings.Join(names, "<br>"), strings.Join(pending, "<br>"), strings.Join(firing, "<br>"), cleared, strings.Join(also(s, res), ", "))
	}
	slices.Sort(seen)
	fmt.Fprintf(&b, "\nMedian time until an alert's expression was true: %s, the longest %s, of %d alerts in %d scenarios.\n",
		seconds(seen[len(seen)/2]), seconds(seen[len(seen)-1]), len(seen), len(results))
	b.WriteString(notRun)
	if err := os.WriteFile(root+"/docs/fault-matrix.md", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

const notRun = `
## Proven by promtool only

What takes hours even so, or what cannot be made here, has its promtool tests in ` + "`rules/tests/`" + ` and no row above: slow disks where the system is not Linux, versions that differ for a day, open downgrades, burn rates of six hours and more, diverging hashes, growth to the quota over hours, file descriptors, memory and CPU, tens of thousands of watchers and leases, benchmarks and Pushgateway.
`

func also(s *scenario, res result) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(res.fired)) {
		if !slices.Contains(s.must, name) && !slices.Contains(always, name) {
			names = append(names, shown(name))
		}
	}
	return names
}

// shown is the name, with the severity where that is not warning.
func shown(name string) string {
	alert, severity, _ := strings.Cut(name, "/")
	if severity == "warning" {
		return alert
	}
	return alert + " (" + severity + ")"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
