package rules_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
)

// of makes an alert without a cluster, which each row of a table gets of its own.
func of(name, severity string, labels ...string) alerttest.Alert {
	return about("", name, severity, labels...)
}

// exporter and native are alerts with the labels of the two rule files.
func exporter(name, severity, kind string, labels ...string) alerttest.Alert {
	return of(name, severity, append(labels, "origin", "exporter", "kind", kind)...)
}

func native(name, severity, kind string, labels ...string) alerttest.Alert {
	return of(name, severity, append(labels, "origin", "native", "kind", kind)...)
}

var (
	quorumLost  = exporter("EtcdQuorumLost", "critical", "quorum_lost")
	unreachable = exporter("EtcdClusterUnreachable", "critical", "cluster_unreachable")
	noSpace     = exporter("EtcdAlarmActive", "critical", "alarm_active", "alarm", "NOSPACE", "member", "m0")
	corrupt     = exporter("EtcdAlarmActive", "critical", "alarm_active", "alarm", "CORRUPT", "member", "m0")
	memberDown  = exporter("EtcdMemberDown", "warning", "member_down", "member", "m0")
	defrag      = exporter("EtcdDefragRunning", "none", "defrag_running", "member", "m0")
	partition   = exporter("EtcdNetworkPartition", "critical", "network_partition", "member", "m1")
)

// mutes says of two alerts of one cluster whether the first mutes the second.
var mutes = []struct {
	source, target alerttest.Alert
	want           bool
}{
	// One fault, told by both files.
	{quorumLost, native("EtcdServerQuorumLost", "critical", "quorum_lost"), true},
	{memberDown, native("EtcdServerMemberDown", "warning", "member_down", "instance", "m0:2379"), true},
	{memberDown, native("EtcdServerHeartbeatSendFailures", "warning", "heartbeat_send_failures", "instance", "m0:2379"), false},
	{native("EtcdServerQuorumLost", "critical", "quorum_lost"), quorumLost, false},
	{unreachable, native("EtcdServerQuorumLost", "critical", "quorum_lost"), true},
	{quorumLost, native("EtcdServerClusterUnreachable", "critical", "cluster_unreachable"), true},

	// Severities of the same alert about the same thing.
	{exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), exporter("EtcdDatabaseNearQuota", "warning", "database_near_quota", "member", "m0"), true},
	{exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), exporter("EtcdDatabaseNearQuota", "warning", "database_near_quota", "member", "m1"), false},
	{exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), exporter("EtcdDatabaseNearQuota", "warning", "database_too_large", "member", "m0"), false},
	{exporter("EtcdCertificateExpiring", "critical", "certificate_expiring", "file", "a.pem"), exporter("EtcdCertificateExpiring", "warning", "certificate_expiring", "file", "a.pem"), true},
	{exporter("EtcdCertificateExpiring", "critical", "certificate_expiring", "file", "a.pem"), exporter("EtcdCertificateExpiring", "warning", "certificate_expiring", "file", "b.pem"), false},
	{exporter("EtcdProbeLatencyHigh", "warning", "latency", "op", "write"), exporter("EtcdProbeLatencyHigh", "info", "latency", "op", "write"), true},
	{exporter("EtcdProbeLatencyHigh", "warning", "latency", "op", "write"), exporter("EtcdProbeLatencyHigh", "info", "latency", "op", "read_linearizable"), false},
	{native("EtcdServerWALFsyncSlow", "critical", "wal_fsync_slow", "instance", "a"), native("EtcdServerWALFsyncSlow", "warning", "wal_fsync_slow", "instance", "a"), true},
	{native("EtcdServerWALFsyncSlow", "critical", "wal_fsync_slow", "instance", "a"), native("EtcdServerWALFsyncSlow", "warning", "wal_fsync_slow", "instance", "b"), false},

	// Symptoms of a cluster that cannot commit.
	{quorumLost, memberDown, true},
	{quorumLost, exporter("EtcdNoFaultTolerance", "warning", "no_fault_tolerance"), true},
	{quorumLost, exporter("EtcdProbeLatencyHigh", "warning", "latency", "member", "m0"), true},
	{quorumLost, exporter("EtcdGRPCErrorBudgetBurn", "critical", "grpc_error_budget"), true},
	{quorumLost, exporter("EtcdNetworkPartition", "warning", "network_partition", "member", "m1"), true},
	{native("EtcdServerQuorumLost", "critical", "quorum_lost"), native("EtcdServerMemberDown", "warning", "member_down", "instance", "x"), true},
	{unreachable, memberDown, true},
	{quorumLost, exporter("EtcdCertificateExpiring", "critical", "certificate_expiring", "file", "a.pem"), false}, // may be why
	{quorumLost, noSpace, false},
	{quorumLost, exporter("EtcdSplitBrain", "critical", "split_brain"), false},
	{partition, quorumLost, true},
	{quorumLost, partition, false},
	{exporter("EtcdNetworkPartition", "warning", "network_partition", "member", "m1"), quorumLost, false},

	// Alarms.
	{noSpace, exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), true},
	{noSpace, exporter("EtcdDatabaseFillingUp", "warning", "database_filling_up", "member", "m1"), true},
	{noSpace, native("EtcdServerDatabaseNearQuota", "critical", "database_near_quota", "instance", "x"), true},
	{noSpace, exporter("EtcdGRPCErrorBudgetBurn", "critical", "grpc_error_budget"), true},
	{noSpace, memberDown, false},
	{corrupt, exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), false},
	{corrupt, exporter("EtcdDataInconsistent", "critical", "data_inconsistent"), true},
	{noSpace, exporter("EtcdDataInconsistent", "critical", "data_inconsistent"), false},
	{exporter("EtcdDatabaseNearQuota", "critical", "database_near_quota", "member", "m0"), exporter("EtcdDatabaseFillingUp", "warning", "database_filling_up", "member", "m0"), true},
	{exporter("EtcdDatabaseNearQuota", "warning", "database_near_quota", "member", "m0"), exporter("EtcdDatabaseFillingUp", "warning", "database_filling_up", "member", "m0"), false},

	// Members.
	{defrag, memberDown, true},
	{defrag, exporter("EtcdMemberDown", "warning", "member_down", "member", "m1"), false},
	{defrag, exporter("EtcdBackendCommitSlow", "warning", "backend_commit_slow", "member", "m0"), true},
	{native("EtcdServerDefragRunning", "none", "defrag_running", "instance", "m0:2379"), native("EtcdServerMemberDown", "warning", "member_down", "instance", "m0:2379"), true},
	{native("EtcdServerDefragRunning", "none", "defrag_running", "instance", "m0:2379"), native("EtcdServerMemberDown", "warning", "member_down", "instance", "m1:2379"), false},
	{defrag, quorumLost, false},
	{memberDown, exporter("EtcdRevisionLag", "warning", "revision_lag", "member", "m0"), true},
	{memberDown, exporter("EtcdRevisionLag", "warning", "revision_lag", "member", "m1"), false},
	{memberDown, exporter("EtcdNoFaultTolerance", "warning", "no_fault_tolerance"), false}, // says what to fear

	// What is not ours is left alone.
	{of("NodeDown", "critical"), of("NodeDown", "warning"), false},
	{quorumLost, of("NodeDown", "warning"), false},
}

