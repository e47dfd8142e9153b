package rules_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const nativeRules = "etcd-native.rules.yml"

// nativeAlerts is the list. What is added to the file is added here, on purpose.
const nativeAlerts = `
EtcdServerAlarmActive EtcdServerApplyLag EtcdServerBackendCommitSlow EtcdServerCPUHigh EtcdServerClusterUnreachable
EtcdServerDatabaseFillingUp EtcdServerDatabaseFragmented EtcdServerDatabaseNearQuota EtcdServerDefragRunning
EtcdServerFileDescriptorsNearLimit EtcdServerGRPCErrorBudgetBurn EtcdServerGRPCErrorsSlowBurn
EtcdServerGRPCRequestsSlow EtcdServerHeartbeatSendFailures EtcdServerKeysGrowth EtcdServerLeaderFlapping
EtcdServerLearnerStuck EtcdServerLeaseExplosion EtcdServerMemberDown EtcdServerMemberMissing
EtcdServerMemberNoLeader EtcdServerMultipleLeaders EtcdServerPeerRoundTripSlow EtcdServerProposalsFailing
EtcdServerProposalsPending EtcdServerQuorumLost EtcdServerRestarting EtcdServerSlowApplies EtcdServerSlowReadIndex
EtcdServerSlowWatchers EtcdServerSnapshotSendFailing EtcdServerVersionSkew EtcdServerWALFsyncSlow
EtcdServerWatcherExplosion
`

func TestNativeAlertsAreTheList(t *testing.T) {
	want := strings.Fields(nativeAlerts)
	slices.Sort(want)
	if got := alerts(t, nativeRules); !slices.Equal(got, want) {
		t.Errorf("alerts: %v\nthe list: %v", got, want)
	}
}

// releases are those of etcd that the native rules are for.
var releases = []string{"3.4", "3.5", "3.6", "3.7"}

// since36 are the releases that have what came with 3.6.
var since36 = releases[2:]

// exposed are the metrics of a release with their labels, from real members.
func exposed(t *testing.T, release string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(read(t, "testdata/exposition/etcd-"+release+".txt")) {
		words := strings.Fields(line)
		if words[0] == "#" {
			if !strings.HasPrefix(words[2], release+".") {
				t.Errorf("testdata/exposition/etcd-%s.txt is of etcd %s", release, words[2])
			}
			continue
		}
		name, kind, labels := words[0], words[1], words[2:]
		all[name] = labels
		if kind == "histogram" {
			all[name+"_bucket"] = append([]string{"le"}, labels...)
			all[name+"_sum"], all[name+"_count"] = labels, labels
		}
	}
	return all
}

