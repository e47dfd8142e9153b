package rules_test

import "strings"

// flaw is one that another bundle of rules has, made in a rule of ours.
type flaw struct {
	rule       string // name of the alert, or of what is recorded; the first of that name
	key, value string // what becomes of it
	file, test string // the test that finds it
}

const perMember = `max by (cluster, via, instance, pod, member) (label_replace(label_join(X, "either", ";", "cluster", "job"), "cluster", "$1", "either", ";(.*)"))`

// ofMember puts a condition on a member's series into the shape of the rules.
func ofMember(condition string) string { return strings.Replace(perMember, "X", condition, 1) }

var flaws = []flaw{
	// The greatest counter of a cluster falls when its member goes away.
	{
		"EtcdServerLeaderFlapping", "expr", `increase(max by (cluster) (etcd_server_leader_changes_seen_total)[1h:1m]) > 3.5`,
		"native_leader.yml", "the member that has counted most goes away, and nothing has changed",
	},
	{
		"EtcdLeaderFlapping", "expr", `increase(max by (cluster) (etcd_monitor_cluster_leader_changes_total)[1h:1m]) > 3.5`,
		"exporter_mixin.yml", "the exporter that has counted most goes away, and nothing has changed",
	},
	// One limit for all sizes.
	{
		"EtcdServerLeaderFlapping", "expr", `max by (cluster) (increase(etcd_server_leader_changes_seen_total[1h])) > 3.5`,
		"native_leader.yml", "five changes in an hour are a rolling restart of five members, and too many for three",
	},
	{
		"EtcdLeaderFlapping", "expr", `max by (cluster) (increase(etcd_monitor_cluster_leader_changes_total[1h])) > 3.5`,
		"exporter_leader.yml", "a rolling restart of five members hands the leadership over five times",
	},
	// The mean of all clusters, of what is seen of it between scrapes.
	{
		"EtcdServerLeaderFlapping", "expr", `max by (cluster) (etcd_server:member) and on () avg(changes(etcd_server_is_leader[1h])) > 3.5`,
		"native_mixin.yml", "one cluster of four changes its leader between scrapes, and the others do not hide it",
	},
	// A left side of or that is always there, if only as 0.
	{
		"EtcdServerMemberMissing", "expr", `max by (job) (sum by (job) (up == bool 0) or count by (job) (increase(etcd_network_peer_round_trip_time_seconds_count[5m]) > 0)) > 0`,
		"native_members.yml", "two peers that fail to reach a member which nobody scrapes say so for 40 minutes",
	},
	// Targets are counted by themselves.
	{
		"EtcdServerMemberMissing", "expr", `count by (cluster) (up) > count by (cluster) (up == 1)`,
		"native_members.yml", "a peer that service discovery has lost warns after ten minutes, whatever its own series were",
	},
	{
		"EtcdServerClusterUnreachable", "expr", `count by (cluster) (up == 0) == count by (cluster) (up)`,
		"native_quorum.yml", "a cluster that service discovery loses pages for an hour",
	},
	{
		"EtcdClusterNoLongerObserved", "expr", `group by (cluster) (etcd_monitor_cluster_up == 0)`,
		"exporter_quorum.yml", "a cluster that vanishes is told of after ten minutes, for an hour",
	},
	// A series that has ended is not 0.
	{
		"EtcdServerClusterUnreachable", "expr", `max by (cluster) (etcd_server_has_leader) == 0`,
		"native_quorum.yml", "a cluster whose members all crash pages after two minutes, and on as long as they are targets",
	},
	{
		"EtcdClusterUnreachable", "expr", `max by (cluster) (etcd_monitor_cluster_has_quorum) == 0`,
		"exporter_quorum.yml", "a cluster that does not answer pages after two minutes",
	},
	{
		"EtcdServerMemberDown", "for", "20m",
		"native_members.yml", "a member that cannot be scraped warns after three minutes, and on while it is a target",
	},
	// Cluster means job.
	{
		"etcd_server:has_leader", "expr", `label_replace(max by (job, instance) (etcd_server_has_leader), "cluster", "$1", "job", "(.*)")`,
		"native_quorum.yml", "two clusters in one job, one of which loses two of three members, is a lost quorum if they have names",
	},
	// Cluster means whatever is left without the instance.
	{
		"EtcdServerQuorumLost", "expr", `max without (instance) (etcd_server_has_leader) == 0`,
		"native_quorum.yml", "in kubernetes a pod is a member and not a cluster",
	},
	// Whoever is up agrees.
	{
		"EtcdServerQuorumLost", "expr", `sum by (cluster) (up == bool 1) < (count by (cluster) (up) + 1) / 2`,
		"native_quorum.yml", "members up and no leader anywhere is a lost quorum, whatever up says",
	},
	{
		"EtcdServerQuorumLost", "expr", `sum by (cluster) (up == bool 1) < (count by (cluster) (up) + 1) / 2 or on (cluster) sum by (cluster) (up) > 9 and on (cluster) max by (cluster) (etcd_server_has_leader == bool 1)`,
		"native_quorum.yml", "members up and no leader anywhere is a lost quorum, whatever up says",
	},
	{
		"EtcdServerQuorumLost", "expr", `group by (cluster) (etcd_server:has_leader == 0)`,
		"native_quorum.yml", "one member of five, cut off, is no lost quorum",
	},
	// An even number.
	{
		"EtcdServerQuorumLost", "expr", `count by (cluster) (etcd_server_id) % 2 == 0`,
		"native_mixin.yml", "three members of five keep the quorum, one of three does not",
	},
	{
		"EtcdServerQuorumLost", "expr", `count(etcd_server_id) % 2 == 0`,
		"native_mixin.yml", "six members in two clusters, and four in one, are healthy",
	},
	// Quota -1, bursts, floors in the wrong place.
	{
		"EtcdServerDatabaseFillingUp", "expr", ofMember(`predict_linear(etcd_mvcc_db_total_size_in_use_in_bytes[6h], 86400) > etcd_server_quota_backend_bytes and etcd_mvcc_db_total_size_in_use_in_bytes offset 3h`),
		"native_loads.yml", "a quota that is switched off is never used up",
	},
	{
		"EtcdServerDatabaseFillingUp", "expr", ofMember(`predict_linear(etcd_mvcc_db_total_size_in_use_in_bytes[4h], 14400) > (etcd_server_quota_backend_bytes > 0)`),
		"native_loads.yml", "a load that is over is no trend, growth in waves is one",
	},
	{
		"EtcdDatabaseFillingUp", "expr", `predict_linear(etcd_monitor:db_in_use_bytes[4h], 14400) > on (cluster, member) etcd_monitor:db_quota_bytes`,
		"exporter_mixin.yml", "a load that is over is no trend",
	},
	{
		"EtcdServerDatabaseFragmented", "expr", ofMember(`etcd_mvcc_db_total_size_in_use_in_bytes > 100 * 1024 * 1024 and etcd_mvcc_db_total_size_in_use_in_bytes / etcd_mvcc_db_total_size_in_bytes < 0.5`),
		"native_growth.yml", "8 GB of which 90 MB are in use are told, for all that little is in use",
	},
	{
		"EtcdDatabaseFragmented", "expr", `etcd_monitor:db_in_use_bytes > 100 * 1024 * 1024 and etcd_monitor:db_in_use_bytes / on (cluster, member) etcd_monitor:db_size_bytes < 0.5`,
		"exporter_fragments.yml", "more than half of the file, and more than 200 MiB, for half an hour",
	},
	{
		"EtcdServerDatabaseNearQuota", "expr", ofMember(`etcd_mvcc_db_total_size_in_bytes / (etcd_server_quota_backend_bytes > 0) > 0.95`),
		"native_mixin.yml", "a database that is 85 % full warns, and says of what",
	},
	{
		"EtcdDatabaseNearQuota", "expr", `etcd_monitor:db_size_bytes / on (cluster, member) etcd_monitor:db_quota_bytes > 0.95`,
		"exporter_database.yml", "more than 80 % of the quota warns after ten minutes, more than 95 % pages after five",
	},
	// Failures that are none.
	{
		"etcd_server:grpc_errors:rate5m", "expr", `sum by (cluster) (rate(grpc_server_handled_total{grpc_code=~"Unknown|FailedPrecondition|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded",grpc_type="unary"}[5m]))`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's",
	},
	{
		"etcd_server:grpc_errors:rate5m", "expr", `sum by (cluster) (rate(grpc_server_handled_total{grpc_code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"}[5m]))`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's",
	},
	{
		"EtcdServerGRPCErrorBudgetBurn", "expr", `etcd_server:grpc_errors:rate5m / on (cluster, via) etcd_server:grpc_requests:rate5m > 0.05`,
		"native_mixin.yml", "watches and leases that clients drop, what clients do wrong, and one request in ten seconds are no failures of etcd's",
	},
	{
		"etcd_monitor:grpc_errors:rate5m", "expr", `sum by (cluster) (rate(etcd_monitor_member_grpc_requests_total{code=~"Unknown|FailedPrecondition|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"}[5m]))`,
		"exporter_requests.yml", "what is no failure of etcd's",
	},
	// Percentiles of anything, and of next to nothing.
	{
		"EtcdServerGRPCRequestsSlow", "expr", `histogram_quantile(0.99, sum by (cluster, le, method) (label_replace(rate(grpc_server_handling_seconds_bucket{grpc_type="unary"}[5m]), "method", "$1", "grpc_method", "(.*)"))) > 0.15`,
		"native_mixin.yml", "maintenance may take its time, and a few slow requests have no percentile",
	},
	{
		"etcd_server:request_duration_measured", "expr", `group by (cluster, via) (etcd_server:request_duration_seconds_bucket:rate5m)`,
		"native_latency.yml", "members that do not tell how long requests take are known, so that silence is no good sign",
	},
	{
		"EtcdServerWALFsyncSlow", "expr", ofMember(`histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])) > 0.5`),
		"native_mixin.yml", "syncs of 200 ms are 20 times what is healthy and warn; of a member that syncs once a minute one in a hundred is nothing",
	},
	{
		"EtcdServerBackendCommitSlow", "expr", ofMember(`histogram_quantile(0.99, rate(etcd_disk_backend_commit_duration_seconds_bucket[1m])) > 0.25`),
		"native_mixin.yml", "syncs of 200 ms are 20 times what is healthy and warn; of a member that syncs once a minute one in a hundred is nothing",
	},
	{
		"etcd_monitor:wal_fsync_seconds:p99", "expr", `histogram_quantile(0.99, sum by (cluster, member, le) (rate(etcd_monitor_member_wal_fsync_duration_seconds_bucket[5m])))`,
		"exporter_disk.yml", "a disk that takes longer than a heartbeat, or half an election timeout",
	},
	// A rate that is told as a number.
	{
		"EtcdServerProposalsFailing", "expr", ofMember(`rate(etcd_server_proposals_failed_total[5m]) > 0`),
		"native_mixin.yml", "ten proposals that fail in five minutes are ten in the message",
	},
	{
		"EtcdProposalsFailing", "expr", `max by (cluster, member) (rate(etcd_monitor_member_proposals_failed_total[5m])) > 5.5`,
		"exporter_raft.yml", "proposals that fail though there is a quorum",
	},
}
