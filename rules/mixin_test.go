package rules_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// flaw is one that another bundle has, made in a rule of ours. The words are ours,
// the flaw is theirs.
type flaw struct {
	rule       string // name of the alert, or of what is recorded; the first of that name
	key, value string // what becomes of it
	file, test string // the test that finds it
}

const perMember = `max by (cluster, via, instance, pod, member) (label_replace(label_join(X, "either", ";", "cluster", "job"), "cluster", "$1", "either", ";(.*)"))`

// of puts a condition on a member's series into the shape of the rules.
func ofMember(condition string) string { return strings.Replace(perMember, "X", condition, 1) }

var flaws = []flaw{
	// The greatest counter of a cluster falls when its member goes away.
	{"EtcdServerLeaderFlapping", "expr", `increase(max by (cluster) (etcd_server_leader_changes_seen_total)[1h:1m]) > 3.5`,
		"native_leader.yml", "the member that has counted most goes away, and nothing has changed"},
	{"EtcdLeaderFlapping", "expr", `increase(max by (cluster) (etcd_monitor_cluster_leader_changes_total)[1h:1m]) > 3.5`,
		"exporter_mixin.yml", "the exporter that has counted most goes away, and nothing has changed"},
	// One limit for all sizes.
	{"EtcdServerLeaderFlapping", "expr", `max by (cluster) (increase(etcd_server_leader_changes_seen_total[1h])) > 3.5`,
		"native_leader.yml", "five changes in an hour are a rolling restart of five members, and too many for three"},
	// The mean of all clusters, of what is seen of it between scrapes.
	{"EtcdServerLeaderFlapping", "expr", `max by (cluster) (etcd_server:member) and on () avg(changes(etcd_server_is_leader[1h])) > 3.5`,
		"native_mixin.yml", "one cluster of four changes its leader between scrapes, and the others do not hide it"},
	// A left side of or that is always there, if only as 0.
	{"EtcdServerMemberMissing", "expr", `max by (job) (sum by (job) (up == bool 0) or count by (job) (increase(etcd_network_peer_round_trip_time_seconds_count[5m]) > 0)) > 0`,
		"native_members.yml", "two peers that fail to reach a member which nobody scrapes say so for 40 minutes"},
	// Targets are counted by themselves.
	{"EtcdServerMemberMissing", "expr", `count by (cluster) (up) > count by (cluster) (up == 1)`,
		"native_members.yml", "a peer that service discovery has lost warns after ten minutes, whatever its own series were"},
	{"EtcdServerClusterUnreachable", "expr", `count by (cluster) (up == 0) == count by (cluster) (up)`,
		"native_quorum.yml", "a cluster that service discovery loses pages for an hour"},
	// A series that has ended is not 0.
	{"EtcdServerClusterUnreachable", "expr", `max by (cluster) (etcd_server_has_leader) == 0`,
		"native_quorum.yml", "a cluster whose members all crash pages after two minutes, and on as long as they are targets"},
	{"EtcdServerMemberDown", "for", "20m",
		"native_members.yml", "a member that cannot be scraped warns after three minutes, and on while it is a target"},
	// Cluster means job.
	{"etcd_server:has_leader", "expr", `label_replace(max by (job, instance) (etcd_server_has_leader), "cluster", "$1", "job", "(.*)")`,
		"native_quorum.yml", "two clusters in one job, one of which loses two of three members, is a lost quorum if they have names"},
	// Cluster means whatever is left without the instance.
	{"EtcdServerQuorumLost", "expr", `max without (instance) (etcd_server_has_leader) == 0`,
		"native_quorum.yml", "in kubernetes a pod is a member and not a cluster"},
	// Whoever is up agrees.
	{"EtcdServerQuorumLost", "expr", `sum by (cluster) (up == bool 1) < (count by (cluster) (up) + 1) / 2`,
		"native_quorum.yml", "members up and no leader anywhere is a lost quorum, whatever up says"},
	{"EtcdServerQuorumLost", "expr", `sum by (cluster) (up == bool 1) < (count by (cluster) (up) + 1) / 2 or on (cluster) sum by (cluster) (up) > 9 and on (cluster) max by (cluster) (etcd_server_has_leader == bool 1)`,
		"native_quorum.yml", "members up and no leader anywhere is a lost quorum, whatever up says"},
	{"EtcdServerQuorumLost", "expr", `group by (cluster) (etcd_server:has_leader == 0)`,
		"native_quorum.yml", "one member of five, cut off, is no lost quorum"},
	// An even number.
	{"EtcdServerQuorumLost", "expr", `count by (cluster) (etcd_server_id) % 2 == 0`,
		"native_mixin.yml", "three members of five keep the quorum, one of three does not"},
	{"EtcdServerQuorumLost", "expr", `count(etcd_server_id) % 2 == 0`,
		"native_mixin.yml", "six members in two clusters, and four in one, are healthy"},
	// Quota -1, bursts, floors in the wrong place.
	{"EtcdServerDatabaseFillingUp", "expr", ofMember(`predict_linear(etcd_mvcc_db_total_size_in_use_in_bytes[6h], 86400) > etcd_server_quota_backend_bytes and etcd_mvcc_db_total_size_in_use_in_bytes offset 3h`),
		"native_loads.yml", "a quota that is switched off is never used up"},
	{"EtcdServerDatabaseFillingUp", "expr", ofMember(`predict_linear(etcd_mvcc_db_total_size_in_use_in_bytes[4h], 14400) > (etcd_server_quota_backend_bytes > 0)`),
		"native_loads.yml", "a load that is over is no trend, growth in waves is one"},
	{"EtcdDatabaseFillingUp", "expr", `predict_linear(etcd_monitor:db_in_use_bytes[4h], 14400) > on (cluster, member) etcd_monitor:db_quota_bytes`,
		"exporter_mixin.yml", "a load that is over is no trend"},
	{"EtcdServerDatabaseFragmented", "expr", ofMember(`etcd_mvcc_db_total_size_in_use_in_bytes > 100 * 1024 * 1024 and etcd_mvcc_db_total_size_in_use_in_bytes / etcd_mvcc_db_total_size_in_bytes < 0.5`),
		"native_growth.yml", "8 GB of which 90 MB are in use are told, for all that little is in use"},
	{"EtcdServerDatabaseNearQuota", "expr", ofMember(`etcd_mvcc_db_total_size_in_bytes / (etcd_server_quota_backend_bytes > 0) > 0.95`),
		"native_mixin.yml", "a database that is 85 % full warns, and says of what"},
	// Failures that are none.
	{"etcd_server:grpc_errors:rate5m", "expr", `sum by (cluster) (rate(grpc_server_handled_total{grpc_code=~"Unknown|FailedPrecondition|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded",grpc_type="unary"}[5m]))`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's"},
	{"etcd_server:grpc_errors:rate5m", "expr", `sum by (cluster) (rate(grpc_server_handled_total{grpc_code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"}[5m]))`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's"},
	{"EtcdServerGRPCErrorBudgetBurn", "expr", `etcd_server:grpc_errors:rate5m / on (cluster, via) etcd_server:grpc_requests:rate5m > 0.05`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's"},
	// Percentiles of anything, and of next to nothing.
	{"EtcdServerGRPCRequestsSlow", "expr", `histogram_quantile(0.99, sum by (cluster, le, method) (label_replace(rate(grpc_server_handling_seconds_bucket{grpc_type="unary"}[5m]), "method", "$1", "grpc_method", "(.*)"))) > 0.15`,
		"native_mixin.yml", "maintenance may take its time, and a few slow requests have no percentile"},
	{"etcd_server:request_duration_measured", "expr", `group by (cluster, via) (etcd_server:request_duration_seconds_bucket:rate5m)`,
		"native_latency.yml", "members that do not tell how long requests take are known, so that silence is no good sign"},
	{"EtcdServerWALFsyncSlow", "expr", ofMember(`histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])) > 0.5`),
		"native_mixin.yml", "syncs of 200 ms are 20 times what is healthy and warn; of a member that syncs once a minute one in a hundred is nothing"},
	{"EtcdServerBackendCommitSlow", "expr", ofMember(`histogram_quantile(0.99, rate(etcd_disk_backend_commit_duration_seconds_bucket[1m])) > 0.25`),
		"native_mixin.yml", "syncs of 200 ms are 20 times what is healthy and warn; of a member that syncs once a minute one in a hundred is nothing"},
	// A rate that is told as a number.
	{"EtcdServerProposalsFailing", "expr", ofMember(`rate(etcd_server_proposals_failed_total[5m]) > 0`),
		"native_mixin.yml", "ten proposals that fail in five minutes are ten in the message"},
}

// Each flaw is found by the test that is said to find it.
func TestFlawsOfOthersAreFound(t *testing.T) {
	t.Parallel()
	find := exec.CommandContext(t.Context(), "../tools/build.sh", "-n", "promtool")
	path, err := find.Output()
	if err != nil {
		t.Fatalf("promtool is not there, run `make tools`: %v", err)
	}
	for _, f := range flaws {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "tests"), 0o755); err != nil {
			t.Fatal(err)
		}
		name := nativeRules
		if strings.HasPrefix(f.file, "exporter_") {
			name = exporterRules
		}
		test := filepath.Join(dir, "tests", f.file)
		for file, text := range map[string]string{test: read(t, "tests/"+f.file), filepath.Join(dir, name): made(t, name, f)} {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), "test", "rules", "--run", "^"+regexp.QuoteMeta(f.test)+"$", test)
		cmd.Stdout, cmd.Stderr = &out, &out
		// What is no rule at all fails too, and says nothing of what it got.
		if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "got:") {
			t.Errorf("%s with %s %q passes %s %q: %v\n%s", f.rule, f.key, f.value, f.file, f.test, err, out.String())
		}
	}
}

