package etcd

// native says what becomes of a metric that etcd exposes itself.
type native struct {
	name string // ours, without the prefix
	part part
	// from are the native labels whose values become ours, in this order.
	from []string
	// only selects series by the value of a native label.
	only [2]string
	sign float64 // of what is added up; 0 means 1
}

// part of a histogram that a line carries.
type part int

const (
	whole part = iota // no histogram
	bucket
	sum
	count
)

// natives maps etcd's own metrics, by their names in 3.4 to 3.7, to the names of
// the digest. Several that map to one name are summed up. What a version lacks is
// missing from its digest.
var natives = func() map[string]native {
	m := map[string]native{
		"etcd_server_proposals_committed_total":     {name: "proposals_committed"},
		"etcd_server_proposals_applied_total":       {name: "proposals_applied"},
		"etcd_server_proposals_pending":             {name: "proposals_pending"},
		"etcd_server_proposals_failed_total":        {name: "proposals_failed_total"},
		"etcd_server_slow_apply_total":              {name: "slow_applies_total"},
		"etcd_server_slow_read_indexes_total":       {name: "slow_reads_total"},
		"etcd_server_heartbeat_send_failures_total": {name: "heartbeat_send_failures_total"},
		"process_cpu_seconds_total":                 {name: "cpu_seconds_total"},
		"process_resident_memory_bytes":             {name: "resident_memory_bytes"},
		"process_open_fds":                          {name: "open_fds"},
		"process_max_fds":                           {name: "max_fds"},
		"process_network_receive_bytes_total":       {name: "network_receive_bytes_total"},
		"process_network_transmit_bytes_total":      {name: "network_transmit_bytes_total"},
		"process_start_time_seconds":                {name: "start_time_seconds"},
		"go_sched_gomaxprocs_threads":               {name: "gomaxprocs"},
		"etcd_debugging_mvcc_watcher_total":         {name: "watchers"},
		"etcd_debugging_mvcc_watch_stream_total":    {name: "watch_streams"},
		"etcd_debugging_mvcc_slow_watcher_total":    {name: "slow_watchers"},
		"etcd_debugging_mvcc_pending_events_total":  {name: "pending_events"},
		"etcd_debugging_mvcc_keys_total":            {name: "keys"},
		"etcd_debugging_mvcc_compact_revision":      {name: "compact_revision"},
		"etcd_debugging_lease_granted_total":        {name: "leases_granted_total"},
		"etcd_debugging_lease_revoked_total":        {name: "leases_revoked_total"},
		"etcd_debugging_server_lease_expired_total": {name: "leases_expired_total"},
		"etcd_disk_defrag_inflight":                 {name: "defrag_inflight"},

		"grpc_server_handled_total": {
			name: "grpc_requests_total", from: []string{"grpc_service", "grpc_method", "grpc_code"},
		},
		// A stream is active from its start until it is handled. The second map
		// below takes the handled ones off.
		"grpc_server_started_total": {name: "active_streams", only: [2]string{"grpc_type", "bidi_stream"}},
	}
	histogram := func(full, name string, from ...string) {
		m[full+"_bucket"] = native{name: name, part: bucket, from: from}
		m[full+"_sum"] = native{name: name, part: sum, from: from}
		m[full+"_count"] = native{name: name, part: count, from: from}
	}
	histogram("etcd_disk_wal_fsync_duration_seconds", "wal_fsync_duration_seconds")
	histogram("etcd_disk_backend_commit_duration_seconds", "backend_commit_duration_seconds")
	histogram("etcd_network_peer_round_trip_time_seconds", "peer_round_trip_duration_seconds", "To")
	return m
}()

// alsoNatives are metrics that go into a second name of the digest.
var alsoNatives = map[string]native{
	"grpc_server_handled_total": {name: "active_streams", only: [2]string{"grpc_type", "bidi_stream"}, sign: -1},
}

// serverIDMetric tells which member speaks, in its label server_id.
const serverIDMetric = "etcd_server_id"