// TestExpositions is what the rules rely on to be there, or not to be, from
// release to release. The expositions are compared with real members elsewhere.
func TestExpositions(t *testing.T) {
	for name, want := range map[string][]string{
		// There is no cluster in any label, hence the fall-back to the job.
		"etcd_server_id":         releases,
		"etcd_server_has_leader": releases,
		"etcd_server_is_leader":  releases,
		"etcd_server_is_learner": releases,
		// What tells who belongs to the cluster in all releases.
		"etcd_network_peer_round_trip_time_seconds_count": releases,
		"etcd_network_known_peers":                        since36,
		// Alarms are told late and badly.
		"etcd_debugging_server_alarms": since36,
		// These were renamed in 3.4; its old names went away after.
		"etcd_mvcc_db_total_size_in_bytes":           releases,
		"etcd_debugging_mvcc_db_total_size_in_bytes": {"3.4"},
		"etcd_mvcc_put_total":                        releases,
		"etcd_debugging_mvcc_put_total":              {"3.4"},
		"etcd_mvcc_range_total":                      releases,
		"etcd_debugging_mvcc_range_total":            {"3.4", "3.5"},
		// How long requests take: with --metrics=extensive, and from 3.7 on.
		"grpc_server_handling_seconds_bucket":         releases,
		"etcd_server_request_duration_seconds_bucket": {"3.7"},
		"etcd_server_apply_duration_seconds_bucket":   {"3.5", "3.6", "3.7"},
		"etcd_disk_wal_write_duration_seconds_bucket": {"3.5", "3.6", "3.7"},
		// Depends on what etcd was built with, not on its release alone.
		"go_sched_gomaxprocs_threads": since36,
		// Other bundles have rules on these: metrics of the API of etcd 2.
		"etcd_http_received_total":                  nil,
		"etcd_http_successful_duration_seconds":     nil,
		"etcd_debugging_mvcc_slow_watcher_total":    releases,
		"etcd_network_snapshot_send_failures":       releases,
		"etcd_debugging_server_lease_expired_total": releases,
	} {
		var got []string
		for _, release := range releases {
			all := exposed(t, release)
			if labels, ok := all[name]; ok {
				got = append(got, release)
				if slices.Contains(labels, "cluster") {
					t.Errorf("etcd %s gives %s a label cluster", release, name)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is exported by %v, not by %v", name, got, want)
		}
	}
}

var (
	nativeMetric   = regexp.MustCompile(`\b(?:etcd|grpc_server|process|go)_[a-z0-9_]+\b`)
	nativeRecorded = regexp.MustCompile(`\betcd_server:[a-z0-9_:]+`)
	byRelease      = map[string][]string{ // what not all releases have
		"etcd_debugging_server_alarms":                since36,
		"go_sched_gomaxprocs_threads":                 since36,
		"etcd_server_request_duration_seconds_bucket": {"3.7"},
	}
)

// Every metric that the native rules name is exported, by the releases that the
// rules are meant for.
func TestNativeMetricsExist(t *testing.T) {
	all := rulesOf(t, nativeRules)
	recorded := map[string]bool{}
	for _, r := range all {
		recorded[r.Record] = true
	}
	used := map[string]bool{}
	for _, r := range all {
		expr := inQuotes.ReplaceAllString(r.Expr, "")
		for _, name := range nativeRecorded.FindAllString(expr, -1) {
			used[name] = true
			if !recorded[name] {
				t.Errorf("%s%s: nothing records %s", r.Alert, r.Record, name)
			}
		}
		for _, name := range nativeMetric.FindAllString(nativeRecorded.ReplaceAllString(expr, ""), -1) {
			want, ok := byRelease[name]
			if !ok {
				want = releases
			}
			for _, release := range want {
				if _, ok := exposed(t, release)[name]; !ok {
					t.Errorf("%s%s: etcd %s exports no %s", r.Alert, r.Record, release, name)
				}
			}
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byRelease)) {
		if !used[name] {
			t.Errorf("no rule names %s", name)
		}
	}
	for _, r := range all {
		// Where requests are not measured is for dashboards and people.
		if r.Record != "" && !used[r.Record] && r.Record != "etcd_server:request_duration_measured" {
			t.Errorf("%s is recorded for nobody", r.Record)
		}
	}
}

var (
	putInPlace = regexp.MustCompile(`label_join\((?s:.*?)\), "cluster", "\$1", "either", ";\(\.\*\)"\)`)
	rawMetric  = regexp.MustCompile(`\b(?:etcd|grpc_server|process|go)_[a-z0-9_]+\b|\bup\b`)
)

// Every expression puts the job where there is no cluster: one that does not
// would know each cluster by two names.
func TestNativeRulesKnowTheCluster(t *testing.T) {
	for _, r := range rulesOf(t, nativeRules) {
		switch r.Record {
		case "etcd_server:target", "etcd_server:alarms", "etcd_server:puts_at_alarm":
			continue // keep what it takes to find the target
		}
		rest := nativeRecorded.ReplaceAllString(putInPlace.ReplaceAllString(r.Expr, ""), "")
		if left := rawMetric.FindString(inQuotes.ReplaceAllString(rest, "")); left != "" {
			t.Errorf("%s%s: %s is used without its cluster", r.Alert, r.Record, left)
		}
	}
}
