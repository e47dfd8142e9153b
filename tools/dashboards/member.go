package main

// member is for the one that is the matter: what it uses (utilization,
// saturation, errors) and what is asked of it (rate, errors, duration).
func member() *dashboard {
	d := newDashboard("member", "etcd / Member", "One member, or several side by side: what it uses, what is asked of it, and what it holds for clients.")
	d.choose("cluster", "Cluster", "label_values(etcd_monitor_cluster_up, cluster)", ".+")
	d.choose("member", "Member", `label_values(etcd_monitor_member_configured{cluster=~"$cluster"}, member)`, ".+")
	d.marks(leaderChanged, membershipChanged, defragmented)
	d.row("What is it doing?", append([]*panel{memberStates()}, memberNow()...)...)
	d.row("What does it use?", uses()...)
	d.row("What is asked of it?", asked()...)
	d.row("What does it hold for clients?", holds()...)
	return d
}

func memberNow() []*panel {
	m := members
	return []*panel{
		stat("Version", "Of the server, as the members say.", now("{{version}}", most("count", "version", m.gauge("cluster, member, version", "etcd_monitor_member_info", `version!=""`)))).
			names().colors("blue").empty("does not answer").size(4, 4),
		stat("Started", "When its process started. Digest.", now("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_start_time_seconds")+" * 1000")).
			unit("dateTimeFromNow").colors("blue").empty(noDigest).size(4, 4),
		stat("Answers in", "How long its answer to Status took in the last scrape.", now("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_rtt_seconds"))).
			unit("s").colors("blue").empty("does not answer").size(4, 4),
		stat("Raft lag", "What it has yet to apply. At 5000 it refuses proposals.", now("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_raft_lag_entries"))).
			colors("green", 1000, "orange", 5000, "red").runbooks("EtcdApplyLag", "EtcdRevisionLag").empty("does not answer").size(4, 4),
		stat("Reached as it advertises", "Whether it answers at the client URL that it tells clients, looked at every five minutes.",
			now("{{cluster}} {{member}}", most("min", perMember, m.of("etcd_monitor_member_advertised_reachable")))).
			words(says(1, "yes", "green", 0, "NO", "orange")).empty("not looked at yet").size(4, 4),
		stat("Digest from", "When its own metrics were read, which all panels marked Digest show.",
			now("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_digest_timestamp_seconds")+" * 1000")).
			unit("dateTimeFromNow").colors("blue").empty(noDigest).size(4, 4),
	}
}

