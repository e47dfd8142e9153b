package main

func nativeRequests() []*panel {
	const (
		only  = `grpc_type="unary"`
		fault = `grpc_code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"`
		each  = "cluster, job, instance, grpc_service, grpc_method, grpc_code"
	)
	handled := func(by string, matchers ...string) string {
		return most("sum", by, nativeRate(each, "grpc_server_handled_total", matchers...))
	}
	// Both halves of the difference are of the same members and methods.
	streams := func(method string) string {
		of := func(metric string) string {
			return most("sum", perInstance, instances(metric, `grpc_method="`+method+`"`))
		}
		return of("grpc_server_started_total") + "\n-\n" + orZero(of("grpc_server_handled_total"), of("grpc_server_started_total"))
	}
	all := handled(perJob, only)
	return []*panel{
		graph("Requests", "Per second and method, streams left out.", q("{{cluster}} {{job}} {{grpc_method}}", handled("cluster, job, grpc_method", only)+" > 0")).
			unit("reqps").valued(),
		graph("Requests that failed", "By etcd's own fault, of all but streams: a client that goes away is none. Dashed: 5 %.",
			q("{{cluster}} {{job}}", orZero(handled(perJob, only, fault), all)+"\n/\n("+all+" > 0)")).unit("percentunit").fixedLimits(0.05).
			runbooks("EtcdServerGRPCErrorBudgetBurn", "EtcdServerGRPCErrorsSlowBurn"),
		graph("What failed", "Per second, method and code, with the client's faults.",
			q("{{instance}} {{grpc_method}}: {{grpc_code}}", handled("cluster, job, instance, grpc_method, grpc_code", `grpc_code!="OK"`)+" > 0")).
			unit("reqps").empty("Nothing has failed"),
		graph("Latency by method, p99", "As etcd measures it, with --metrics=extensive only; etcd-monitor's probes need no flag.",
			q("{{cluster}} {{job}} {{grpc_method}}", nativeQuantile("0.99", "cluster, job, grpc_method", "grpc_server_handling_seconds", only)+" > 0")).
			unit("s").logarithmic().runbooks("EtcdServerGRPCRequestsSlow").empty("Start etcd with --metrics=extensive"),
		graph("Latency by type, p99", "From request to answer, etcd 3.7 and later.",
			q("{{cluster}} {{job}} {{type}}", nativeQuantile("0.99", "cluster, job, type", "etcd_server_request_duration_seconds")+" > 0")).
			unit("s").logarithmic().empty("Told by etcd 3.7 and later"),
		graph("Streams", "Watch and lease streams that are open: started less ended.",
			q("{{instance}} watch", streams("Watch")), q("{{instance}} lease", streams("LeaseKeepAlive"))).unit("short"),
	}
}

func nativeRaft() []*panel {
	return []*panel{
		graph("Proposals", "Per second: committed, and failed.",
			q("{{instance}} committed", nativeRate(perInstance, "etcd_server_proposals_committed_total")),
			q("{{instance}} failed", nativeRate(perInstance, "etcd_server_proposals_failed_total"))).
			unit("cps").runbooks("EtcdServerProposalsFailing"),
		graph("Pending proposals", "Clients that wait for a proposal. Dashed: 100.", q("{{instance}}", nativeGauge(perInstance, "etcd_server_proposals_pending"))).
			unit("short").fixedLimits(100).runbooks("EtcdServerProposalsPending"),
		graph("Committed, not yet applied", "At 5000 the member refuses proposals. Dashed: 1000.",
			q("{{instance}}", unapplied())).
			unit("short").fixedLimits(1000).runbooks("EtcdServerApplyLag"),
		graph("Elections in the last hour", "Leader changes, as each member saw them.",
			q("{{instance}}", most("max", perInstance, "increase("+instances("etcd_server_leader_changes_seen_total")+"[1h])"))).
			unit("short").decimals(1).runbooks("EtcdServerLeaderFlapping"),
		graph("Slow applies and reads", "Per second: applies over 100 ms, and confirmed reads that waited for the leader.",
			q("{{instance}} applies", nativeRate(perInstance, "etcd_server_slow_apply_total")),
			q("{{instance}} reads", nativeRate(perInstance, "etcd_server_slow_read_indexes_total"))).
			unit("cps").runbooks("EtcdServerSlowApplies", "EtcdServerSlowReadIndex"),
		graph("Late heartbeats", "Per second, by the leader: its disk or CPU is overloaded.",
			q("{{instance}}", nativeRate(perInstance, "etcd_server_heartbeat_send_failures_total"))).unit("cps").runbooks("EtcdServerHeartbeatSendFailures"),
	}
}

