package rules_test

import (
	"fmt"
	"strings"
)

// days are the working days of a healthy cluster of three.
var days = []day{
	{"nothing happens", nil, ""},
	{"a rolling restart: each member is away for two minutes, the last one leads", rollingRestart, ""},
	{"an election", election, ""},
	{"a defragmentation blocks a member for ten minutes", defragmentation, ""},
	{
		"a member is removed as planned, and that is news", removal,
		`{value: 1, labels: '{alertname="EtcdMembershipChanged",severity="info"}'}`,
	},
	{"a new cluster and a new exporter: nobody answers, an election, slow first reads", freshStart, ""},
	{"the exporter restarts and its counters begin anew", exporterRestart, ""},
	{"a second exporter starts, and goes away again", secondExporter, ""},
}

// away is what it takes that one of three members does not answer.
func (s inputs) away(member string, from, length int, reason string) {
	s.set(between(from, length, "1", "0"), "member_up", "member", member)
	unreachable := fmt.Sprintf("_x%d 1x%d stale", from, length-1)
	s.set(unreachable, "member_unreachable", "member", member, "endpoint", "http://"+member+":2379", "reason", reason)
}

func rollingRestart(s inputs) {
	const length = 8
	dips := func(usual, other string) string {
		var parts []string
		last := 0
		for i := range members {
			from := 20 * (i + 1)
			parts = append(parts, fmt.Sprintf("%sx%d %sx%d", usual, from-last-1, other, length-1))
			last = from + length
		}
		return strings.Join(parts, " ") + fmt.Sprintf(" %sx%d", usual, samples-last-1)
	}
	s.set(dips("3", "2"), "cluster_voters_up")
	s.set(dips("3", "2"), "cluster_voters_confirmed")
	s.set(dips("1", "0"), "cluster_failure_tolerance")
	s.set(dips("0.02", "2.1"), "scrape_duration_seconds")
	s.set(between(60, 1, "1", "0"), "cluster_has_quorum")
	s.set("0x39 1x19 2x100", "cluster_leader_changes_total")
	for i, m := range members {
		from := 20 * (i + 1)
		s.away(m, from, length, "refused")
		s.set(fmt.Sprintf("_x%d 1x%d stale", from, length-1), "member_digest_error", "member", m, "endpoint", "http://"+m+":2379", "reason", "refused")
		s.set(fmt.Sprintf("0x%d stale _x%d 1x1 0x80", from-1, length-1), "member_partition_suspected", "member", m)
		for name, values := range s {
			// What the member itself counts begins anew.
			if first, slope := "", 0; has(name, m) && valueOf.MatchString(values) && counts(name) && !strings.Contains(name, "_probe_") {
				first, slope = begin(values)
				s[name] = fmt.Sprintf("%s+%dx%d stale _x%d 0+%dx80", first, slope, from-1, length-1, slope)
			}
		}
		for _, op := range reads {
			answered := 900 + 15*(from-1)
			probes := fmt.Sprintf("900+15x%d %dx%d %d+15x80", from-1, answered, length-1, answered+15)
			s.probes(m, op, probes, probes, fmt.Sprintf("0x%d 15+15x%d %dx80", from-1, length-1, 15*length))
		}
	}
}

// counts tells whether a series is a counter.
func counts(name string) bool {
	family, _, _ := strings.Cut(name, "{")
	return strings.HasSuffix(family, "_total") || strings.HasSuffix(family, "_count") || strings.HasSuffix(family, "_bucket")
}

func election(s inputs) {
	s.set(between(30, 2, "1", "0"), "cluster_has_quorum")
	s.set(between(30, 2, "1", "2"), "cluster_leader_claims")
	s.set(between(30, 2, "3", "0"), "cluster_voters_confirmed")
	s.set(between(30, 2, "1", "-2"), "cluster_failure_tolerance")
	s.set(after(30, "0", "1"), "cluster_leader_changes_total")
	for _, m := range members {
		s.set(between(30, 2, "0", "1"), "member_partition_suspected", "member", m)
		s.set(between(30, 2, "0", "400"), "member_proposals_pending", "member", m)
		s.set(after(31, "0", "5"), "member_proposals_failed_total", "member", m)
		s.probes(m, reads[0], "900+15x29 1348+15x130", "900+15x29 1349+15x130", after(30, "0", "1"))
	}
}

