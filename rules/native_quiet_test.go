package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestNativeQuietDays writes tests/native_quiet.yml: what etcd's own metrics show
// of a healthy cluster on working days, of which nobody is to be told. After a
// change, `go test ./rules -update` rewrites it.
func TestNativeQuietDays(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(nativeQuietPreface)
	for i, d := range nativeDays {
		all := newEtcd(nativeLayouts[i%len(nativeLayouts)])
		if d.change != nil {
			d.change(all)
		}
		fmt.Fprintf(&b, "\n  - name: '%s'\n    interval: 30s\n    input_series:\n", d.name)
		series := all.series()
		for _, name := range slices.Sorted(maps.Keys(series)) {
			fmt.Fprintf(&b, "      - {series: '%s', values: '%s'}\n", name, series[name])
		}
		fmt.Fprintf(&b, "    promql_expr_test:\n      - {eval_time: 40m, expr: '%s', exp_samples: []}\n",
			`count by (alertname, severity) (count_over_time(ALERTS{alertstate="firing",severity!="none"}[40m]))`)
	}
	golden(t, "tests/native_quiet.yml", b.String())
}

const nativeQuietPreface = `# Written by native_quiet_test.go, which has the working days of a healthy cluster
# of three. A sample is 30 seconds; '1x3' is 1 four times.
rule_files: [../etcd-native.rules.yml]
group_eval_order: [etcd-native-members, etcd-native-latency, etcd-native-requests, etcd-native-raft, etcd-native-database, etcd-native-resources]
evaluation_interval: 30s

tests:`

// steps is how many samples a day has, 40 minutes.
const steps = 81

// nativeLayouts are the labels that scrapers give to members, with %s for the
// name of the member.
var nativeLayouts = []string{
	`instance="%[1]s:2379",job="etcd"`,
	`cluster="prod",instance="%[1]s:2379",job="etcd"`,
	`endpoint="metrics",instance="%[1]s:2381",job="kube-etcd",namespace="kube-system",pod="etcd-%[1]s",service="kube-etcd"`,
	`cluster="prod",instance="prod/%[1]s",job="etcd",member="%[1]s",member_id="%[1]s",via="proxy"`,
}

// etcd is a cluster over a day.
type etcd struct {
	layout  string
	members []*process
	leader  func(step int) string // "" for none
	changes func(step int) int    // of leaders, so far
	refused func(step int) int    // requests so far, per member
}

// process is a member of it.
type process struct {
	name             string
	target           func(step int) bool // in service discovery
	runs             func(step int) bool
	known            func(step int) bool // in the member list
	learner, defrags func(step int) bool
	version          func(step int) string
	missed           func(step int) bool // a scrape that fails
	crashed          func(step int) bool // since the last scrape, and is back
}

func always(int) bool { return true }

func never(int) bool { return false }

func from(first int) func(int) bool { return func(step int) bool { return step >= first } }

func within(first, length int) func(int) bool {
	return func(step int) bool { return step >= first && step < first+length }
}

func not(f func(int) bool) func(int) bool { return func(step int) bool { return !f(step) } }

func newEtcd(layout string) *etcd {
	e := &etcd{
		layout:  layout,
		leader:  func(int) string { return "m1" },
		changes: func(int) int { return 0 },
		refused: func(int) int { return 0 },
	}
	for _, name := range []string{"m1", "m2", "m3"} {
		e.add(name)
	}
	return e
}

func (e *etcd) add(name string) *process {
	p := &process{
		name: name, target: always, runs: always, known: always, learner: never, defrags: never, missed: never, crashed: never,
		version: func(int) string { return "3.6.16" },
	}
	e.members = append(e.members, p)
	return p
}

// series are all that a Prometheus sees, in promtool's notation.
func (e *etcd) series() map[string]string {
	values := map[string][]float64{}
	for _, p := range e.members {
		started := -1000 // the step of the last start
		for step := range steps {
			if !p.runs(step) {
				started = step + 1
			}
			if p.crashed(step) {
				started = step
			}
			set := func(v float64, name string, labels ...string) {
				e.set(values, step, p, v, name, labels...)
			}
			if !p.target(step) {
				continue
			}
			if !p.runs(step) || p.missed(step) {
				set(0, "up")
				continue
			}
			set(1, "up")
			e.exposed(p, step, step-started, set)
		}
	}
	out := map[string]string{}
	for name, v := range values {
		out[name] = notation(v)
	}
	return out
}

// missing is the value of a sample that there is not.
const missing = -1

func (e *etcd) set(values map[string][]float64, step int, p *process, v float64, name string, labels ...string) {
	list := []string{fmt.Sprintf(e.layout, p.name)}
	for i := 0; i < len(labels); i += 2 {
		list = append(list, fmt.Sprintf("%s=%q", labels[i], labels[i+1]))
	}
	key := name + "{" + strings.Join(list, ",") + "}"
	if values[key] == nil {
		values[key] = slices.Repeat([]float64{missing}, steps)
	}
	values[key][step] = v
}

