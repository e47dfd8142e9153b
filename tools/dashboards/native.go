package main

import (
	"fmt"
	"strings"
)

// native is for those whose Prometheus scrapes etcd itself and who run no
// exporter: nothing here needs etcd-monitor. Members are known by instance, and
// clusters by the label cluster if there is one and by job in any case.
func native() *dashboard {
	d := newDashboard("native", "etcd / Native", "From etcd's own metrics alone, scraped from the members or through etcd-monitor's /proxy. It knows what each member says of itself; what only a look from outside can tell is in the other dashboards.")
	d.choose("job", "Job", "label_values(etcd_server_has_leader, job)", "")
	// As in the native rules, whose annotations lead here: where there is no label
	// cluster, the job is the cluster. A selector cannot say that, so the list of
	// instances does.
	const named, unnamed = `last_over_time(etcd_server_has_leader{job=~"$job",cluster!=""}[$__range])`, `last_over_time(etcd_server_has_leader{job=~"$job",cluster=""}[$__range])`
	d.chooseFound("cluster", "Cluster", "group by (cluster) ("+named+` or label_replace(`+unnamed+`, "cluster", "$1", "job", "(.*)"))`)
	d.chooseFound("instance", "Instance", `group by (instance) (last_over_time(etcd_server_has_leader{job=~"$job",cluster=~"$cluster"}[$__range]) or last_over_time(etcd_server_has_leader{job=~"$job",job=~"$cluster",cluster=""}[$__range]))`)
	d.marks(annotation{
		Name: "Leader changes", IconColor: "purple", TagKeys: "cluster,job", TitleFormat: "New leader", TextFormat: "{{cluster}} {{job}}",
		Expr: most("max", perJob, "increase("+instances("etcd_server_leader_changes_seen_total")+"[$__rate_interval])") + " > 0",
	}, annotation{
		Name: "Defragmentations", IconColor: "orange", TagKeys: "instance", TitleFormat: "Defragmentation", TextFormat: "{{instance}}",
		Expr: nativeGauge(perInstance, "etcd_disk_defrag_inflight") + " > 0",
	})
	d.row("Is it alive?", nativeVitals()...)
	d.row("What is asked of it?", nativeRequests()...)
	d.row("Does raft keep up?", nativeRaft()...)
	d.row("Is it the disk, or does the database not fit?", nativeDisk()...)
	d.row("Is it the network?", nativeNetwork()...)
	d.row("What does the process use and hold?", nativeProcess()...)
	return d
}

const (
	perInstance = "cluster, job, instance"
	perJob      = "cluster, job"
)

// instances selects series of a metric. All of the variable instance is the list
// of what has etcd's metrics, so that up, process_* and grpc_* of others are out.
func instances(metric string, matchers ...string) string {
	all := append([]string{`job=~"$job"`, `cluster=~"$cluster|"`, `instance=~"$instance"`}, matchers...)
	return metric + "{" + strings.Join(all, ",") + "}"
}

func nativeGauge(by, metric string, matchers ...string) string {
	return most("max", by, instances(metric, matchers...))
}

func nativeRate(by, metric string, matchers ...string) string {
	return most("max", by, "rate("+instances(metric, matchers...)+"[$__rate_interval])")
}

func nativeQuantile(q, by, metric string, matchers ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, %s)", q, most("sum", by+", le", "rate("+instances(metric+"_bucket", matchers...)+"[$__rate_interval])"))
}

// quota leaves out members without one, which say -1.
func nativeQuotaShare() string {
	return nativeGauge(perInstance, "etcd_mvcc_db_total_size_in_bytes") + "\n/\n(" + nativeGauge(perInstance, "etcd_server_quota_backend_bytes") + " > 0)"
}

// unapplied is never below 0, which a scrape between the two numbers makes it.
func unapplied() string {
	return "clamp_min(\n" + nativeGauge(perInstance, "etcd_server_proposals_committed_total") + "\n-\n" +
		nativeGauge(perInstance, "etcd_server_proposals_applied_total") + "\n, 0)"
}

// nativeState is 1 for a member that sees a leader, 2 for one that leads and 4
// for a learner, in sum; -1 for a target that cannot be scraped.
func nativeState() string {
	has := nativeGauge(perInstance, "etcd_server_has_leader")
	return has + "\n+ 2 * " + nativeGauge(perInstance, "etcd_server_is_leader") +
		"\n+ 4 * " + nativeGauge(perInstance, "etcd_server_is_learner") +
		"\nor " + nativeGauge(perInstance, "up") + " * 0 - 1"
}

