package config

import "fmt"

// Threshold is a limit that the shipped rules compare with, in base units.
type Threshold struct {
	Name  string // value of the label name of etcd_monitor_threshold
	Value float64
}

// Thresholds are the limits of one cluster, by name.
type Thresholds map[string]float64

// thresholds is every name with its default, in the order of the documentation.
var thresholds = []Threshold{
	{"max_latency_seconds", 0.1},
	{"max_db_size_bytes", 8192 << 20},
	{"min_available_nodes", 2},
	{"max_leader_changes_per_hour", 3},
	{"max_error_ratio", 0.05},
	{"min_free_quota_ratio", 0.10},
	{"max_pending_proposals", 100},
	{"db_quota_ratio_warning", 0.80},
	{"db_quota_ratio_critical", 0.95},
	{"wal_fsync_p99_seconds_warning", 0.1},
	{"wal_fsync_p99_seconds_critical", 1},
	{"backend_commit_p99_seconds", 0.25},
	{"watchers", 100_000},
	{"leases", 100_000},
	{"memory_bytes", 8 << 30},
	{"certificate_warning_seconds", 30 * 24 * 3600},
	{"certificate_critical_seconds", 7 * 24 * 3600},
	{"snapshot_max_age_seconds", 26 * 3600},
}

// ThresholdNames lists the names in the order of the documentation.
func ThresholdNames() []string {
	names := make([]string, len(thresholds))
	for i, t := range thresholds {
		names[i] = t.Name
	}
	return names
}

// DefaultThresholds returns a copy of the defaults.
func DefaultThresholds() Thresholds {
	t := Thresholds{}
	for _, d := range thresholds {
		t[d.Name] = d.Value
	}
	return t
}

// Effective lists the thresholds of a cluster with so many voters, in the order
// of the documentation. A cluster of one voter cannot have two nodes available:
// min_available_nodes is at most the number of voters, where that is known.
func (t Thresholds) Effective(voters int, known bool) []Threshold {
	list := make([]Threshold, 0, len(thresholds))
	for _, d := range thresholds {
		v, ok := t[d.Name]
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

// Validate refuses unknown names and limits that make no sense.
func (t Thresholds) Validate() error {
	known := DefaultThresholds()
	for name, v := range t {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("threshold %q does not exist", name)
		}
		if !(v >= 0 && v < 1e18) { // also refuses NaN
			return fmt.Errorf("threshold %s: %v is not a limit", name, v)
		}
	}
	for _, p := range [][2]string{
		{"db_quota_ratio_warning", "db_quota_ratio_critical"},
		{"wal_fsync_p99_seconds_warning", "wal_fsync_p99_seconds_critical"},
	} {
		if w, c := t.get(p[0]), t.get(p[1]); w > c {
			return fmt.Errorf("threshold %s: %v is above %s: %v", p[0], w, p[1], c)
		}
	}
	if w, c := t.get("certificate_warning_seconds"), t.get("certificate_critical_seconds"); w < c {
		return fmt.Errorf("threshold certificate_warning_seconds: %v is below certificate_critical_seconds: %v", w, c)
	}
	return nil
}

func (t Thresholds) get(name string) float64 {
	if v, ok := t[name]; ok {
		return v
	}
	return DefaultThresholds()[name]
}
