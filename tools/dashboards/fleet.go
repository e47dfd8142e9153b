package main

// fleet is what to look at first: which of many clusters needs somebody.
func fleet() *dashboard {
	d := newDashboard("fleet", "etcd / Fleet", "All clusters that etcd-monitor watches, and which of them needs somebody. Each row leads to the cluster's own dashboard.")
	d.choose("cluster", "Cluster", "label_values(etcd_monitor_cluster_up, cluster)", ".+")
	d.marks(leaderChanged, membershipChanged)
	d.row("Does any cluster need somebody?", append(fleetCounts(), fleetTable(), firing(24, 6))...)
	d.row("Since when, and where is it going?", fleetLines()...)
	d.row("What expires next, and is the monitor itself well?", certificates(12), rounds(12))
	return d
}

func fleetCounts() []*panel {
	c := clusters
	return []*panel{
		stat("Clusters", "Clusters that are configured in an etcd-monitor that Prometheus scrapes.",
			now("clusters", "count("+c.gauge(perCluster, "etcd_monitor_cluster_up")+")")).colors("blue"),
		stat("Not answering", "Clusters of which no member answers: they are down, or the way to them is cut.",
			now("not answering", count(c.gauge(perCluster, "etcd_monitor_cluster_up")+" == 0"))).
			colors("green", 1, "red").runbooks("EtcdClusterUnreachable"),
		stat("Quorum lost", "Clusters through which no confirmed read is served: writes fail.",
			now("quorum lost", count(c.gauge(perCluster, "etcd_monitor_cluster_has_quorum")+" == 0"))).
			colors("green", 1, "red").runbooks("EtcdQuorumLost"),
		stat("Quorum unknown", "Clusters of which it cannot be told whether they have a quorum. Their own dashboard says why.",
			now("quorum unknown", count(c.gauge(perCluster, "etcd_monitor_cluster_quorum_unknown")+
				" unless on (cluster) "+c.gauge(perCluster, "etcd_monitor_cluster_has_quorum")))).
			colors("green", 1, "orange"),
		stat("No tolerance", "Clusters of three or more voters in which the next failure is an outage.",
			now("no tolerance", count(c.gauge(perCluster, "etcd_monitor_cluster_failure_tolerance")+" <= 0 and on (cluster) "+
				c.gauge(perCluster, "etcd_monitor_cluster_voters")+" >= 3"))).
			colors("green", 1, "orange").runbooks("EtcdNoFaultTolerance"),
		stat("Members down", "Members that do not answer.",
			now("members down", count(c.gauge(perMember, "etcd_monitor_member_up")+" == 0"))).
			colors("green", 1, "orange").runbooks("EtcdMemberDown"),
		stat("etcd alarms", "Alarms raised inside etcd, NOSPACE and CORRUPT. With either, writes are refused.",
			now("alarms", count(c.gauge("cluster, member, alarm", "etcd_monitor_member_alarm_active")+" == 1"))).
			colors("green", 1, "red").runbooks("EtcdAlarmActive"),
		stat("Firing alerts", "Alerts of the shipped rules that fire.", now("firing", count(everywhere.alerts()))).colors("green", 1, "orange"),
	}
}

func fleetTable() *panel {
	c := clusters
	open := to("What is the matter", "etcd-monitor-cluster", "cluster").row()
	key := []column{{title: "Cluster", label: "cluster", link: &open}}
	latency := `histogram_quantile(0.99, sum by (cluster, member, le) (rate(` + c.of("etcd_monitor_probe_duration_seconds_bucket", `op="read_linearizable"`) + "[$__rate_interval])))"
	ends := most("min", perCluster, c.of("etcd_monitor_certificate_not_after_timestamp_seconds")) + " - time()"
	return table("Clusters",
		"A row per cluster; its name leads to its dashboard. Latency is that of the slowest member, the share of the quota that of the fullest. Time to quota is empty while nothing grows.",
		key,
		column{title: "Answers", query: c.gauge(perCluster, "etcd_monitor_cluster_up"), words: upWords, width: 80},
		column{title: "Quorum", query: quorum(), words: quorumWords, width: 85},
		column{title: "Leader", query: "topk by (cluster) (1, " + leader() + ")", label: "member"},
		column{title: "Can still lose", query: c.gauge(perCluster, "etcd_monitor_cluster_failure_tolerance"), steps: steps("red", 0, "orange", 1, "green"), width: 100},
		column{title: "Voters up", query: c.gauge(perCluster, "etcd_monitor_cluster_voters_up"), width: 85},
		column{title: "of", query: c.gauge(perCluster, "etcd_monitor_cluster_voters"), width: 45},
		column{title: "Alarms", query: c.alarms(perCluster), steps: steps("green", 1, "red"), width: 75},
		column{title: "p99 read", query: most("max", perCluster, latency), unit: "s", width: 90},
		column{title: "Of its quota", query: most("max", perCluster, c.quotaShare()), unit: "percentunit", steps: steps("green", 0.8, "orange", 0.95, "red"), width: 100},
		column{title: "Time to quota", query: most("min", perCluster, c.of("etcd_monitor_member_db_seconds_to_quota")) + " < +Inf", unit: "dtdurations", width: 120},
		column{title: "Leader changes, 1h", query: c.lastHour(perCluster, "etcd_monitor_cluster_leader_changes_total"), whole: true, width: 140},
		column{title: "Certificate ends in", query: ends, unit: "dtdurations", steps: steps("red", 604800, "orange", 2592000, "green"), width: 140},
		column{title: "Alerts", query: most("count", perCluster, c.alerts()) + " and on (cluster) " + c.gauge(perCluster, "etcd_monitor_cluster_up"), steps: steps("green", 1, "orange"), width: 70},
	).size(24, 8).sorted("Can still lose", false)
}

