package dashboards

import (
	"regexp"
	"slices"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// selector is metric{matchers} in a query, with what stands around it.
type selector struct {
	metric, matchers, before, window string
}

var selecting = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}(?:\[([^\]]*)\])?`)

func selectors(expr string) []selector {
	var all []selector
	for _, at := range selecting.FindAllStringSubmatchIndex(expr, -1) {
		s := selector{metric: expr[at[2]:at[3]], matchers: expr[at[4]:at[5]], before: expr[:at[0]]}
		if at[6] >= 0 {
			s.window = expr[at[6]:at[7]]
		}
		all = append(all, s)
	}
	return all
}

// family is the metric without what a histogram adds.
func (s selector) family(k known) string {
	if _, ok := k.metrics[s.metric]; ok {
		return s.metric
	}
	return regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(s.metric, "")
}

// eachSelector collects what is wrong with selectors, of panels and annotations.
func eachSelector(check func(known, selector) string) func(known, *grafanatest.Dashboard) []string {
	return func(k known, d *grafanatest.Dashboard) []string {
		var out []string
		look := func(where, expr string) {
			for _, s := range selectors(expr) {
				if wrong := check(k, s); wrong != "" {
					out = append(out, where+": "+s.metric+": "+wrong)
				}
			}
		}
		for _, p := range d.Drawn() {
			for _, t := range p.Targets {
				look(p.Title+"/"+t.RefID, t.Expr)
			}
		}
		for _, a := range d.Annotations.List {
			look(a.Name, a.Expr)
		}
		return out
	}
}

// query is the first query of the dashboard, to be broken.
func query(expr string) func(*grafanatest.Dashboard) {
	return func(d *grafanatest.Dashboard) { first(d, "timeseries").Targets[0].Expr = expr }
}

// levels are gauges that only climb, as etcd has them, and may be rated; amounts
// are counters of which the difference is what there is now.
var (
	levels  = words("etcd_monitor_member_raft_index etcd_monitor_member_proposals_committed etcd_server_proposals_committed_total")
	amounts = words(`etcd_monitor_member_leases_granted_total etcd_monitor_member_leases_revoked_total
		etcd_debugging_lease_granted_total etcd_debugging_lease_revoked_total grpc_server_started_total grpc_server_handled_total`)
)

var queryRules = []rule{
	{"metrics exist", eachSelector(func(k known, s selector) string {
		if _, ok := k.metrics[s.family(k)]; !ok {
			return "does not exist"
		}
		return ""
	}), query(`etcd_monitor_no_such_thing{cluster=~"$cluster"}`)},
	{"every query names its metrics with matchers, so that these rules see them", func(_ known, d *grafanatest.Dashboard) []string {
		var out []string
		for _, p := range d.Drawn() {
			for _, t := range p.Targets {
				bare := selecting.ReplaceAllString(t.Expr, "")
				if m := regexp.MustCompile(`\b(etcd|process|go|grpc_server)_\w+`).FindString(bare); m != "" || len(selectors(t.Expr)) == 0 {
					out = append(out, p.Title+": "+m)
				}
			}
		}
		return out
	}, query(`sum(etcd_monitor_cluster_up)`)},
	{"matchers name labels that the metric has", eachSelector(func(k known, s selector) string {
		labels := k.metrics[s.family(k)].labels
		for _, m := range regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`).FindAllStringSubmatch(s.matchers, -1) {
			if labels != nil && !labels[m[1]] && m[1] != "le" {
				return m[1]
			}
		}
		return ""
	}), query(`etcd_monitor_cluster_up{cluster=~"$cluster",member=~"$member"}`)},
	{"the chosen clusters, and nobody's own job, instance or cluster", eachSelector(func(_ known, s selector) string {
		if !strings.Contains(s.matchers, `cluster=~"$cluster`) || regexp.MustCompile(`\b(job|instance|cluster|pod|namespace)!?="`).MatchString(s.matchers) {
			return s.matchers
		}
		return ""
	}), query(`etcd_monitor_cluster_up{job="etcd-monitor"}`)},
	{"counters and histograms are rated, and nothing else", eachSelector(func(k known, s selector) string {
		rated := strings.HasSuffix(s.before, "rate(") || strings.HasSuffix(s.before, "increase(")
		kind := k.metrics[s.family(k)].kind
		if counts := kind == "counter" || kind == "histogram"; counts != rated && !levels[s.metric] && !amounts[s.metric] {
			return kind
		}
		return ""
	}), query(`max by (cluster) (rate(etcd_monitor_cluster_up{cluster=~"$cluster"}[$__rate_interval]))`)},
	{"rates are over what Grafana finds right, hours only where the limit is per hour", eachSelector(func(_ known, s selector) string {
		if s.window == "" || s.window == "$__rate_interval" || s.window == "1h" && strings.HasSuffix(s.before, "increase(") {
			return ""
		}
		return s.window
	}), query(`max by (cluster) (rate(etcd_monitor_cluster_leader_changes_total{cluster=~"$cluster"}[5m]))`)},
	{"rated before aggregated, and the scraper's labels aggregated away", func(_ known, d *grafanatest.Dashboard) []string {
		var out []string
		for _, p := range d.Drawn() {
			for _, t := range p.Targets {
				if wrong := unaggregated(d.UID, t.Expr); wrong != "" {
					out = append(out, p.Title+": "+wrong)
				}
			}
		}
		return out
	}, query(`rate(sum(etcd_monitor_cluster_up{cluster=~"$cluster"})[5m:])`)},
	{"thresholds exist", eachSelector(func(_ known, s selector) string {
		m := regexp.MustCompile(`name="(\w+)"`).FindStringSubmatch(s.matchers)
		if s.metric == "etcd_monitor_threshold" && (m == nil || !slices.Contains(config.ThresholdNames(), m[1])) {
			return s.matchers
		}
		return ""
	}), query(`min(max by (cluster) (etcd_monitor_threshold{cluster=~"$cluster",name="much"}))`)},
}

var (
	subquery = regexp.MustCompile(`\[[^\]]*:[^\]]*\]`)
	// What is around a selector without aggregation: a function, an operator.
	aggregation = regexp.MustCompile(`(sum|max|min|count|group)( by \([^)]*\))? ?\(`)
)

// unaggregated says what a query does with a series as it is scraped. In the
// dashboards of the exporter the scraper's labels must not be kept either.
func unaggregated(uid, expr string) string {
	if subquery.MatchString(expr) {
		return "a subquery: it rates what is aggregated"
	}
	for _, m := range kept.FindAllStringSubmatch(expr, -1) {
		for l := range words(m[1]) {
			if l == "pod" || l == "namespace" || uid != "etcd-monitor-native" && (l == "instance" || l == "job") {
				return "it keeps " + l
			}
		}
	}
	for _, s := range selectors(expr) {
		if !insideAggregation(s.before) {
			return s.metric + " is not aggregated"
		}
	}
	return ""
}

// insideAggregation reports whether one is open where the text ends.
func insideAggregation(before string) bool {
	for _, at := range aggregation.FindAllStringIndex(before, -1) {
		depth := 1
		for _, c := range before[at[1]:] {
			switch c {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth == 0 {
				break
			}
		}
		if depth > 0 {
			return true
		}
	}
	return false
}
