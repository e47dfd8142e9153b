package collector

var (
	hasLeader = gauge("etcd_monitor_cluster_has_leader",
		"Whether a leader is confirmed by a linearizable read. What members believe is etcd_monitor_member_has_leader.", "cluster")
	leaderClaims = gauge("etcd_monitor_cluster_leader_claims",
		"Members that say they lead. After an election it is 2 for about half a second, until the deposed leader notices; that is no split brain.", "cluster")
	leaderChanges = counter("etcd_monitor_cluster_leader_changes_total",
		"Changes of the confirmed leader or its term that were observed. However many elections lie between two observations, they are one change.", "cluster")
	leaderSince = gauge("etcd_monitor_cluster_leader_since_timestamp_seconds",
		"When the present leadership was first observed, Unix time. Absent until a change was observed.", "cluster")
	clusterTerm = gauge("etcd_monitor_cluster_raft_term",
		"Raft term of the confirmed leadership.", "cluster")
)

var leaderFamilies = []*family{hasLeader, leaderClaims, leaderChanges, leaderSince, clusterTerm}

func collectLeader(s *sink, view *View) {
	v := &view.Verdict
	flag(s, hasLeader, v.HasLeader)
	number(s, leaderClaims, v.LeaderClaims)
	s.add(leaderChanges, float64(view.Track.LeaderChanges))
	if since := view.Track.LeaderSince; since.OK {
		s.add(leaderSince, unix(since.V))
	}
	number(s, clusterTerm, v.Term)
}