func nativeDisk() []*panel {
	size, inUse := nativeGauge(perInstance, "etcd_mvcc_db_total_size_in_bytes"), nativeGauge(perInstance, "etcd_mvcc_db_total_size_in_use_in_bytes")
	return []*panel{
		graph("WAL fsync, p99", "What raft waits for before it answers. Healthy: below 10 ms. Dashed: 0.1 s and 0.5 s.",
			q("{{instance}}", nativeQuantile("0.99", perInstance, "etcd_disk_wal_fsync_duration_seconds"))).unit("s").logarithmic().
			fixedLimits(0.1, 0.5).runbooks("EtcdServerWALFsyncSlow"),
		graph("Backend commit, p99", "How long the backend takes to write a batch. Healthy: below 25 ms. Dashed: 0.25 s.",
			q("{{instance}}", nativeQuantile("0.99", perInstance, "etcd_disk_backend_commit_duration_seconds"))).unit("s").logarithmic().
			fixedLimits(0.25).runbooks("EtcdServerBackendCommitSlow"),
		graph("Of its quota", "The database file, which NOSPACE goes by. At 100 % etcd refuses writes. Dashed: 80 and 95 %.",
			q("{{instance}}", nativeQuotaShare())).unit("percentunit").fixedLimits(0.8, 0.95).
			runbooks("EtcdServerDatabaseNearQuota").empty("No member has a quota"),
		graph("Database", "The file, and what of it is in use.", q("{{instance}} file", size), q("{{instance}} in use", inUse)).
			unit("bytes").runbooks("EtcdServerDatabaseFillingUp"),
		graph("Reclaimable by defragmentation", "Per member: each has a file of its own.", q("{{instance}}", size+"\n-\n"+inUse)).
			unit("bytes").runbooks("EtcdServerDatabaseFragmented"),
		graph("Keys", "In the keyspace of each member.", q("{{instance}}", nativeGauge(perInstance, "etcd_debugging_mvcc_keys_total"))).
			unit("short").runbooks("EtcdServerKeysGrowth"),
	}
}

func nativeNetwork() []*panel {
	peers := func(metric string) string {
		return most("sum", perInstance, nativeRate("cluster, job, instance, To, From", metric))
	}
	return []*panel{
		graph("Clients", "Bytes per second that went out, and (below zero) came in.",
			q("{{instance}} out", nativeRate(perInstance, "etcd_network_client_grpc_sent_bytes_total")),
			q("{{instance}} in", "-"+nativeRate(perInstance, "etcd_network_client_grpc_received_bytes_total"))).unit("binBps"),
		graph("Peers", "Bytes per second that went out to peers, and (below zero) came in.",
			q("{{instance}} out", peers("etcd_network_peer_sent_bytes_total")),
			q("{{instance}} in", "-"+peers("etcd_network_peer_received_bytes_total"))).unit("binBps").empty("A cluster of one has no peers"),
		graph("Peer round trips, p99", "From each member to each peer, by its ID. Dashed: 0.15 s.",
			q("{{instance}} to {{To}}", nativeQuantile("0.99", "cluster, job, instance, To", "etcd_network_peer_round_trip_time_seconds"))).
			unit("s").logarithmic().fixedLimits(0.15).runbooks("EtcdServerPeerRoundTripSlow").empty("A cluster of one has no peers"),
	}
}

func nativeProcess() []*panel {
	net := most("max", perInstance, instances("etcd_debugging_lease_granted_total")) + "\n-\n" + most("max", perInstance, instances("etcd_debugging_lease_revoked_total"))
	return []*panel{
		graph("CPU", "Cores in use.", q("{{instance}}", nativeRate(perInstance, "process_cpu_seconds_total"))).unit("short").runbooks("EtcdServerCPUHigh"),
		graph("Memory", "Resident.", q("{{instance}}", nativeGauge(perInstance, "process_resident_memory_bytes"))).unit("bytes"),
		graph("File descriptors, of the limit", "At 100 % connections are refused and files cannot be opened. Dashed: 80 %.",
			q("{{instance}}", nativeGauge(perInstance, "process_open_fds")+"\n/\n"+nativeGauge(perInstance, "process_max_fds"))).
			unit("percentunit").fixedLimits(0.8).runbooks("EtcdServerFileDescriptorsNearLimit"),
		graph("Watchers", "And the streams that carry them.",
			q("{{instance}} watchers", nativeGauge(perInstance, "etcd_debugging_mvcc_watcher_total")),
			q("{{instance}} streams", nativeGauge(perInstance, "etcd_debugging_mvcc_watch_stream_total"))).
			unit("short").runbooks("EtcdServerWatcherExplosion"),
		graph("Slow watchers and pending events", "Watchers that are being caught up, and events that wait for one.",
			q("{{instance}} watchers", nativeGauge(perInstance, "etcd_debugging_mvcc_slow_watcher_total")),
			q("{{instance}} events", nativeGauge(perInstance, "etcd_debugging_mvcc_pending_events_total"))).
			unit("short").runbooks("EtcdServerSlowWatchers"),
		graph("Leases, net", "Granted less revoked and expired, since the process started; below zero if it began with more.", q("{{instance}}", net)).
			unit("short").runbooks("EtcdServerLeaseExplosion"),
	}
}
