package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Threshold is a limit that the shipped rules compare with, in base units.
type Threshold struct {
	Name  string // value of the label name of etcd_monitor_threshold
	Value float64
}

// Thresholds are the limits of one cluster, by name.
type Thresholds map[string]float64

// limit is a threshold with the way to write it in the file, whose units are
// those of people where etcd's documents have them so.
type limit struct {
	Threshold        // its default, in base units
	key       string // in the file
	flag      string
	kind      *kind
	def       string // the default as the file has it, empty for none
	check     check
	// base turns a value of the file into base units.
	base func(float64) float64
	doc  string
}

func same(v float64) float64    { return v }
func milli(v float64) float64   { return v / 1000 }
func mega(v float64) float64    { return v * (1 << 20) }
func percent(v float64) float64 { return v / 100 }

// limits is every threshold, in the order of the documentation.
var limits = []limit{
	{Threshold{"max_latency_seconds", 0.1}, "max_latency_ms", "max-latency-ms", kindNumber, "100", positive, milli, "Latency of a probe in milliseconds, as its 99th percentile."},
	{Threshold{"max_db_size_bytes", 8192 << 20}, "max_database_size_mb", "max-db-size-mb", kindNumber, "8192", positive, mega, "Size of the database in MiB."},
	{Threshold{"min_available_nodes", 2}, "min_available_nodes", "min-available-nodes", kindInt, "2", within(1, 1000), same, "Members that must be up, at most the number of voters."},
	{Threshold{"max_leader_changes_per_hour", 3}, "max_leader_changes_per_hour", "max-leader-changes", kindNumber, "3", positive, same, "Changes of the leader per hour."},
	{Threshold{"max_error_ratio", 0.05}, "max_error_rate", "max-error-rate", kindNumber, "0.05", ratio, same, "Share of requests that may fail, from 0 to 1."},
	{Threshold{"min_free_quota_ratio", 0.10}, "min_disk_space_percent", "min-disk-space-percent", kindNumber, "10", within(0, 100), percent, "Share of the quota that must be free, in percent. etcd tells nothing about its file system."},
	{Threshold{"max_pending_proposals", 100}, "max_pending_proposals", "max-pending-proposals", kindNumber, "100", positive, same, "Proposals that wait in a member."},
	{Threshold{"db_quota_ratio_warning", 0.80}, "db_quota_ratio_warning", "threshold.db-quota-ratio-warning", kindNumber, "0.8", ratio, same, "Share of the quota in use that is worth a warning, from 0 to 1."},
	{Threshold{"db_quota_ratio_critical", 0.95}, "db_quota_ratio_critical", "threshold.db-quota-ratio-critical", kindNumber, "0.95", ratio, same, "Share of the quota in use that is critical, from 0 to 1."},
	{Threshold{"wal_fsync_p99_seconds_warning", 0.1}, "wal_fsync_p99_seconds_warning", "threshold.wal-fsync-p99-seconds-warning", kindSeconds, "100ms", positive, same, "99th percentile of writing the log to disk that is worth a warning."},
	{Threshold{"wal_fsync_p99_seconds_critical", 0.5}, "wal_fsync_p99_seconds_critical", "threshold.wal-fsync-p99-seconds-critical", kindSeconds, "500ms", positive, same, "99th percentile of writing the log to disk that is critical."},
	{Threshold{"backend_commit_p99_seconds", 0.25}, "backend_commit_p99_seconds", "threshold.backend-commit-p99-seconds", kindSeconds, "250ms", positive, same, "99th percentile of committing to the database."},
	{Threshold{"watchers", 10_000}, "watchers", "threshold.watchers", kindNumber, "10000", positive, same, "Watchers of a member."},
	{Threshold{"leases", 100_000}, "leases", "threshold.leases", kindNumber, "100000", positive, same, "Leases of a cluster."},
	{Threshold{"memory_bytes", 0}, "memory_bytes", "threshold.memory-bytes", kindSize, "", positive, same, "Resident memory of a member. No default: what is much depends on the machine."},
	{Threshold{"certificate_warning_seconds", 14 * 24 * 3600}, "certificate_warning_seconds", "threshold.certificate-warning-seconds", kindSeconds, "14d", positive, same, "Remaining life of a certificate that is worth a warning."},
	{Threshold{"certificate_critical_seconds", 2 * 24 * 3600}, "certificate_critical_seconds", "threshold.certificate-critical-seconds", kindSeconds, "2d", positive, same, "Remaining life of a certificate that is critical."},
	{Threshold{"snapshot_max_age_seconds", 26 * 3600}, "snapshot_max_age_seconds", "threshold.snapshot-max-age-seconds", kindSeconds, "26h", positive, same, "Age of the last snapshot."},
}

// thresholdKeys are the limits as rows of the table of keys.
func thresholdKeys() []key {
	rows := make([]key, len(limits))
	for i, l := range limits {
		rows[i] = key{path: l.key, kind: l.kind, def: l.def, check: l.check, flag: l.flag, doc: l.doc}
	}
	return rows
}

// ThresholdNames lists the names in the order of the documentation.
func ThresholdNames() []string {
	names := make([]string, len(limits))
	for i, l := range limits {
		names[i] = l.Name
	}
	return names
}

// Effective lists the thresholds of a cluster with so many voters, in the order
// of the documentation. One without a default that nobody set is left out. A cluster of one voter cannot have two nodes available:
// min_available_nodes is at most the number of voters, where that is known.
func (t Thresholds) Effective(voters int, known bool) []Threshold {
	list := make([]Threshold, 0, len(limits))
	for _, d := range limits {
		v, ok := t[d.Name]
		if !ok && d.def == "" {
			continue
		}
		if !ok {
			v = d.Value
		}
		if d.Name == "min_available_nodes" && known {
			v = min(v, float64(voters))
		}
		list = append(list, Threshold{d.Name, v})
	}
	return list
}

// ordered are pairs of which the first must not be above the second.
var ordered = [][2]string{
	{"db_quota_ratio_warning", "db_quota_ratio_critical"},
	{"wal_fsync_p99_seconds_warning", "wal_fsync_p99_seconds_critical"},
	{"certificate_critical_seconds", "certificate_warning_seconds"},
}

// Validate refuses unknown names and limits that make no sense.
func (t Thresholds) Validate() error {
	var errs []error
	for _, f := range t.faults() {
		errs = append(errs, fmt.Errorf("%s: %s", f.key, f.message(f.other)))
	}
	return errors.Join(errs...)
}

func (t Thresholds) faults() []fault {
	var list []fault
	known := ThresholdNames()
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(known, name) {
			list = append(list, fault{key: "thresholds." + name, format: "there is no such threshold"})
		} else if v := t[name]; !(v >= 0 && v < 1e18) { // also refuses NaN
			list = append(list, fault{key: "thresholds." + name, format: show(v) + " is not a limit"})
		}
	}
	for _, p := range ordered {
		if low, high := t.get(p[0]), t.get(p[1]); low > high {
			list = append(list, fault{
				key: "thresholds." + p[0], format: show(low) + " is above %s: " + show(high), other: "thresholds." + p[1],
				reverse: show(high) + " is below %s: " + show(low),
			})
		}
	}
	return list
}

func (t Thresholds) get(name string) float64 {
	if v, ok := t[name]; ok {
		return v
	}
	for _, l := range limits {
		if l.Name == name {
			return l.Value
		}
	}
	return 0
}
