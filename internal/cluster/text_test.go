package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// row is a case of Judge: what was seen, and the whole verdict in words.
type row struct {
	name string
	seen round
	want string
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Helper()
			v := Judge(r.seen.Observation)
			want := strings.ReplaceAll(strings.TrimSpace(r.want), "\t", "")
			if got := text(v); got != want {
				t.Errorf("the verdict is\n%s\nand should be\n%s", got, want)
			}
			holds(t, r.seen.Observation, v)
		})
	}
}

// text is a verdict in words: a line on the cluster, a line of arithmetic, a
// line per member. "-" is unknown. What is as in a healthy cluster that was
// configured rightly is left out.
func text(v Verdict) string {
	lines := []string{clusterLine(v), arithmetic(v)}
	for _, m := range v.Members {
		lines = append(lines, memberLine(v, m))
	}
	for _, a := range v.StrayAlarms {
		lines = append(lines, fmt.Sprintf("stray alarm %s on %s", a.Type, a.Member))
	}
	for _, f := range v.Failed {
		if f.Member == "" {
			lines = append(lines, fmt.Sprintf("%s %s", f.Endpoint, f.Failure.Reason))
		}
	}
	return strings.Join(lines, "\n")
}

func clusterLine(v Verdict) string {
	w := "quorum " + bit(v.HasQuorum)
	if v.QuorumUnknown != "" {
		w += " " + string(v.QuorumUnknown)
	}
	switch {
	case v.Leader.Leader != 0:
		w += fmt.Sprintf(", %s leads in term %d", who(v, v.Leader.Leader), v.Leader.Term)
	case v.HasQuorum.V:
		w += ", leader not told"
	}
	if v.Term.OK && v.Term.V != v.Leader.Term {
		w += fmt.Sprintf(", term %d", v.Term.V)
	}
	w += fmt.Sprintf(", claims %s, split brain %s %s",
		number(v.LeaderClaims), bit(v.SplitBrain.ClusterID), bit(v.SplitBrain.Leaders))
	if len(v.ClusterIDs) > 1 {
		w += fmt.Sprintf(", clusters %v, about %s", v.ClusterIDs, v.MainCluster)
	}
	return w + word(!v.Up, "unreachable") + word(v.Truncated, "truncated")
}

func arithmetic(v Verdict) string {
	if !v.Voters.OK {
		return "voters -"
	}
	w := fmt.Sprintf("voters %s, up %s, confirmed %s, quorum size %s, tolerance %s", number(v.Voters),
		number(v.VotersUp), number(v.VotersConfirmed), number(v.QuorumSize), number(v.FailureTolerance))
	w += word(v.MembershipStale.V, "stale")
	if v.Learners.V > 0 {
		w += ", learners " + number(v.Learners)
	}
	if v.Unstarted.V > 0 {
		w += ", unstarted " + number(v.Unstarted)
	}
	return w
}

func memberLine(v Verdict, m Member) string {
	w := fmt.Sprintf("%s up %s, confirmed %s, partition %s", m.Label, bit(m.Up), bit(m.Confirmed), bit(m.Partition))
	w += word(m.IsLeader.V, "leads") + word(m.HasLeader.OK && !m.HasLeader.V, "sees no leader")
	w += word(m.Learner, "learner") + word(!m.Started, "unstarted")
	w += word(!m.Listed && v.Voters.OK, "not listed") + word(!m.Configured, "not configured")
	if m.Lag.V > 0 {
		w += fmt.Sprintf(", lag %d", m.Lag.V)
	}
	for _, kind := range slices.Sorted(maps.Keys(m.Alarms)) {
		w += word(m.Alarms[kind], kind)
	}
	for _, p := range m.Permissions {
		w += word(!p.Allowed, "no "+p.RPC)
	}
	for _, f := range v.Failed {
		w += word(f.Member == m.Label, string(f.Failure.Reason))
	}
	return w
}

func word(is bool, w string) string {
	if is {
		return ", " + w
	}
	return ""
}

func who(v Verdict, id ID) string {
	for _, m := range v.Members {
		if m.ID == id {
			return m.Label
		}
	}
	return id.String()
}

func bit(o Opt[bool]) string {
	switch {
	case !o.OK:
		return "-"
	case o.V:
		return "1"
	}
	return "0"
}

func number(o Opt[int]) string {
	if !o.OK {
		return "-"
	}
	return fmt.Sprint(o.V)
}
