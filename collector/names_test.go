package collector

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// allFamilies is everything that is exported under our name.
func allFamilies() []*family {
	all := slices.Clone(selfFamilies)
	for _, r := range table {
		all = append(all, r.families...)
	}
	return all
}

// promised are the names that rules, dashboards and people's own queries rely
// on. They and their labels stay. More may be added.
const promised = `
etcd_monitor_build_info branch goarch goos goversion revision tags version
etcd_monitor_certificate_not_after_timestamp_seconds cluster endpoint file kind subject
etcd_monitor_cluster_failure_tolerance cluster
etcd_monitor_cluster_has_leader cluster
etcd_monitor_cluster_has_quorum cluster
etcd_monitor_cluster_hash_mismatch cluster
etcd_monitor_cluster_ids cluster
etcd_monitor_cluster_leader_changes_total cluster
etcd_monitor_cluster_leader_claims cluster
etcd_monitor_cluster_leader_since_timestamp_seconds cluster
etcd_monitor_cluster_learners cluster
etcd_monitor_cluster_membership_changes_total cluster
etcd_monitor_cluster_membership_stale cluster
etcd_monitor_cluster_quorum_size cluster
etcd_monitor_cluster_quorum_unknown cluster reason
etcd_monitor_cluster_raft_term cluster
etcd_monitor_cluster_split_brain cluster reason
etcd_monitor_cluster_unstarted cluster
etcd_monitor_cluster_up cluster
etcd_monitor_cluster_voters cluster
etcd_monitor_cluster_voters_confirmed cluster
etcd_monitor_cluster_voters_up cluster
etcd_monitor_config_last_reload_success_timestamp_seconds
etcd_monitor_config_last_reload_successful
etcd_monitor_member_active_streams cluster member
etcd_monitor_member_alarm_active cluster member alarm
etcd_monitor_member_backend_commit_duration_seconds cluster member
etcd_monitor_member_compact_revision cluster member
etcd_monitor_member_configured cluster member
etcd_monitor_member_confirmed cluster member
etcd_monitor_member_cpu_seconds_total cluster member
etcd_monitor_member_db_growth_bytes_per_second cluster member
etcd_monitor_member_db_in_use_bytes cluster member
etcd_monitor_member_db_quota_bytes cluster member source
etcd_monitor_member_db_seconds_to_quota cluster member
etcd_monitor_member_db_size_bytes cluster member
etcd_monitor_member_defrag_inflight cluster member
etcd_monitor_member_digest_timestamp_seconds cluster member
etcd_monitor_member_digest_truncated cluster member
etcd_monitor_member_downgrade_enabled cluster member
etcd_monitor_member_gomaxprocs cluster member
etcd_monitor_member_grpc_requests_total cluster member service method code
etcd_monitor_member_has_leader cluster member
etcd_monitor_member_heartbeat_send_failures_total cluster member
etcd_monitor_member_info cluster member member_id cluster_id version storage_version
etcd_monitor_member_is_leader cluster member
etcd_monitor_member_is_learner cluster member
etcd_monitor_member_keys cluster member
etcd_monitor_member_leases_expired_total cluster member
etcd_monitor_member_leases_granted_total cluster member
etcd_monitor_member_leases_revoked_total cluster member
etcd_monitor_member_max_fds cluster member
etcd_monitor_member_network_receive_bytes_total cluster member
etcd_monitor_member_network_transmit_bytes_total cluster member
etcd_monitor_member_open_fds cluster member
etcd_monitor_member_partition_suspected cluster member
etcd_monitor_member_peer_round_trip_duration_seconds cluster member peer
etcd_monitor_member_pending_events cluster member
etcd_monitor_member_proposals_applied cluster member
etcd_monitor_member_proposals_committed cluster member
etcd_monitor_member_proposals_failed_total cluster member
etcd_monitor_member_proposals_pending cluster member
etcd_monitor_member_raft_applied_index cluster member
etcd_monitor_member_raft_index cluster member
etcd_monitor_member_raft_lag_entries cluster member
etcd_monitor_member_raft_term cluster member
etcd_monitor_member_resident_memory_bytes cluster member
etcd_monitor_member_revision cluster member
etcd_monitor_member_rpc_permitted cluster member rpc
etcd_monitor_member_rtt_seconds cluster member
etcd_monitor_member_slow_applies_total cluster member
etcd_monitor_member_slow_reads_total cluster member
etcd_monitor_member_slow_watchers cluster member
etcd_monitor_member_start_time_seconds cluster member
etcd_monitor_member_unreachable cluster member endpoint reason
etcd_monitor_member_up cluster member
etcd_monitor_member_wal_fsync_duration_seconds cluster member
etcd_monitor_member_watch_streams cluster member
etcd_monitor_member_watchers cluster member
etcd_monitor_probe_duration_seconds cluster member op
etcd_monitor_probe_errors_total cluster member op reason
etcd_monitor_probe_latency_seconds cluster member op
etcd_monitor_scrape_answers_rejected_total cluster member field
etcd_monitor_scrape_collector_duration_seconds cluster collector
etcd_monitor_scrape_collector_success cluster collector
etcd_monitor_scrape_duration_seconds cluster
etcd_monitor_scrape_rounds_total cluster
etcd_monitor_scrape_rpcs_total cluster method
etcd_monitor_threshold cluster name
`

func TestPromisedNames(t *testing.T) {
	declared := map[string][]string{}
	for _, f := range allFamilies() {
		declared[f.name] = f.labels
	}
	for l := range strings.Lines(strings.TrimSpace(promised)) {
		words := strings.Fields(l)
		name, labels := words[0], words[1:]
		got, ok := declared[name]
		switch {
		case !ok:
			t.Errorf("%s does not exist", name)
		case !slices.Equal(got, labels):
			t.Errorf("%s has labels %v, promised are %v", name, got, labels)
		}
	}
}

// promisedThresholds are the values of the label name of etcd_monitor_threshold.
var promisedThresholds = []string{
	"max_latency_seconds", "max_db_size_bytes", "min_available_nodes", "max_leader_changes_per_hour",
	"max_error_ratio", "min_free_quota_ratio", "max_pending_proposals", "db_quota_ratio_warning",
	"db_quota_ratio_critical", "wal_fsync_p99_seconds_warning", "wal_fsync_p99_seconds_critical",
	"backend_commit_p99_seconds", "watchers", "leases", "memory_bytes", "certificate_warning_seconds",
	"certificate_critical_seconds", "snapshot_max_age_seconds",
}

func TestPromisedThresholds(t *testing.T) {
	names := config.ThresholdNames()
	for _, name := range promisedThresholds {
		if !slices.Contains(names, name) {
			t.Errorf("threshold %s does not exist", name)
		}
	}
}

// A name that nothing ever exports is a promise that is not kept.
func TestEveryFamilyIsSeen(t *testing.T) {
	seen := map[string]bool{}
	for _, sc := range scenarios() {
		for l := range strings.Lines(sc.scrape(t)) {
			if name, ok := strings.CutPrefix(l, "# TYPE "); ok {
				name, _, _ = strings.Cut(name, " ")
				seen[name] = true
			}
		}
	}
	for _, f := range allFamilies() {
		if !seen[f.name] {
			t.Errorf("%s is declared and in no scenario", f.name)
		}
	}
}
