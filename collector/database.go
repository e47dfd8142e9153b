package collector

import "github.com/etcd-monitor/etcd-monitor/internal/cluster"

var (
	dbSize = gauge("etcd_monitor_member_db_size_bytes",
		"Size of the member's database file. It shrinks by a defragmentation only.", "cluster", "member")
	dbInUse = gauge("etcd_monitor_member_db_in_use_bytes",
		"Part of the database that holds data. The rest is free for new data.", "cluster", "member")
	dbQuota = gauge("etcd_monitor_member_db_quota_bytes",
		"Size at which etcd refuses writes; +Inf for no limit. source: status (3.6.6 and later), metrics (the member's own) or config.", "cluster", "member", "source")
	dbGrowth = gauge("etcd_monitor_member_db_growth_bytes_per_second",
		"How fast the database file grows: the median slope over the kept history, since the last defragmentation. Absent for less than a minute of history.", "cluster", "member")
	dbInUseGrowth = gauge("etcd_monitor_member_db_in_use_growth_bytes_per_second",
		"How fast the part in use grows, in the same way.", "cluster", "member")
	dbToQuota = gauge("etcd_monitor_member_db_seconds_to_quota",
		"Time until the database reaches its quota if it goes on growing like that; +Inf when it does not grow, 0 when it is there.", "cluster", "member")
)

var databaseFamilies = []*family{dbSize, dbInUse, dbQuota, dbGrowth, dbInUseGrowth, dbToQuota}

func collectDatabase(s *sink, view *View) {
	for i := range view.Verdict.Members {
		m := &view.Verdict.Members[i]
		if m.Status == nil {
			continue
		}
		number(s, dbSize, m.Status.DBSize, m.Label)
		number(s, dbInUse, m.Status.DBInUse, m.Label)
		quota, known := quotaOf(view, m)
		if known {
			s.add(dbQuota, quota.Bytes, m.Label, quota.Source)
		}
		growth, ok := view.Growth[m.ID]
		if !ok {
			continue
		}
		s.add(dbGrowth, growth.Size, m.Label)
		s.add(dbInUseGrowth, growth.InUse, m.Label)
		if known && m.Status.DBSize.OK {
			s.add(dbToQuota, cluster.SecondsToQuota(m.Status.DBSize.V, quota.Bytes, growth), m.Label)
		}
	}
}

func quotaOf(view *View, m *cluster.Member) (Quota, bool) {
	if q := m.Status.Quota; q.OK {
		return Quota{q.V, "status"}, true
	}
	q, ok := view.Quotas[m.ID]
	return q, ok
}
