package main

func raft() []*panel {
	c, m := clusters, members
	return []*panel{
		graph("Leader changes in the last hour", "Observed changes of the confirmed leader or its term. Dashed: the limit that alerts compare with.",
			q("{{cluster}}", c.lastHour(perCluster, "etcd_monitor_cluster_leader_changes_total"))).
			unit("short").decimals(1).limits("max_leader_changes_per_hour").runbooks("EtcdLeaderFlapping"),
		graph("Entries committed", "Raft entries per second, as each member learns of them: writes, and little else. A member that catches up shows a peak.",
			q("{{cluster}} {{member}}", m.rate(perMember, "etcd_monitor_member_raft_index"))).unit("cps"),
		graph("Raft lag", "What a member has yet to apply, against the largest index that any member knows. At 5000 a member refuses proposals.",
			q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_raft_lag_entries"))).unit("short").runbooks("EtcdApplyLag", "EtcdRevisionLag"),
		graph("Pending proposals", "Clients that wait for a proposal, per member. Digest. Dashed: the limit that alerts compare with.",
			q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_proposals_pending"))).
			unit("short").limits("max_pending_proposals").runbooks("EtcdProposalsPending").empty(noDigest),
		graph("Failed proposals", "Per second. Without a leader all of them fail. Digest.",
			q("{{cluster}} {{member}}", m.rate(perMember, "etcd_monitor_member_proposals_failed_total"))).
			unit("cps").runbooks("EtcdProposalsFailing").empty(noDigest),
		graph("Slow applies, reads and heartbeats", "Per second, all members together: applies over 100 ms, confirmed reads that waited for the leader, heartbeats that a busy leader sent late. Digest.",
			q("{{cluster}} applies", most("sum", perCluster, m.rate(perMember, "etcd_monitor_member_slow_applies_total"))),
			q("{{cluster}} reads", most("sum", perCluster, m.rate(perMember, "etcd_monitor_member_slow_reads_total"))),
			q("{{cluster}} heartbeats", most("sum", perCluster, m.rate(perMember, "etcd_monitor_member_heartbeat_send_failures_total")))).
			unit("cps").runbooks("EtcdSlowApplies").empty(noDigest),
	}
}

// noDigest is why what the members tell of themselves may be missing.
const noDigest = "No digest: see etcd / Native if Prometheus scrapes the members"

func database() []*panel {
	c, m := clusters, members
	size, inUse := m.gauge(perMember, "etcd_monitor_member_db_size_bytes"), m.gauge(perMember, "etcd_monitor_member_db_in_use_bytes")
	kept := most("max", perCluster, c.of("etcd_monitor_member_revision")) + "\n-\n" + most("min", perCluster, c.of("etcd_monitor_member_compact_revision"))
	toQuota := most("min", perCluster, c.of("etcd_monitor_member_db_seconds_to_quota"))
	return []*panel{
		graph("Of its quota", "The database file, which NOSPACE goes by. At 100 % etcd refuses writes. Dashed: the limits that alerts compare with.",
			q("{{cluster}} {{member}}", m.quotaShare())).unit("percentunit").
			limits("db_quota_ratio_warning", "db_quota_ratio_critical").runbooks("EtcdDatabaseNearQuota", "EtcdAlarmActive"),
		graph("Size and what of it is in use", "File and data, the largest member's. The distance between the two is free for new data, and what a defragmentation gives back.",
			q("{{cluster}} file", most("max", perCluster, size)), q("{{cluster}} in use", most("max", perCluster, inUse))).
			unit("bytes").runbooks("EtcdDatabaseFragmented"),
		graph("Growth of the data", "Of the part in use, the median slope over what etcd-monitor remembers, restarted by a defragmentation.",
			q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_db_in_use_growth_bytes_per_second"))).
			unit("binBps").runbooks("EtcdDatabaseFillingUp").empty("Less than a minute of history"),
		stat("Time to quota", "Until the fullest member reaches its quota, if it goes on growing like that.",
			now("{{cluster}}", toQuota+" < +Inf")).unit("dtdurations").colors("red", 3600, "orange", 86400, "green").
			empty("does not grow").runbooks("EtcdDatabaseFillingUp").size(8, 8),
		graph("Reclaimable by defragmentation", "Per member: each has a file of its own.", q("{{cluster}} {{member}}", size+"\n-\n"+inUse)).
			unit("bytes").runbooks("EtcdDatabaseFragmented"),
		graph("Revisions kept", "Between the last compaction and now. A line that only climbs is a compaction that has stopped. Digest.",
			q("{{cluster}}", kept)).unit("short").runbooks("EtcdCompactionStalled").empty(noDigest),
	}
}

func diskAndPeers() []*panel {
	m := members
	return []*panel{
		graph("WAL fsync, p99", "What raft waits for before it answers. Healthy: below 10 ms. Digest. Dashed: the limits that alerts compare with.",
			q("{{cluster}} {{member}}", m.quantile("0.99", perMember, "etcd_monitor_member_wal_fsync_duration_seconds"))).unit("s").logarithmic().
			limits("wal_fsync_p99_seconds_warning", "wal_fsync_p99_seconds_critical").runbooks("EtcdWALFsyncSlow").empty(noDigest),
		graph("Backend commit, p99", "How long the backend takes to write a batch. Healthy: below 25 ms. Digest. Dashed: the limit that alerts compare with.",
			q("{{cluster}} {{member}}", m.quantile("0.99", perMember, "etcd_monitor_member_backend_commit_duration_seconds"))).unit("s").logarithmic().
			limits("backend_commit_p99_seconds").runbooks("EtcdBackendCommitSlow").empty(noDigest),
		graph("Peer round trips, p99", "From each member to each peer. One line above the others is a link, several from one member are the member. Digest.",
			q("{{cluster}} {{member}} to {{peer}}", m.quantile("0.99", "cluster, member, peer", "etcd_monitor_member_peer_round_trip_duration_seconds"))).
			unit("s").logarithmic().runbooks("EtcdPeerRoundTripSlow").empty(noDigest),
	}
}

func clients() []*panel {
	m := members
	return []*panel{
		graph("Requests", "Per second and method, over the members chosen. Digest.", q("{{cluster}} {{method}}", m.requests("cluster, method", unary)+" > 0")).
			unit("reqps").valued().empty(noDigest),
		graph("Requests that failed", "By etcd's own fault, of all but streams. Digest. Dashed: the limit that alerts compare with.",
			q("{{cluster}}", m.errorRatio(perCluster))).unit("percentunit").
			limits("max_error_ratio").runbooks("EtcdGRPCErrorBudgetBurn", "EtcdGRPCErrorsSlowBurn").empty(noDigest),
		graph("Slow watchers and pending events", "Watchers that are being caught up, and events that wait for one, of all members together. Digest.",
			q("{{cluster}} watchers", most("sum", perCluster, m.gauge(perMember, "etcd_monitor_member_slow_watchers"))),
			q("{{cluster}} events", most("sum", perCluster, m.gauge(perMember, "etcd_monitor_member_pending_events")))).
			unit("short").runbooks("EtcdSlowWatchers").empty(noDigest),
	}
}
