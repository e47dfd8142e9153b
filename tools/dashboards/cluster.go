package main

// cluster is what stays open during an incident: is it alive, who leads, which
// member is the matter, and is it the disk, the network or the load.
func cluster() *dashboard {
	d := newDashboard("cluster", "etcd / Cluster", "One cluster, or several: is it alive, who leads, which member is the matter, and is it the disk, the network or the load.")
	d.choose("cluster", "Cluster", "label_values(etcd_monitor_cluster_up, cluster)", ".+")
	d.choose("member", "Member", `label_values(etcd_monitor_member_configured{cluster=~"$cluster"}, member)`, ".+")
	d.marks(leaderChanged, membershipChanged, defragmented)
	d.row("Is it alive?", append(vitals(), memberStates(), memberTable(), unreachable(), firing(12, 6))...)
	d.row("How fast does it answer?", latencies()...)
	d.row("Does raft keep up?", raft()...)
	d.row("Does the database fit?", database()...)
	d.row("Is it the disk or the network?", diskAndPeers()...)
	d.row("What do clients ask of it?", clients()...)
	d.row("What expires next, and is this fresh?", certificates(12), rounds(12))
	return d
}

func vitals() []*panel {
	c := clusters
	return []*panel{
		stat("Quorum", "Whether a quorum confirms a linearizable read, as seen from etcd-monitor.", now("{{cluster}}", quorum())).
			words(quorumWords).runbooks("EtcdQuorumLost"),
		stat("Leader", "The member that says it leads and serves a read that a quorum confirms.", now("{{cluster}} {{member}}", leader())).
			names().empty("no confirmed leader").colors("blue"),
		stat("Leads since", "When the present leadership was first observed.",
			now("{{cluster}}", c.gauge(perCluster, "etcd_monitor_cluster_leader_since_timestamp_seconds")+" * 1000")).
			unit("dateTimeFromNow").colors("blue").empty("longer than it is watched"),
		stat("Can still lose", "Voting members that confirm reads, less the quorum. At 0 the next failure is an outage.",
			now("{{cluster}}", c.gauge(perCluster, "etcd_monitor_cluster_failure_tolerance"))).
			colors("red", 0, "orange", 1, "green").runbooks("EtcdNoFaultTolerance"),
		stat("Voters", "Voting members that confirm reads, and how many there are. Learners do not count.",
			now("confirm", "sum("+c.gauge(perCluster, "etcd_monitor_cluster_voters_confirmed")+")"),
			now("of", "sum("+c.gauge(perCluster, "etcd_monitor_cluster_voters")+")")).colors("blue"),
		stat("etcd alarms", "NOSPACE and CORRUPT. With either, writes are refused.", now("{{cluster}}", c.alarms(perCluster))).
			colors("green", 1, "red").runbooks("EtcdAlarmActive"),
		stat("Split brain", "Whether the cluster is two: its endpoints have several cluster IDs, or two leaderships were confirmed, twice.",
			now("{{cluster}}", c.gauge(perCluster, "etcd_monitor_cluster_split_brain"))).words(says(0, "no", "green", 1, "YES", "red")).runbooks("EtcdSplitBrain", "EtcdClusterIDMismatch"),
		stat("Why unknown", "Why it cannot be told whether there is a quorum. docs/metrics.md explains the reasons.",
			now("{{reason}}", most("count", "reason", c.gauge("cluster, reason", "etcd_monitor_cluster_quorum_unknown")))).
			names().colors("orange").empty("it is known"),
	}
}

func memberStates() *panel {
	open := to("This member", "etcd-monitor-member", "cluster", "member")
	return timeline("Members", "What each member was, as confirmed by reads. A click leads to the member's dashboard.", q("{{cluster}} {{member}}", state())).
		words(stateWords).linked(open).runbooks("EtcdMemberDown", "EtcdNetworkPartition").size(24, 7)
}

