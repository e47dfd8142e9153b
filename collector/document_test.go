package collector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// TestDocument compares docs/metrics.md with what the code declares. After a
// change, `go test ./collector -update` rewrites it.
func TestDocument(t *testing.T) { golden(t, "../docs/metrics.md", document()) }

const preface = `# Metrics

Written from the code by ` + "`make docs`" + `; edit the help of a metric where it is declared, in ` + "`collector/`" + `.

* **What is not known has no series.** A value that could not be measured in this scrape is absent: it is never 0, and never that of an earlier scrape. Two exceptions: where a scrape's timeout is too short to find out about the quorum, ` + "`etcd_monitor_cluster_has_quorum` and `etcd_monitor_cluster_has_leader`" + ` are those of a round that ended at most 5 seconds before; and a scrape whose time ends before a round of its own can begin, because two others take long, shows what the younger of them knows by then (` + "`etcd_monitor_scrape_snapshot_age_seconds`" + ` is the time since that began). What outlives a round of questions (counters, windows, the digest, the last comparison of data) carries its time or says so.
* **Quorum and leadership are confirmed** by a linearizable read that is served, not taken from what members believe. Members' own views have names of their own: ` + "`etcd_monitor_member_has_leader`, `etcd_monitor_member_is_leader`, `etcd_monitor_cluster_leader_claims`" + `.
* **` + "`cluster`" + `** is the name that you configured. **` + "`member`" + `** is the member's name made safe (valid UTF-8, no control characters, at most 64 bytes); its ID where it has no name; name, hyphen and ID where another member has the name already.
* **Counters of the exporter start at 0** and are never absent. Times are Unix time, IDs hexadecimal as etcdctl prints them.
* Formats: text, OpenMetrics and protobuf, the last one with native histograms. ` + "`?name[]=`" + ` asks for some metrics only.

`

// document is docs/metrics.md.
func document() string {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("## Collectors\n\n")
	rows := [][]string{{"collector", "default", "what it tells"}}
	for _, r := range table {
		rows = append(rows, []string{"[" + r.name + "](#" + r.name + ")", defaultOf(r), r.help})
	}
	writeTable(&b, rows)
	b.WriteString("Each is switched by `--[no-]collector.<name>`.\n\n")
	for _, r := range table {
		fmt.Fprintf(&b, "### %s\n\n", r.name)
		writeFamilies(&b, r.families)
	}
	b.WriteString("### The exporter\n\nAlways there, besides `go_*` and `process_*`, which are about the exporter too.\n\n")
	writeFamilies(&b, selfFamilies)
	b.WriteString("## Values of labels\n\n")
	for _, l := range labelTables() {
		fmt.Fprintf(&b, "### %s\n\n", l.title)
		rows := [][]string{{"value", l.column}}
		for _, v := range l.values {
			rows = append(rows, []string{"`" + v[0] + "`", v[1]})
		}
		writeTable(&b, rows)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func defaultOf(r row) string {
	switch {
	case r.always:
		return "always on"
	case r.standard:
		return "on"
	}
	return "off"
}

func writeFamilies(b *strings.Builder, families []*family) {
	rows := [][]string{{"metric", "type", "labels", "meaning"}}
	for _, f := range families {
		rows = append(rows, []string{
			"`" + f.name + "`", strings.ToLower(f.kind.String()), strings.Join(f.labels, ", "), f.help,
		})
	}
	writeTable(b, rows)
}

func writeTable(b *strings.Builder, rows [][]string) {
	for i, r := range rows {
		cells := make([]string, len(r))
		for j := range r {
			cells[j] = strings.ReplaceAll(r[j], "|", `\|`)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(r)) + "|\n")
		}
	}
	b.WriteString("\n")
}

// labelTable documents the values of a label that has few.
type labelTable struct {
	title, column string
	label         string
	families      []*family // in which the label has these values
	values        [][2]string
}