// exposed is what a member exposes that has run for so many steps.
func (e *etcd) exposed(p *process, step, age int, set func(float64, string, ...string)) {
	truth := map[bool]float64{true: 1}
	leader := e.leader(step)
	n := float64(age)
	for name, v := range map[string]float64{
		"etcd_server_has_leader": truth[leader != ""], "etcd_server_is_leader": truth[leader == p.name],
		"etcd_server_is_learner": truth[p.learner(step)], "etcd_disk_defrag_inflight": truth[p.defrags(step)],
		"etcd_server_leader_changes_seen_total": float64(1 + e.changes(step) - e.changes(step-age)),
		"etcd_server_quota_backend_bytes":       2 << 30, "etcd_mvcc_db_total_size_in_bytes": 80e6,
		"etcd_mvcc_db_total_size_in_use_in_bytes": 60e6, "etcd_debugging_mvcc_keys_total": 5000,
		"etcd_debugging_mvcc_watcher_total": 200, "etcd_debugging_mvcc_slow_watcher_total": 0,
		"etcd_debugging_lease_granted_total": 5 * n, "etcd_debugging_lease_revoked_total": 5 * n,
		"etcd_mvcc_put_total": 750 * n, "process_start_time_seconds": float64(30 * (step - age + 1000)),
		"process_open_fds": 60, "process_max_fds": 65536, "process_cpu_seconds_total": 3 * n,
		"go_sched_gomaxprocs_threads": 2, "etcd_server_proposals_committed_total": 9e5 + 750*float64(step),
		"etcd_disk_wal_fsync_duration_seconds_count": 750 * n, "etcd_disk_backend_commit_duration_seconds_count": 300 * n,
	} {
		set(v, name)
	}
	e.troubled(p, step, age, set)
	set(1, "etcd_server_id", "server_id", p.name)
	set(1, "etcd_server_version", "server_version", p.version(step))
	for name, per := range map[string]float64{"etcd_disk_wal_fsync": 750, "etcd_disk_backend_commit": 300} {
		set(per*n, name+"_duration_seconds_bucket", "le", "0.008")
		set(per*n, name+"_duration_seconds_bucket", "le", "+Inf")
	}
	for _, other := range e.members {
		if other == p || age > 1000 {
			continue
		}
		met := 0.0 // steps in which the other one was a peer
		for s := step - age; s <= step; s++ {
			met += 2 * truth[other.known(s)]
		}
		if met > 0 {
			rtt := "etcd_network_peer_round_trip_time_seconds"
			set(met, rtt+"_bucket", "To", other.name, "le", "0.0032")
			set(met, rtt+"_bucket", "To", other.name, "le", "+Inf")
			set(met, rtt+"_count", "To", other.name)
		}
	}
}

// troubled is what suffers while there is no leader, or no answer.
func (e *etcd) troubled(p *process, step, age int, set func(float64, string, ...string)) {
	failed := float64(e.refused(step) - e.refused(step-age))
	waiting, applied := 0.0, step
	for s := step; s >= 0 && p.defrags(s); s-- {
		waiting, applied = 150, s-1
	}
	if e.leader(step) == "" {
		waiting = 400
	}
	set(waiting, "etcd_server_proposals_pending")
	set(9e5+750*float64(applied), "etcd_server_proposals_applied_total")
	for _, name := range []string{"proposals_failed_total", "slow_apply_total", "slow_read_indexes_total", "heartbeat_send_failures_total"} {
		set(failed, "etcd_server_"+name)
	}
	grpc := []string{"grpc_service", "etcdserverpb.KV", "grpc_type", "unary", "grpc_method", "Txn", "grpc_code"}
	set(750*float64(age), "grpc_server_handled_total", append(grpc, "OK")...)
	set(failed, "grpc_server_handled_total", append(grpc, "Unavailable")...)
}

// notation writes runs of equal steps as promtool reads them.
func notation(values []float64) string {
	var parts []string
	for i := 0; i < len(values); {
		j := i + 1
		if values[i] == missing {
			for j < len(values) && values[j] == missing {
				j++
			}
			if i > 0 {
				parts = append(parts, "stale")
				i++
			}
			if j > i {
				parts = append(parts, fmt.Sprintf("_x%d", j-i))
			}
			i = j
			continue
		}
		slope := 0.0
		if j < len(values) && values[j] != missing {
			slope = values[j] - values[i]
		}
		for j < len(values) && values[j] != missing && values[j] == values[j-1]+slope {
			j++
		}
		switch n := j - i - 1; {
		case n == 0:
			parts = append(parts, fmt.Sprintf("%.0f", values[i]))
		case slope == 0:
			parts = append(parts, fmt.Sprintf("%.0fx%d", values[i], n))
		default:
			parts = append(parts, fmt.Sprintf("%.0f%+.0fx%d", values[i], slope, n))
		}
		i = j
	}
	return strings.Join(parts, " ")
}