// What mutes what, and only in the same cluster.
func TestInhibition(t *testing.T) {
	t.Parallel()
	everyDaemon(t, 1, func(t *testing.T, am *alerttest.Alertmanager, _ *alerttest.Sinks) {
		var all []alerttest.Alert
		for i, m := range mutes {
			all = append(all, in(m.source, "same-%d", i), in(m.target, "same-%d", i), in(m.source, "here-%d", i), in(m.target, "there-%d", i))
		}
		am.Post(all...)
		muted := settled(t, am, func(muted map[string]bool) bool {
			for i, m := range mutes {
				if m.want && !muted[key(in(m.target, "same-%d", i))] {
					return false
				}
			}
			return true
		})
		for i, m := range mutes {
			if got := muted[key(in(m.target, "same-%d", i))]; got != m.want {
				t.Errorf("%v with %v: muted %v, want %v", m.source.Labels, m.target.Labels, got, m.want)
			}
			if muted[key(in(m.target, "there-%d", i))] {
				t.Errorf("%v mutes %v of another cluster", m.source.Labels, m.target.Labels)
			}
		}
	})
}

// A dead exporter is one message: what is scraped through it looks down, what is
// scraped directly is judged as ever.
func TestInhibitionByMonitorDown(t *testing.T) {
	t.Parallel()
	table := []struct {
		target alerttest.Alert
		want   bool
	}{
		{in(native("EtcdServerMemberDown", "warning", "member_down", "instance", "prod/m0", "via", "proxy"), "prod"), true},
		{in(native("EtcdServerQuorumLost", "critical", "quorum_lost", "via", "proxy"), "second"), true},
		{in(native("EtcdServerMemberDown", "warning", "member_down", "instance", "m0:2379"), "direct"), false},
		{in(exporter("EtcdClusterNoLongerObserved", "warning", "cluster_not_observed"), "prod"), true},
		{in(quorumLost, "other"), false}, // of another exporter
		{of("NodeDown", "critical"), false},
	}
	everyDaemon(t, 1, func(t *testing.T, am *alerttest.Alertmanager, _ *alerttest.Sinks) {
		for _, c := range table {
			am.Post(c.target)
		}
		for name, is := range mutedBy(am) {
			if is {
				t.Errorf("%s is muted before anything is wrong with the exporter", name)
			}
		}
		am.Post(exporter("EtcdMonitorDown", "critical", "monitor_down", "instance", "etcd-monitor:8080", "job", "etcd-monitor"))
		muted := settled(t, am, func(muted map[string]bool) bool {
			for _, c := range table {
				if c.want && !muted[key(c.target)] {
					return false
				}
			}
			return true
		})
		for _, c := range table {
			if got := muted[key(c.target)]; got != c.want {
				t.Errorf("%v: muted %v, want %v", c.target.Labels, got, c.want)
			}
		}
	})
}

// in puts an alert into a cluster.
func in(a alerttest.Alert, format string, args ...any) alerttest.Alert {
	labels := map[string]string{"cluster": fmt.Sprintf(format, args...)}
	maps.Copy(labels, a.Labels)
	a.Labels = labels
	return a
}

func key(a alerttest.Alert) string { return fmt.Sprint(a.Labels) }

// settled waits, for a while, until what is to be muted is: Alertmanager learns
// of alerts one after the other. It gives what is muted then.
func settled(t *testing.T, am *alerttest.Alertmanager, done func(muted map[string]bool) bool) map[string]bool {
	t.Helper()
	var muted map[string]bool
	end := time.Now().Add(10 * time.Second)
	for muted = mutedBy(am); !done(muted) && time.Now().Before(end); muted = mutedBy(am) {
	}
	return muted
}

// mutedBy asks a daemon what it holds back.
func mutedBy(am *alerttest.Alertmanager) map[string]bool {
	muted := map[string]bool{}
	for _, a := range am.Alerts() {
		muted[key(a)] = len(a.Status.InhibitedBy) > 0
	}
	return muted
}
