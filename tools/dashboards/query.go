package main

import (
	"fmt"
	"strings"
)

// scope is what a dashboard's variables select. Queries are built from it over
// etcd-monitor's own metrics, and take the labels that are kept; all others, such
// as instance, job and pod, are the scraper's and are aggregated away: two
// exporters that watch one cluster draw one line. Counters are rated before they
// are aggregated, or a reset would look like an increase.
type scope string

const (
	clusters scope = `cluster=~"$cluster"`
	members  scope = `cluster=~"$cluster",member=~"$member"`
)

// What is kept, usually.
const (
	perCluster = "cluster"
	perMember  = "cluster, member"
)

// of selects series of a metric.
func (s scope) of(metric string, matchers ...string) string {
	return metric + "{" + strings.Join(append([]string{string(s)}, matchers...), ",") + "}"
}

// gauge is the largest value that an exporter shows.
func (s scope) gauge(by, metric string, matchers ...string) string {
	return most("max", by, s.of(metric, matchers...))
}

// rate is per second.
func (s scope) rate(by, metric string, matchers ...string) string {
	return most("max", by, "rate("+s.of(metric, matchers...)+"[$__rate_interval])")
}

// lastHour is how much a counter grew, as limits per hour are meant.
func (s scope) lastHour(by, metric string, matchers ...string) string {
	return most("max", by, "increase("+s.of(metric, matchers...)+"[1h])")
}

// most aggregates: max, min, sum or count.
func most(how, by, query string) string { return fmt.Sprintf("%s by (%s) (%s)", how, by, query) }

// quantile is one of a histogram in classic buckets.
func (s scope) quantile(q, by, metric string, matchers ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, %s)", q, most("sum", by+", le", "rate("+s.of(metric+"_bucket", matchers...)+"[$__rate_interval])"))
}

// probeQuantile is one of the latency probes: from the classic buckets or, where
// Prometheus keeps native histograms only, from those.
func (s scope) probeQuantile(q, by, op string) string {
	const metric = "etcd_monitor_probe_duration_seconds"
	op = fmt.Sprintf("op=%q", op)
	native := most("sum", by, "rate("+s.of(metric, op)+"[$__rate_interval])")
	return fmt.Sprintf("%s\nor\nhistogram_quantile(%s, %s)", s.quantile(q, by, metric, op), q, native)
}

// limit is a threshold, the strictest of the clusters chosen.
func limit(name string) string {
	return "min(" + clusters.gauge(perCluster, "etcd_monitor_threshold", fmt.Sprintf("name=%q", name)) + ")"
}

// orZero is a query that is 0 where only the base has a value.
func orZero(query, base string) string { return fmt.Sprintf("(%s or %s * 0)", query, base) }

// count is of how many the query holds, 0 for none: an empty answer would look
// like an exporter that is gone.
func count(query string) string {
	return "count(" + query + ")\nor\n0 * count(" + clusters.gauge(perCluster, "etcd_monitor_cluster_up") + ")"
}

// quorum is 1, 0 or, while it cannot be told, -1.
func quorum() string {
	return clusters.gauge(perCluster, "etcd_monitor_cluster_has_quorum") + "\nor\n-" + clusters.gauge(perCluster, "etcd_monitor_cluster_quorum_unknown")
}

// leader is 1 for the member that leads and proves it.
func leader() string {
	return most("max", perMember, clusters.of("etcd_monitor_member_is_leader")+" == 1 and on (cluster, member) "+
		clusters.of("etcd_monitor_member_confirmed")+" == 1")
}

// state tells what a member is in one number: 1 for answering, 2 for serving
// reads that a quorum confirms, 4 for leading, 8 for learning, in sum; -1 when
// nothing of that can be told. stateWords says it in words.
func state() string {
	up := members.gauge(perMember, "etcd_monitor_member_up")
	return up +
		"\n+ 2 * " + orZero(members.gauge(perMember, "etcd_monitor_member_confirmed"), up) +
		"\n+ 4 * " + orZero(members.gauge(perMember, "etcd_monitor_member_is_leader"), up) +
		"\n+ 8 * " + orZero(members.gauge(perMember, "etcd_monitor_member_is_learner"), up) +
		"\nor " + members.gauge(perMember, "etcd_monitor_member_configured") + " * 0 - 1"
}

// alarms is how many are raised.
func (s scope) alarms(by string) string {
	return most("sum", by, s.gauge("cluster, member, alarm", "etcd_monitor_member_alarm_active"))
}

// quotaShare is the part of its quota that a member's database file takes.
func (s scope) quotaShare() string {
	return s.gauge(perMember, "etcd_monitor_member_db_size_bytes") + "\n/\n" + s.gauge(perMember, "etcd_monitor_member_db_quota_bytes")
}

// Codes of answers that are the server's fault, and calls that end when the
// client likes: one that goes away is no error of etcd's.
const (
	serverFault = `code=~"Unknown|ResourceExhausted|Internal|Unavailable|DataLoss|DeadlineExceeded"`
	unary       = `service=~"etcdserverpb[.].+",method!~"Watch|LeaseKeepAlive|Snapshot"`
)

// requests is per second by the labels given, each series of a member once.
func (s scope) requests(by string, matchers ...string) string {
	return most("sum", by, s.rate("cluster, member, service, method, code", "etcd_monitor_member_grpc_requests_total", matchers...))
}

// errorRatio is the part of the requests that failed by the server's fault, 0
// without any.
func (s scope) errorRatio(by string) string {
	all := s.requests(by, unary)
	return orZero(s.requests(by, unary, serverFault), all) + "\n/\n(" + all + " > 0)"
}

// alerts are those that fire, by what tells them apart. Those from etcd's own
// metrics say the same a second time, and are in the dashboard for them.
func (s scope) alerts() string {
	return most("max", "severity, alertname, cluster, member", s.of("ALERTS", `alertname=~"Etcd.*"`, `origin!="native"`, `alertstate="firing"`, `severity!="none"`))
}

// everywhere selects what alerts there are, those about no cluster, such as the
// exporter's own, included.
const everywhere scope = `cluster=~"$cluster|"`
