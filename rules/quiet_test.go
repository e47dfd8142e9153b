package rules_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestQuietDays writes tests/exporter_quiet.yml: what happens to a healthy
// cluster on working days, of which nobody is to be told. After a change,
// `go test ./rules -update` rewrites it.
func TestQuietDays(t *testing.T) {
	var b strings.Builder
	b.WriteString(quietPreface)
	for _, d := range days {
		s := calm()
		if d.change != nil {
			d.change(s)
		}
		fmt.Fprintf(&b, "\n  - name: '%s'\n    interval: 15s\n    input_series:\n", d.name)
		for _, name := range slices.Sorted(maps.Keys(s)) {
			fmt.Fprintf(&b, "      - {series: '%s', values: '%s'}\n", name, s[name])
		}
		fmt.Fprintf(&b, "    promql_expr_test:\n      - {eval_time: 40m, expr: '%s', exp_samples: [%s]}\n",
			`count by (alertname, severity) (count_over_time(ALERTS{alertstate="firing",severity!="none"}[40m]))`, d.news)
	}
	golden(t, "tests/exporter_quiet.yml", b.String())
}

const quietPreface = `# Written by quiet_test.go, which has the working days of a healthy cluster of
# three. A sample is 15 seconds; '1x3' is 1 four times.
rule_files: [../etcd-monitor.rules.yml]
group_eval_order: [etcd-monitor-thresholds, etcd-monitor-quorum, etcd-monitor-partition, etcd-monitor-members, etcd-monitor-alarms, etcd-monitor-database, etcd-monitor-certificates, etcd-monitor-probes, etcd-monitor-disk, etcd-monitor-raft, etcd-monitor-requests, etcd-monitor-resources, etcd-monitor-benchmark, etcd-monitor-itself]
evaluation_interval: 30s

tests:`

// samples is how many a day has, 40 minutes.
const samples = 161

// day is what happens within 40 minutes.
type day struct {
	name   string
	change func(s inputs)
	news   string // what may be told all the same
}

// inputs are series of a test with their values, in promtool's notation.
type inputs map[string]string

var (
	members = []string{"m1", "m2", "m3"}
	reads   = []string{"read_linearizable", "read_serializable"}
)

// set sets a series of the cluster. Labels follow in pairs.
func (s inputs) set(values, name string, labels ...string) {
	s[series(name, labels...)] = values
}

func series(name string, labels ...string) string {
	list := []string{`cluster="prod"`}
	for i := 0; i < len(labels); i += 2 {
		list = append(list, fmt.Sprintf("%s=%q", labels[i], labels[i+1]))
	}
	return fmt.Sprintf("etcd_monitor_%s{%s,%s}", name, strings.Join(list, ","), scraped)
}

const scraped = `instance="a:8080",job="etcd-monitor"`

// calm is a day on which nothing happens.
func calm() inputs {
	s := inputs{"up{" + scraped + "}": same("1"), `etcd_monitor_build_info{version="1.0.0",` + scraped + "}": same("1")}
	for name, v := range map[string]string{
		"cluster_up": "1", "cluster_has_quorum": "1", "cluster_voters": "3", "cluster_voters_up": "3",
		"cluster_voters_confirmed": "3", "cluster_quorum_size": "2", "cluster_failure_tolerance": "1",
		"cluster_learners": "0", "cluster_unstarted": "0", "cluster_ids": "1", "cluster_leader_claims": "1",
		"cluster_leader_changes_total": "0", "cluster_membership_changes_total": "0", "cluster_hash_mismatch": "0",
		"scrape_duration_seconds": "0.02",
	} {
		s.set(same(v), name)
	}
	s.set(same("0"), "cluster_split_brain", "reason", "leaders")
	s.set(same("1"), "scrape_collector_success", "collector", "quorum")
	for _, m := range members {
		s.calmMember(m)
	}
	return s
}

func (s inputs) calmMember(m string) {
	for name, v := range map[string]string{
		"up": "1", "partition_suspected": "0", "is_learner": "0", "defrag_inflight": "0", "downgrade_enabled": "0",
		"proposals_pending": "0", "slow_watchers": "0", "open_fds": "60", "max_fds": "65536", "gomaxprocs": "2",
		"resident_memory_bytes": "90000000", "watchers": "200", "db_size_bytes": "80000000", "db_in_use_bytes": "60000000",
		"proposals_failed_total": "3", "slow_applies_total": "3",
	} {
		s.set(same(v), "member_"+name, "member", m)
	}
	for name, v := range map[string]string{
		"revision": "90000+750", "compact_revision": "85000+750", "proposals_committed": "90000+750",
		"proposals_applied": "90000+750", "wal_fsync_duration_seconds_count": "90000+750", "cpu_seconds_total": "500+3",
		"leases_granted_total": "1000+5", "leases_revoked_total": "900+5",
	} {
		s.set(same(v), "member_"+name, "member", m)
	}
	s.set(same("2147483648"), "member_db_quota_bytes", "member", m, "source", "status")
	s.set(same("0"), "member_alarm_active", "member", m, "alarm", "NOSPACE")
	s.set(same("1"), "member_info", "member", m, "version", "3.6.16")
	s.set(same("90000+750"), "member_wal_fsync_duration_seconds_bucket", "member", m, "le", "0.008")
	s.set(same("90000+750"), "member_wal_fsync_duration_seconds_bucket", "member", m, "le", "+Inf")
	s.set(same("90000+750"), "member_grpc_requests_total", "member", m, "service", "etcdserverpb.KV", "method", "Put", "code", "OK")
	s.set(same("3"), "member_grpc_requests_total", "member", m, "service", "etcdserverpb.KV", "method", "Put", "code", "Unavailable")
	for _, op := range reads {
		s.probes(m, op, same("900+15"), same("900+15"), same("0"))
	}
}

// probes sets how many probes were fast, answered and in vain.
func (s inputs) probes(m, op, fast, answered, failed string) {
	s.set(fast, "probe_duration_seconds_bucket", "member", m, "op", op, "le", "0.1")
	s.set(answered, "probe_duration_seconds_bucket", "member", m, "op", op, "le", "+Inf")
	s.set(answered, "probe_duration_seconds_count", "member", m, "op", op)
	s.set(failed, "probe_errors_total", "member", m, "op", op, "reason", "timeout")
}

// same is one value, or one slope, all day long.
func same(v string) string { return fmt.Sprintf("%sx%d", v, samples-1) }

// between is a day on which a value is another one from a sample on, for so many.
func between(from, length int, usual, other string) string {
	return fmt.Sprintf("%sx%d %sx%d %sx%d", usual, from-1, other, length-1, usual, samples-from-length-1)
}

// after is a day on which a value changes for good.
func after(from int, before, then string) string {
	return fmt.Sprintf("%sx%d %sx%d", before, from-1, then, samples-from-1)
}

var valueOf = regexp.MustCompile(`^(\d[\d.]*)(?:\+(\d+))?x\d+$`)

// begin gives the first value of a calm series and its slope, 0 for none.
func begin(values string) (first string, slope int) {
	m := valueOf.FindStringSubmatch(values)
	_, _ = fmt.Sscan(m[2], &slope)
	return m[1], slope
}

// has tells whether a series is of a member.
func has(name, member string) bool { return strings.Contains(name, `member="`+member+`"`) }
