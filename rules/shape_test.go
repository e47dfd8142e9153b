package rules_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// rule is one of a file of rules.
type rule struct {
	Record, Alert, Expr string
	For                 string
	KeepFiringFor       string `yaml:"keep_firing_for"`
	Labels, Annotations map[string]string
}

// rulesOf reads a file, which must hold nothing but rules.
func rulesOf(t *testing.T, file string) []rule {
	t.Helper()
	var content struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	d := yaml.NewDecoder(bytes.NewReader([]byte(read(t, file))))
	d.KnownFields(true)
	if err := d.Decode(&content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var all []rule
	for _, g := range content.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

const exporterRules = "etcd-monitor.rules.yml"

// exporterAlerts is the list. What is added to the file is added here, on purpose.
const exporterAlerts = `
EtcdAlarmActive EtcdApplyLag EtcdBackendCommitSlow EtcdBenchmarkPushFailing EtcdBenchmarkSLOViolated
EtcdBenchmarkStale EtcdCPUHigh EtcdCertificateExpiring EtcdClusterIDMismatch EtcdClusterNoLongerObserved
EtcdClusterUnreachable EtcdCompactionStalled EtcdDataInconsistent EtcdDatabaseFillingUp EtcdDatabaseFragmented
EtcdDatabaseNearQuota EtcdDefragRunning EtcdDowngradeOpen EtcdFileDescriptorsNearLimit EtcdGRPCErrorBudgetBurn
EtcdGRPCErrorsSlowBurn EtcdLatencySLOBurn EtcdLeaderFlapping EtcdLearnerStuck EtcdLeaseExplosion EtcdMemberDown
EtcdMemberUnstarted EtcdMembershipChanged EtcdMemoryHigh EtcdMonitorDown EtcdMonitorScrapeErrors
EtcdMonitorScrapeSlow EtcdMonitorWatchdog EtcdNetworkPartition EtcdNoFaultTolerance EtcdPeerRoundTripSlow
EtcdProbeLatencyHigh EtcdProposalsFailing EtcdProposalsPending EtcdQuorumLost EtcdRevisionLag EtcdSlowApplies
EtcdSlowWatchers EtcdSplitBrain EtcdVersionSkew EtcdWALFsyncSlow EtcdWatcherExplosion
`

func TestAlertsAreTheList(t *testing.T) {
	want := strings.Fields(exporterAlerts)
	slices.Sort(want)
	if got := alerts(t, exporterRules); !slices.Equal(got, want) {
		t.Errorf("alerts: %v\nthe list: %v", got, want)
	}
}

// Both files may be loaded: an alert of one name would come twice.
func TestFilesShareNoName(t *testing.T) {
	file := map[string]string{}
	for _, name := range ruleFiles {
		for _, r := range rulesOf(t, name) {
			n := r.Alert + r.Record
			if other, ok := file[n]; ok && other != name {
				t.Errorf("%s is in %s and in %s", n, other, name)
			}
			file[n] = name
		}
	}
}

// types are the broad classes: the seven of old, and what they leave out.
var types = map[string]bool{
	"cluster_health": true, "leader_election": true, "network_partition": true, "high_latency": true,
	"disk_usage": true, "proposal_queue": true, "system_alarm": true,
	"benchmark": false, "certificate": false, "data_consistency": false, "errors": false, "monitoring": false,
	"resource": false, "version": false,
}

// origins says whose alerts a file has.
var origins = map[string]string{exporterRules: "exporter", nativeRules: "native"}

// pages are the kinds of trouble that may wake a person, and nothing else.
var pages = strings.Fields(`quorum_lost cluster_unreachable split_brain cluster_id_mismatch network_partition alarm_active
	data_inconsistent database_near_quota certificate_expiring wal_fsync_slow latency_slo_burn grpc_error_budget_burn monitor_down`)

func TestLabels(t *testing.T) {
	for file, origin := range origins {
		seen := map[string]bool{}
		for _, r := range rulesOf(t, file) {
			if r.Alert == "" {
				continue
			}
			names := slices.Sorted(maps.Keys(r.Labels))
			if !slices.Equal(names, []string{"kind", "origin", "severity", "type"}) {
				t.Errorf("%s: labels %v", r.Alert, names)
			}
			if r.Labels["origin"] != origin {
				t.Errorf("%s: origin %q in %s", r.Alert, r.Labels["origin"], file)
			}
			if _, ok := types[r.Labels["type"]]; !ok {
				t.Errorf("%s: type %q is none", r.Alert, r.Labels["type"])
			}
			seen[r.Labels["type"]] = true
			quiet := strings.HasSuffix(r.Alert, "DefragRunning") || r.Alert == "EtcdMonitorWatchdog"
			switch s := r.Labels["severity"]; {
			case s == "none" && (quiet || r.Alert == "EtcdMonitorDown"): // which mutes before it pages
			case !quiet && slices.Contains([]string{"info", "warning", "critical"}, s):
			default:
				t.Errorf("%s: severity %q", r.Alert, s)
			}
			if r.Labels["severity"] == "critical" && !slices.Contains(pages, r.Labels["kind"]) {
				t.Errorf("%s: nobody gets up for %s", r.Alert, r.Labels["kind"])
			}
			for name, v := range r.Labels {
				if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(v) {
					t.Errorf("%s: label %s is %q: a value that follows the measured one makes new alerts all the time", r.Alert, name, v)
				}
			}
		}
		for typ, old := range types {
			if old && !seen[typ] {
				t.Errorf("%s has no alert of type %s", file, typ)
			}
		}
	}
}

// dashboardOf is the dashboard that shows what a file's alerts are about.
var dashboardOf = map[string]string{exporterRules: "etcd-monitor-cluster", nativeRules: "etcd-monitor-native"}

const runbooks = "https://github.com/etcd-monitor/etcd-monitor/blob/main/docs/runbooks/"

// A value in an annotation, and one that is made for people. Rates may be below
// one, which humanize writes in thousandths.
var (
	valued = regexp.MustCompile(`\{\{[^}]*(?:\$value|\.Value)\b[^}]*\}\}`)
	humane = regexp.MustCompile(`^\{\{[- ]*(?:\$value|\.Value) \| (?:humanize(?:1024|Duration|Percentage|Timestamp)?|printf "%\.2f")[- ]*\}\}$`)
)

func TestAnnotations(t *testing.T) {
	for file := range origins {
		for _, r := range rulesOf(t, file) {
			if r.Alert == "" {
				continue
			}
			names := slices.Sorted(maps.Keys(r.Annotations))
			if !slices.Equal(names, []string{"dashboard_url", "description", "runbook_url", "summary"}) {
				t.Errorf("%s: annotations %v", r.Alert, names)
			}
			if got := r.Annotations["runbook_url"]; got != runbooks+r.Alert+".md" {
				t.Errorf("%s: runbook_url %q", r.Alert, got)
			}
			want := "/d/" + dashboardOf[file]
			if r.Alert != "EtcdMonitorDown" && r.Alert != "EtcdMonitorWatchdog" { // of no cluster
				want += "?var-cluster={{ $labels.cluster | urlquery }}"
			}
			if got := r.Annotations["dashboard_url"]; got != want {
				t.Errorf("%s: dashboard_url %q, want %q", r.Alert, got, want)
			}
			for _, a := range []string{"summary", "description"} {
				text := r.Annotations[a]
				for _, v := range valued.FindAllString(text, -1) {
					if !humane.MatchString(v) {
						t.Errorf("%s: the %s has a number that is not made for people: %s", r.Alert, a, v)
					}
				}
				if text != strings.TrimSpace(text) || !strings.HasSuffix(text, ".") {
					t.Errorf("%s: the %s is no sentence: %q", r.Alert, a, text)
				}
			}
			if strings.Contains(want, "$labels.cluster") && !strings.Contains(r.Annotations["summary"], "etcd cluster {{ $labels.cluster }}") {
				t.Errorf("%s: the summary does not say which cluster it is", r.Alert)
			}
			if strings.Contains(r.Annotations["summary"], "\n") {
				t.Errorf("%s: the summary has more than one line", r.Alert)
			}
		}
	}
}

var oneEndpoint = regexp.MustCompile(`etcdctl [^` + "`" + `\n]*--endpoints=`)

// Whoever is woken has a page to read, and each page is of an alert.
func TestRunbooks(t *testing.T) {
	pages, err := filepath.Glob("../docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, file := range ruleFiles {
		known = append(known, alerts(t, file)...)
	}
	for _, name := range known {
		text, err := os.ReadFile("../docs/runbooks/" + name + ".md")
		if err != nil {
			t.Errorf("%s has no runbook: %v", name, err)
			continue
		}
		last := -1
		for _, part := range []string{"# " + name, "\n## Meaning\n", "\n## Impact\n", "\n## Diagnosis\n", "\n## Mitigation\n"} {
			i := strings.Index(string(text), part)
			if i <= last {
				t.Errorf("the runbook of %s has no %q, or not in its place", name, strings.TrimSpace(part))
			}
			last = i
		}
	}
	for _, page := range pages {
		// etcdctl refuses the flag where the variable is set, as it is in the shell
		// of whoever follows the pages.
		if oneEndpoint.MatchString(read(t, page)) {
			t.Errorf("%s: etcdctl --endpoints does not go together with ETCDCTL_ENDPOINTS", page)
		}
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if name != "README" && !slices.Contains(known, name) {
			t.Errorf("%s is the runbook of no alert", page)
		}
	}
}

var (
	metricName = regexp.MustCompile(`\b(?:etcd_monitor|push)_[a-z0-9_]+\b`)
	recorded   = regexp.MustCompile(`\betcd_monitor:[a-z0-9_:]+`)
	partOf     = regexp.MustCompile(`_(bucket|sum|count)$`)
	inQuotes   = regexp.MustCompile(`"[^"]*"`)
)

// Rules speak of metrics that exist: of the exporter, of the benchmark, or of what
// other rules record. The Pushgateway has two of its own.
func TestMetricsExist(t *testing.T) {
	known := map[string]bool{"push_time_seconds": true, "push_failure_time_seconds": true}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| (?:gauge|counter|histogram|summary)").FindAllStringSubmatch(read(t, "../docs/metrics.md"), -1) {
		known[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`"(etcd_monitor_benchmark_[a-z0-9_]+)"`).FindAllStringSubmatch(read(t, "../benchmark/push.go"), -1) {
		known[m[1]] = true
	}
	all := rulesOf(t, exporterRules)
	used := map[string]bool{}
	for _, r := range all {
		if r.Record != "" {
			known[r.Record] = true
		}
	}
	for _, r := range all {
		expr := inQuotes.ReplaceAllString(r.Expr, "")
		text := r.Annotations["description"] // it may ask for more
		for _, name := range slices.Concat(metricName.FindAllString(expr+text, -1), recorded.FindAllString(expr+text, -1)) {
			used[name] = true
			if !known[name] && !known[partOf.ReplaceAllString(name, "")] {
				t.Errorf("%s%s: there is no metric %s", r.Alert, r.Record, name)
			}
		}
	}
	for _, r := range all {
		if r.Record != "" && !used[r.Record] {
			t.Errorf("%s is recorded for nobody", r.Record)
		}
	}
}

var literal = regexp.MustCompile(`(?:\* |, )([0-9.]+)\)?$`)

// What rules fall back to is what the exporter says when nobody says otherwise.
func TestThresholdsFallBackToTheDefaults(t *testing.T) {
	want := map[string]float64{}
	for _, t := range config.Thresholds(nil).Effective(0, false) {
		want[t.Name] = t.Value
	}
	delete(want, "snapshot_max_age_seconds") // no rule yet
	found := 0
	for _, r := range rulesOf(t, exporterRules) {
		if r.Record != "etcd_monitor:threshold" {
			continue
		}
		found++
		name := r.Labels["name"]
		if !strings.Contains(r.Expr, `etcd_monitor_threshold{name="`+name+`"}`) {
			t.Errorf("the limit %s is read from another: %s", name, r.Expr)
		}
		m := literal.FindStringSubmatch(r.Expr)
		def, ok := want[name]
		switch {
		case !ok && m != nil:
			t.Errorf("%s falls back to %s and has no default", name, m[1])
		case ok && m == nil:
			t.Errorf("%s falls back to nothing: %s", name, r.Expr)
		case ok:
			if got, err := strconv.ParseFloat(m[1], 64); err != nil || got != def {
				t.Errorf("%s falls back to %s, its default is %v", name, m[1], def)
			}
		}
		delete(want, name)
	}
	if len(want) > 0 || found == 0 {
		t.Errorf("no rule reads the limits %v", slices.Sorted(maps.Keys(want)))
	}
}