// made is a file of rules with the flaw in it.
func made(t *testing.T, file string, f flaw) string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, file)), &doc); err != nil {
		t.Fatal(err)
	}
	value := func(n *yaml.Node, keys ...string) *yaml.Node {
		for i := 0; i+1 < len(n.Content); i += 2 {
			for _, key := range keys {
				if n.Content[i].Value == key {
					return n.Content[i+1]
				}
			}
		}
		t.Fatalf("%s: no %v", file, keys)
		return nil
	}
	for _, g := range value(doc.Content[0], "groups").Content {
		for _, r := range value(g, "rules").Content {
			if value(r, "alert", "record").Value == f.rule {
				value(r, f.key).SetString(f.value)
				text, err := yaml.Marshal(&doc)
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
		}
	}
	t.Fatalf("%s has no %s", file, f.rule)
	return ""
}

var (
	ranged   = regexp.MustCompile(`\b(\w+)\(([^()]*)\[(\d+[smhd])[\]:]`)
	counting = strings.Fields("rate increase deriv changes predict_linear")
)

// A range must hold some scrapes, also where they come once a minute and one of
// them fails: others take rates of one minute, which has none then.
func TestRangesHoldScrapes(t *testing.T) {
	found := 0
	for _, r := range slices.Concat(rulesOf(t, exporterRules), rulesOf(t, nativeRules)) {
		for _, m := range ranged.FindAllStringSubmatch(inQuotes.ReplaceAllString(r.Expr, ""), -1) {
			found++
			least := 2 * time.Minute
			if slices.Contains(counting, m[1]) {
				least = 5 * time.Minute
			}
			if d, err := model.ParseDuration(m[3]); err != nil || time.Duration(d) < least {
				t.Errorf("%s%s: %s over %s, want %v or more: %v", r.Alert, r.Record, m[1], m[3], least, err)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d ranges found", found)
	}
}

var (
	quotedAlert = regexp.MustCompile("`(Etcd\\w+)`")
	linkedTest  = regexp.MustCompile(`\]\(\.\./rules/([\w/]+\.\w+)\)`)
)

// The table of what others get wrong names alerts that exist, and tests that are
// about them. What can be done wrong in one rule has been, in flaws.
func TestMigratingNamesWhatExists(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "../docs/migrating.md"), "\n|---|---|---|---|\n")
	if !ok {
		t.Fatal("docs/migrating.md has no table of four columns")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	known := slices.Concat(alerts(t, exporterRules), alerts(t, nativeRules))
	done := map[flaw]bool{}
	rows := strings.Split(table, "\n")
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("%d cells in %s", len(cells), row)
		}
		var names, files []string
		for _, m := range quotedAlert.FindAllStringSubmatch(cells[2], -1) {
			names = append(names, m[1])
		}
		tests, inGo := "", false
		for _, m := range linkedTest.FindAllStringSubmatch(cells[3], -1) {
			files = append(files, filepath.Base(m[1]))
			tests += read(t, m[1])
			inGo = inGo || strings.HasSuffix(m[1], ".go")
		}
		if len(files) == 0 || len(names) == 0 && cells[2] != "all" {
			t.Errorf("no alert or no test in %s", row)
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("no rule has %s: %s", name, row)
			}
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(tests) {
				t.Errorf("%v are not about %s: %s", files, name, row)
			}
		}
		tried := inGo
		for _, f := range flaws {
			if slices.Contains(files, f.file) && (slices.Contains(names, f.rule) || !strings.HasPrefix(f.rule, "Etcd")) {
				done[f], tried = true, true
			}
		}
		if !tried {
			t.Errorf("nobody tried whether %v find it: %s", files, row)
		}
	}
	for _, f := range flaws {
		if !done[f] {
			t.Errorf("no row has %s and %s", f.rule, f.file)
		}
	}
	if len(rows) < 23 {
		t.Errorf("only %d rows", len(rows))
	}
}