var nativeWords = says(-1, "not scraped", "red", 0, "no leader", "orange", 1, "follower", "green", 2, "leads alone", "orange",
	3, "leader", "blue", 4, "learner, no leader", "orange", 5, "learner", "purple")

func nativeVitals() []*panel {
	elections := most("max", perInstance, "increase("+instances("etcd_server_leader_changes_seen_total")+"[1h])")
	return []*panel{
		stat("Members scraped", "Targets that show etcd's metrics.", now("scraped", "count("+nativeGauge(perInstance, "etcd_server_has_leader")+")")).
			colors("blue").size(4, 4),
		stat("Targets down", "Members that cannot be scraped: down, or only the way to their metrics is.",
			now("down", "count("+nativeGauge(perInstance, "up")+" == 0)\nor\n0 * count("+nativeGauge(perInstance, "up")+")")).
			colors("green", 1, "red").size(4, 4),
		stat("See no leader", "Members that say there is no leader. All of them: the quorum is lost.",
			now("see none", "count("+nativeGauge(perInstance, "etcd_server_has_leader")+" == 0)\nor\n0 * count("+nativeGauge(perInstance, "etcd_server_has_leader")+")")).
			colors("green", 1, "red").runbooks("EtcdServerQuorumLost", "EtcdServerMemberNoLeader").size(4, 4),
		stat("Leader", "The member that says it leads. Two of one cluster for seconds are an election.",
			now("{{instance}}", nativeGauge(perInstance, "etcd_server_is_leader")+" == 1")).
			names().colors("blue").empty("no member leads").runbooks("EtcdServerMultipleLeaders").size(4, 4),
		stat("Elections, 1h", "Leader changes of the last hour, as the member saw them that saw most.",
			now("{{cluster}} {{job}}", most("max", perJob, elections))).decimals(0).colors("green", 3.5, "orange").
			runbooks("EtcdServerLeaderFlapping").size(4, 4),
		stat("etcd alarms", "NOSPACE and CORRUPT, as etcd 3.6 and later tells while it runs: after a restart it forgets to. etcd-monitor knows them on every version.",
			now("{{cluster}} {{job}} {{alarm_type}}", nativeGauge("cluster, job, alarm_type", "etcd_debugging_server_alarms")+" > bool 0")).
			words(says(0, "no", "green", 1, "RAISED", "red")).runbooks("EtcdServerAlarmActive").empty("none seen").size(4, 4),
		timeline("Members", "What each member says it is.", q("{{instance}}", nativeState())).words(nativeWords).size(24, 7).
			runbooks("EtcdServerMemberDown"),
		nativeTable(),
		nativeFiring(),
	}
}

func nativeTable() *panel {
	g := nativeGauge
	return table("Members now", "What each member says of itself.",
		[]column{{title: "Cluster", label: "cluster", width: 120}, {title: "Job", label: "job", width: 120}, {title: "Instance", label: "instance"}},
		column{title: "State", query: nativeState(), words: nativeWords, width: 150},
		column{title: "Version", query: g("cluster, job, instance, server_version", "etcd_server_version"), label: "server_version", width: 90},
		column{title: "Database", query: g(perInstance, "etcd_mvcc_db_total_size_in_bytes"), unit: "bytes", width: 100},
		column{title: "Of its quota", query: nativeQuotaShare(), unit: "percentunit", steps: steps("green", 0.8, "orange", 0.95, "red"), width: 100},
		column{title: "To apply", query: unapplied(), whole: true, width: 90},
		column{title: "Started", query: g(perInstance, "process_start_time_seconds") + " * 1000", unit: "dateTimeFromNow", width: 140},
	).size(14, 7).sorted("Instance", false)
}

func nativeFiring() *panel {
	open := link{Title: "Runbook", Type: "link", URL: base + "${__data.fields.alertname}.md", Tags: []string{}, TargetBlank: true}
	return table("Firing alerts", "Of the shipped rules that need only etcd's own metrics. A click on one opens its runbook.",
		[]column{
			{title: "Severity", label: "severity", words: severityWords, width: 100},
			{title: "Alert", label: "alertname", link: &open},
			{title: "Cluster", label: "cluster"},
			{title: "Instance", label: "instance"},
		},
		column{query: most("max", "severity, alertname, cluster, instance", `ALERTS{alertname=~"Etcd.*",origin="native",alertstate="firing",severity!="none",cluster=~"$cluster|"}`)},
	).size(10, 7).sorted("Severity", false).empty("Nothing fires (or the shipped rules are not loaded)")
}