func memberTable() *panel {
	m := members
	open := to("This member", "etcd-monitor-member", "cluster", "member").row()
	reason := "topk by (cluster, member) (1, " + m.gauge("cluster, member, reason", "etcd_monitor_member_unreachable") + ")"
	return table("Members now", "What each member says of itself, and why one does not answer. A name leads to the member's dashboard.",
		[]column{{title: "Cluster", label: "cluster", width: 150}, {title: "Member", label: "member", link: &open}},
		column{title: "State", query: state(), words: stateWords, width: 160},
		column{title: "Reason", query: reason, label: "reason", width: 160},
		column{title: "Partition", query: m.gauge(perMember, "etcd_monitor_member_partition_suspected"), words: says(0, "no", "text", 1, "suspected", "red"), width: 90},
		column{title: "Version", query: m.gauge("cluster, member, version", "etcd_monitor_member_info", `version!=""`), label: "version", width: 90},
		column{title: "Answered in", query: m.gauge(perMember, "etcd_monitor_member_rtt_seconds"), unit: "s", width: 100},
		column{title: "Database", query: m.gauge(perMember, "etcd_monitor_member_db_size_bytes"), unit: "bytes", width: 100},
		column{title: "Of its quota", query: m.quotaShare(), unit: "percentunit", steps: steps("green", 0.8, "orange", 0.95, "red"), width: 100},
		column{title: "Raft lag", query: m.gauge(perMember, "etcd_monitor_member_raft_lag_entries"), whole: true, width: 110},
		column{title: "Alarms", query: m.alarms(perMember), steps: steps("green", 1, "red"), width: 75},
		column{title: "Started", query: m.gauge(perMember, "etcd_monitor_member_start_time_seconds") + " * 1000", unit: "dateTimeFromNow", width: 140},
	).size(24, 7).sorted("Member", false)
}

func unreachable() *panel {
	return table("Endpoints that do not answer", "Each endpoint that gave no Status in the last scrape, and why. docs/metrics.md explains the reasons.",
		[]column{
			{title: "Cluster", label: "cluster", width: 150},
			{title: "Member", label: "member", width: 150},
			{title: "Endpoint", label: "endpoint"},
			{title: "Reason", label: "reason", width: 180},
		},
		column{query: clusters.gauge("cluster, member, endpoint, reason", "etcd_monitor_member_unreachable")},
	).size(12, 6).empty("Every endpoint answers").sorted("Member", false)
}

func latencies() []*panel {
	m := members
	heat := most("sum", "le", "increase("+m.of("etcd_monitor_probe_duration_seconds_bucket", `op="read_linearizable"`)+"[$__rate_interval])")
	native := "sum(increase(" + m.of("etcd_monitor_probe_duration_seconds", `op="read_linearizable"`) + "[$__rate_interval]))"
	perOp := func(title, description, op string) *panel {
		return graph(title, description,
			q("{{cluster}} p50", m.probeQuantile("0.5", perCluster, op)),
			q("{{cluster}} p95", m.probeQuantile("0.95", perCluster, op)),
			q("{{cluster}} p99", m.probeQuantile("0.99", perCluster, op))).
			unit("s").logarithmic().limits("max_latency_seconds").runbooks("EtcdProbeLatencyHigh")
	}
	failed := most("sum", "cluster, op, reason", m.rate("cluster, member, op, reason", "etcd_monitor_probe_errors_total"))
	return []*panel{
		perOp("Linearizable reads", "Probes that a quorum confirms, through all members chosen: what a client with default settings waits for. Dashed: the limit that alerts compare with.", "read_linearizable"),
		perOp("Serializable reads", "Serializable probes, which a member answers alone: its own speed, without disk and peers.", "read_serializable"),
		perOp("Writes", "Probes that write one small key: two disks and a round trip.", "write").
			empty("Not probed: --probe.write switches it on"),
		heatmap("Linearizable reads, all of them", "How many probes took how long. Two bands are two populations, such as a member far away.",
			q("{{le}}", heat), q("", native)),
		graph("Linearizable reads by member, p99", "Whether it is one member or all.", q("{{cluster}} {{member}}", m.probeQuantile("0.99", perMember, "read_linearizable"))).
			unit("s").logarithmic().limits("max_latency_seconds").runbooks("EtcdProbeLatencyHigh").size(12, 8),
		graph("Probes that failed", "Per second, by reason. They are no latency samples.", q("{{cluster}} {{op}}: {{reason}}", failed)).
			unit("reqps").empty("No probe has failed").size(24, 6),
	}
}