func defragmentation(s inputs) {
	s.away("m2", 20, 40, "timeout")
	s.set(between(20, 40, "0", "1"), "member_defrag_inflight", "member", "m2")
	s.set(between(20, 40, "3", "2"), "cluster_voters_up")
	s.set(between(20, 40, "3", "2"), "cluster_voters_confirmed")
	s.set(between(20, 40, "1", "0"), "cluster_failure_tolerance")
	s.set(between(20, 40, "0.02", "5"), "scrape_duration_seconds")
	s.set("90000+750x19 stale _x39 135000+750x100", "member_revision", "member", "m2")
	s.set("1600000000x19 stale _x39 60000000x100", "member_db_size_bytes", "member", "m2")
	s.set("50000000x19 stale _x39 60000000x100", "member_db_in_use_bytes", "member", "m2")
	for _, op := range reads {
		s.probes("m2", op, "900+15x19 1185x39 1200+15x100", "900+15x19 1190+5x39 1400+15x100", "0x19 5+5x39 200x100")
	}
}

func removal(s inputs) {
	s.set(after(30, "3", "2"), "cluster_voters")
	s.set(after(30, "3", "2"), "cluster_voters_up")
	s.set(after(30, "3", "2"), "cluster_voters_confirmed")
	s.set(after(30, "1", "0"), "cluster_failure_tolerance")
	s.set(after(30, "0", "1"), "cluster_membership_changes_total")
	for name, values := range s {
		if has(name, "m3") {
			first, slope := begin(values)
			s[name] = fmt.Sprintf("%s+%dx29 stale", first, slope)
		}
	}
}

func freshStart(s inputs) {
	for name, values := range s {
		if first, slope := begin(values); slope > 0 {
			s[name] = fmt.Sprintf("_x8 0+%dx152", slope)
		} else if !strings.HasPrefix(name, "up{") && !strings.Contains(name, "build_info") {
			s[name] = fmt.Sprintf("_x8 %sx152", first)
		}
	}
	s.set("0x3 1x156", "cluster_up")
	s.set("1x3 stale", "cluster_quorum_unknown", "reason", "no_answer")
	s.set("_x4 0x3 1x152", "cluster_has_quorum")
	for _, m := range members {
		for _, op := range reads {
			s.probes(m, op, "_x8 0 5 10 25+15x149", "_x8 0+15x152", "_x8 0x152")
		}
		s.set("_x8 0 30 40x150", "member_grpc_requests_total", "member", m, "service", "etcdserverpb.KV", "method", "Put", "code", "Unavailable")
	}
}

func exporterRestart(s inputs) {
	for name, values := range s {
		first, slope := begin(values)
		switch {
		case strings.HasPrefix(name, "up{"):
			s[name] = between(40, 4, "1", "0")
		case strings.Contains(name, "_probe_"), strings.Contains(name, "_changes_total"):
			s[name] = fmt.Sprintf("%s+%dx39 stale _x3 0+%dx117", "7"+first, slope, slope)
		default:
			// The members' own figures have gone on.
			later := first
			if slope > 0 {
				n := 0
				_, _ = fmt.Sscan(first, &n)
				later = fmt.Sprint(n + 44*slope)
			}
			s[name] = fmt.Sprintf("%s+%dx39 stale _x3 %s+%dx116", first, slope, later, slope)
		}
	}
}

func secondExporter(s inputs) {
	for name, values := range calm() {
		first, slope := begin(values)
		name = strings.Replace(name, `instance="a:8080"`, `instance="b:8080"`, 1)
		s[name] = fmt.Sprintf("_x30 %s+%dx60 stale", first, slope)
	}
}