func uses() []*panel {
	m := members
	return []*panel{
		ofItsLimits(),
		graph("CPU", "Cores in use. Digest.", q("{{cluster}} {{member}}", m.rate(perMember, "etcd_monitor_member_cpu_seconds_total"))).
			unit("short").runbooks("EtcdCPUHigh").empty(noDigest),
		graph("Memory", "Resident. Digest.", q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_resident_memory_bytes"))).
			unit("bytes").runbooks("EtcdMemoryHigh").empty(noDigest),
		graph("WAL fsync, p99", "What raft waits for before it answers. Healthy: below 10 ms. Digest. Dashed: the limits that alerts compare with.",
			q("{{cluster}} {{member}}", m.quantile("0.99", perMember, "etcd_monitor_member_wal_fsync_duration_seconds"))).unit("s").logarithmic().
			limits("wal_fsync_p99_seconds_warning", "wal_fsync_p99_seconds_critical").runbooks("EtcdWALFsyncSlow").empty(noDigest),
		graph("Backend commit, p99", "How long the backend takes to write a batch. Healthy: below 25 ms. Digest. Dashed: the limit that alerts compare with.",
			q("{{cluster}} {{member}}", m.quantile("0.99", perMember, "etcd_monitor_member_backend_commit_duration_seconds"))).unit("s").logarithmic().
			limits("backend_commit_p99_seconds").runbooks("EtcdBackendCommitSlow").empty(noDigest),
		graph("Network", "Received (below zero) and sent, in the member's network namespace. etcd 3.6 and later. Digest.",
			q("{{cluster}} {{member}} sent", m.rate(perMember, "etcd_monitor_member_network_transmit_bytes_total")),
			q("{{cluster}} {{member}} received", "-"+m.rate(perMember, "etcd_monitor_member_network_receive_bytes_total"))).
			unit("binBps").empty("Told by etcd 3.6 and later, with the digest"),
		graph("Peer round trips, p99", "From the member to each of its peers. Digest.",
			q("{{cluster}} {{member}} to {{peer}}", m.quantile("0.99", "cluster, member, peer", "etcd_monitor_member_peer_round_trip_duration_seconds"))).
			unit("s").logarithmic().runbooks("EtcdPeerRoundTripSlow").empty(noDigest),
		graph("Slow applies, reads and heartbeats", "Per second: applies over 100 ms, confirmed reads that waited for the leader, heartbeats that a busy leader sent late. Digest.",
			q("{{cluster}} {{member}} applies", m.rate(perMember, "etcd_monitor_member_slow_applies_total")),
			q("{{cluster}} {{member}} reads", m.rate(perMember, "etcd_monitor_member_slow_reads_total")),
			q("{{cluster}} {{member}} heartbeats", m.rate(perMember, "etcd_monitor_member_heartbeat_send_failures_total"))).
			unit("cps").runbooks("EtcdSlowApplies").empty(noDigest),
	}
}

// ofItsLimits is how near a member is to what stops it or alerts: lines in units
// would lie flat far below most limits.
func ofItsLimits() *panel {
	m := members
	of := func(legend, metric, name string) target {
		return now("{{cluster}} {{member}} "+legend, m.gauge(perMember, metric)+"\n/ on (cluster) group_left ()\n"+
			clusters.gauge(perCluster, "etcd_monitor_threshold", `name="`+name+`"`))
	}
	return bars("Of its limits", "Share of what stops the member or alerts: the quota of its database, file descriptors, and the limits that are configured for memory, watchers and proposals that wait.",
		now("{{cluster}} {{member}} database", m.quotaShare()),
		now("{{cluster}} {{member}} descriptors", m.gauge(perMember, "etcd_monitor_member_open_fds")+"\n/\n"+m.gauge(perMember, "etcd_monitor_member_max_fds")),
		of("memory", "etcd_monitor_member_resident_memory_bytes", "memory_bytes"),
		of("watchers", "etcd_monitor_member_watchers", "watchers"),
		of("proposals", "etcd_monitor_member_proposals_pending", "max_pending_proposals")).
		unit("percentunit").between(0, 1).colors("green", 0.8, "orange", 0.95, "red").size(8, 8).empty(noDigest).
		runbooks("EtcdDatabaseNearQuota", "EtcdFileDescriptorsNearLimit", "EtcdMemoryHigh", "EtcdWatcherExplosion", "EtcdProposalsPending")
}

func asked() []*panel {
	m := members
	return []*panel{
		graph("Requests", "Per second and method. Digest.", q("{{cluster}} {{member}} {{method}}", m.requests("cluster, member, method", unary)+" > 0")).
			unit("reqps").valued().empty(noDigest),
		graph("Requests that failed", "By etcd's own fault, of all but streams. Digest. Dashed: the limit that alerts compare with.",
			q("{{cluster}} {{member}}", m.errorRatio(perMember))).unit("percentunit").
			limits("max_error_ratio").runbooks("EtcdGRPCErrorBudgetBurn", "EtcdGRPCErrorsSlowBurn").empty(noDigest),
		graph("What failed", "Per second, method and code, with the client's faults. Streams that a client ends count as Canceled. Digest.",
			q("{{cluster}} {{member}} {{method}}: {{code}}", m.requests("cluster, member, method, code", `code!="OK"`)+" > 0")).
			unit("reqps").empty("Nothing failed, or no digest"),
		graph("Linearizable reads", "Probes through the member that a quorum confirms.",
			q("{{cluster}} {{member}} p50", m.probeQuantile("0.5", perMember, "read_linearizable")),
			q("{{cluster}} {{member}} p95", m.probeQuantile("0.95", perMember, "read_linearizable")),
			q("{{cluster}} {{member}} p99", m.probeQuantile("0.99", perMember, "read_linearizable"))).
			unit("s").logarithmic().limits("max_latency_seconds").runbooks("EtcdProbeLatencyHigh"),
		graph("Serializable reads", "Probes that the member answers alone: its own speed, without disk and peers.",
			q("{{cluster}} {{member}} p50", m.probeQuantile("0.5", perMember, "read_serializable")),
			q("{{cluster}} {{member}} p95", m.probeQuantile("0.95", perMember, "read_serializable")),
			q("{{cluster}} {{member}} p99", m.probeQuantile("0.99", perMember, "read_serializable"))).
			unit("s").logarithmic().limits("max_latency_seconds").runbooks("EtcdProbeLatencyHigh"),
		graph("Proposals", "Per second: what it commits, and what fails through it. Digest.",
			q("{{cluster}} {{member}} committed", m.rate(perMember, "etcd_monitor_member_proposals_committed")),
			q("{{cluster}} {{member}} failed", m.rate(perMember, "etcd_monitor_member_proposals_failed_total"))).
			unit("cps").runbooks("EtcdProposalsFailing").empty(noDigest),
	}
}

func holds() []*panel {
	m := members
	leases := m.gauge(perMember, "etcd_monitor_member_leases_granted_total") + "\n-\n" + m.gauge(perMember, "etcd_monitor_member_leases_revoked_total")
	return []*panel{
		graph("Watchers", "And the streams that carry them. Digest.",
			q("{{cluster}} {{member}} watchers", m.gauge(perMember, "etcd_monitor_member_watchers")),
			q("{{cluster}} {{member}} streams", m.gauge(perMember, "etcd_monitor_member_watch_streams"))).
			unit("short").runbooks("EtcdWatcherExplosion").empty(noDigest),
		graph("Slow watchers and pending events", "Watchers that are being caught up, and events that wait for one. Digest.",
			q("{{cluster}} {{member}} watchers", m.gauge(perMember, "etcd_monitor_member_slow_watchers")),
			q("{{cluster}} {{member}} events", m.gauge(perMember, "etcd_monitor_member_pending_events"))).
			unit("short").runbooks("EtcdSlowWatchers").empty(noDigest),
		graph("Streams", "Open watch and lease streams. etcd does not tell its connections; this is nearest. Digest.",
			q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_active_streams"))).unit("short").empty(noDigest),
		graph("Keys", "In the member's keyspace. Digest.", q("{{cluster}} {{member}}", m.gauge(perMember, "etcd_monitor_member_keys"))).
			unit("short").empty(noDigest),
		graph("Leases, net", "Granted less revoked and expired since the process started; below zero if it began with more. Clients that never reuse one let it climb. Digest.",
			q("{{cluster}} {{member}}", leases)).unit("short").runbooks("EtcdLeaseExplosion").empty(noDigest),
		graph("Database", "The file, and what of it is in use.",
			q("{{cluster}} {{member}} file", m.gauge(perMember, "etcd_monitor_member_db_size_bytes")),
			q("{{cluster}} {{member}} in use", m.gauge(perMember, "etcd_monitor_member_db_in_use_bytes"))).
			unit("bytes").runbooks("EtcdDatabaseFragmented"),
	}
}