func fleetLines() []*panel {
	c := clusters
	slowest := most("max", perCluster, c.probeQuantile("0.99", perMember, "read_linearizable"))
	return []*panel{
		timeline("Quorum", "Whether a quorum confirms reads, per cluster. Unknown: it cannot be told from here; the cluster's dashboard says why.",
			q("{{cluster}}", quorum())).words(quorumWords).runbooks("EtcdQuorumLost"),
		graph("Members that it can still lose", "Voting members that confirm reads, less the quorum. At 0 the next failure is an outage, below it is here.",
			q("{{cluster}}", c.gauge(perCluster, "etcd_monitor_cluster_failure_tolerance"))).unit("short").
			custom("lineInterpolation", "stepAfter").runbooks("EtcdNoFaultTolerance"),
		graph("Slowest linearizable read, p99", "Of the probes through the slowest member of each cluster. Dashed: the limit that alerts compare with, the strictest of the clusters.",
			q("{{cluster}}", slowest)).unit("s").logarithmic().limits("max_latency_seconds").runbooks("EtcdProbeLatencyHigh"),
		graph("Fullest database, of its quota", "At 100 % etcd raises NOSPACE and refuses writes. Dashed: the limits that alerts compare with.",
			q("{{cluster}}", most("max", perCluster, c.quotaShare()))).unit("percentunit").
			limits("db_quota_ratio_warning", "db_quota_ratio_critical").runbooks("EtcdDatabaseNearQuota"),
	}
}

// firing lists the alerts that fire. It asks Prometheus, so that it needs no
// alerting in Grafana, and a click on a name opens its runbook.
func firing(width, height int) *panel {
	open := link{Title: "Runbook", Type: "link", URL: base + "${__data.fields.alertname}.md", Tags: []string{}, TargetBlank: true}
	return table("Firing alerts", "Alerts of the shipped rules. A click on one opens its runbook.",
		[]column{
			{title: "Severity", label: "severity", words: severityWords, width: 100},
			{title: "Alert", label: "alertname", link: &open},
			{title: "Cluster", label: "cluster"},
			{title: "Member", label: "member"},
		},
		column{query: everywhere.alerts()},
	).size(width, height).empty("Nothing fires (or the shipped rules are not loaded)").sorted("Severity", false)
}

// certificates are those that expire first.
func certificates(width int) *panel {
	ends := most("min", "cluster, endpoint, file, kind, subject", clusters.of("etcd_monitor_certificate_not_after_timestamp_seconds"))
	return table("Certificates that expire first", "As endpoints showed them in their last handshake, and as they are in etcd-monitor's own files.",
		[]column{
			{title: "Cluster", label: "cluster"},
			{title: "Endpoint", label: "endpoint"},
			{title: "File", label: "file"},
			{title: "Kind", label: "kind", width: 110},
			{title: "Subject", label: "subject"},
		},
		column{title: "Ends in", query: "bottomk(20, " + ends + " - time())", unit: "dtdurations", steps: steps("red", 604800, "orange", 2592000, "green"), width: 140},
	).size(width, 8).sorted("Ends in", false).empty("No certificates: the clusters are reached without TLS").runbooks("EtcdCertificateExpiring")
}

// rounds is whether what all this shows is fresh.
func rounds(width int) *panel {
	return graph("How long etcd-monitor's questions take", "The round of questions that each scrape shows. A member that hangs costs its deadline, up to five seconds.",
		q("{{cluster}}", clusters.gauge(perCluster, "etcd_monitor_scrape_duration_seconds"))).
		size(width, 8).unit("s").runbooks("EtcdMonitorScrapeSlow", "EtcdMonitorScrapeErrors")
}
