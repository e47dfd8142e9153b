package collector

import (
	"fmt"
	"slices"
)

// row is one collector.
type row struct {
	name     string
	standard bool // on unless switched off
	always   bool // cannot be switched off
	help     string
	families []*family
	collect  func(s *sink, v *View)
}

// probesName is the collector that is switched while it runs.
const probesName = "probes"

// table is every collector, in the order of the documentation.
var table = []row{
	{"quorum", true, false, "is there a quorum, is the cluster one, how many members may fail", quorumFamilies, collectQuorum},
	{"leader", true, false, "who leads, since when, how often that changes", leaderFamilies, collectLeader},
	{"members", true, false, "which members there are, which answer, what they say of themselves", memberFamilies, collectMembers},
	{"alarms", true, false, "NOSPACE, CORRUPT and what a later etcd invents", alarmFamilies, collectAlarms},
	{"database", true, false, "size, quota, growth, time to quota", databaseFamilies, collectDatabase},
	{"raft", true, false, "term, index, what is applied, lag, revision", raftFamilies, collectRaft},
	{probesName, true, false, "latency of reads, and of writes if --probe.write is given", probeFamilies, collectProbes},
	{"digest", true, false, "a selection of each member's own metrics, read every metrics interval; switch it off where Prometheus scrapes the members anyway", digestFamilies, collectDigest},
	{"hash", false, false, "do the members hold the same data: reads the whole keyspace of each, and needs root where authentication is on", hashFamilies, collectHash},
	{"certificates", true, false, "when the certificates expire that endpoints show, and those in our files", certificateFamilies, collectCertificates},
	{"thresholds", true, false, "the limits that the shipped rules compare with", thresholdFamilies, collectThresholds},
	{"scrape", true, true, "what the exporter itself did", scrapeFamilies, collectScrape},
}

// Info describes a collector that can be switched.
type Info struct {
	Name    string
	Default bool
	Help    string
}

// Infos lists the collectors that can be switched on and off.
func Infos() []Info {
	var infos []Info
	for _, r := range table {
		if !r.always {
			infos = append(infos, Info{r.name, r.standard, r.help})
		}
	}
	return infos
}

// enabled are the rows that are on.
func enabled(on map[string]bool) ([]row, error) {
	for name := range on {
		if !slices.ContainsFunc(table, func(r row) bool { return r.name == name && !r.always }) {
			return nil, fmt.Errorf("collector %q does not exist", name)
		}
	}
	var rows []row
	for _, r := range table {
		is, given := on[r.name]
		if r.always || given && is || !given && r.standard {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// Names are the metrics there are, whatever is switched on.
func Names() []string {
	families := slices.Clone(selfFamilies)
	for _, r := range table {
		families = append(families, r.families...)
	}
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.name
	}
	return names
}