func labelTables() []labelTable {
	tables := []labelTable{
		{"reason: why a call failed", "meaning", "reason", []*family{memberUnreachable, probeErrors, digestError}, nil},
		{"reason: why has_quorum is not known", "meaning", "reason", []*family{quorumUnknown}, nil},
		{"reason: in which way the cluster is two", "meaning", "reason", []*family{splitBrain}, [][2]string{
			{"cluster_id", "Endpoints of one cluster belong to different etcd clusters: a second cluster was bootstrapped, or the endpoints are mixed up."},
			{"leaders", "Two leaderships of one cluster were confirmed by linearizable reads, and confirmed again: as after --force-new-cluster on one side, or with a copied data directory."},
		}},
		{"op: kinds of probe", "meaning", "op", []*family{probeDuration, probeErrors, probeLatency}, [][2]string{
			{"read_linearizable", "A read of one key that a quorum confirms. The confirming read of a scrape counts as one."},
			{"read_serializable", "A read of one key that the member answers alone: its own speed."},
			{"write", "A write of one small key, with --probe.write only."},
		}},
		{"rpc: calls that etcd permits us or not", "meaning", "rpc", []*family{memberPermitted}, [][2]string{
			{"Status", "The member's state. Without it the member's own figures are absent."},
			{"Range", "The confirming read. A refusal that took a quorum proves one all the same."},
			{"MemberList", "Who the members are. Without it voters and what follows from them are absent."},
		}},
		{"source: where a quota is known from", "meaning", "source", []*family{dbQuota}, [][2]string{
			{"status", "The member's Status, 3.6.6 and later."},
			{"metrics", "The member's own metrics."},
			{"config", "What is configured here as its quota."},
		}},
		{"source: where endpoints are found", "meaning", "source", []*family{discoverySuccess, discoveredEndpoints}, [][2]string{
			{"dns_srv", "In SRV records."},
			{"file", "In a file of targets."},
		}},
		{"alarm", "meaning", "alarm", []*family{alarmActive}, [][2]string{
			{"NOSPACE", "The quota is exceeded and writes are refused, until space is made and the alarm is disarmed."},
			{"CORRUPT", "The member's data differ from the others'. Writes are refused."},
		}},
		{"field: answers that made no sense", "meaning", "field", []*family{answersRejected}, nil},
		{"kind: certificates", "meaning", "kind", []*family{certificateNotAfter}, [][2]string{
			{"server", "What the endpoint showed."},
			{"server_chain", "What the endpoint showed besides, up to its CA."},
			{"client", "Our client certificate."},
			{"ca", "A CA that we trust."},
		}},
		{"name: thresholds", "default", "name", []*family{threshold}, nil},
	}
	for _, r := range cluster.Reasons {
		tables[0].values = append(tables[0].values, [2]string{string(r), r.Help()})
	}
	for _, u := range cluster.Unknowns {
		tables[1].values = append(tables[1].values, [2]string{string(u), u.Help()})
	}
	for _, f := range cluster.StatusFields {
		tables[8].values = append(tables[8].values, [2]string{f, "As etcd's API names it, in the answer to Status."})
	}
	last := &tables[len(tables)-1]
	defaults := map[string]float64{}
	for _, t := range config.Thresholds(nil).Effective(0, false) {
		defaults[t.Name] = t.Value
	}
	for _, name := range config.ThresholdNames() {
		value := "none: absent unless it is configured"
		if v, ok := defaults[name]; ok {
			value = strconv.FormatFloat(v, 'f', -1, 64)
		}
		last.values = append(last.values, [2]string{name, value})
	}
	return tables
}

// What a scenario shows in a label that has a table is in the table. An alarm
// that a later etcd invents is not.
func TestLabelValuesAreDocumented(t *testing.T) {
	for _, sc := range scenarios() {
		for _, m := range seriesOf(t, sc.scrape(t)) {
			for _, l := range labelTables() {
				isThat := func(f *family) bool { return f.name == m.name }
				if !slices.ContainsFunc(l.families, isThat) || m.label(l.label) == "A_NEW_ONE" {
					continue
				}
				known := func(v [2]string) bool { return v[0] == m.label(l.label) }
				if !slices.ContainsFunc(l.values, known) {
					t.Errorf("%s: the %s %q is not documented", m.name, l.label, m.label(l.label))
				}
			}
		}
	}
}
