package collector

var (
	clusterUp = gauge("etcd_monitor_cluster_up",
		"Whether an etcd of the cluster answers, if only to refuse us. Present for every configured cluster, always.", "cluster")
	hasQuorum = gauge("etcd_monitor_cluster_has_quorum",
		"Whether a quorum confirms a linearizable read now, as seen from here. Absent when that cannot be told; etcd_monitor_cluster_quorum_unknown says why.", "cluster")
	quorumUnknown = gauge("etcd_monitor_cluster_quorum_unknown",
		"1 while it cannot be told whether there is a quorum, and why.", "cluster", "reason")
	voters = gauge("etcd_monitor_cluster_voters",
		"Voting members in the member list, those that were never started included.", "cluster")
	votersUp = gauge("etcd_monitor_cluster_voters_up",
		"Voting members that answer.", "cluster")
	votersConfirmed = gauge("etcd_monitor_cluster_voters_confirmed",
		"Voting members through which a linearizable read is served.", "cluster")
	quorumSize = gauge("etcd_monitor_cluster_quorum_size",
		"How many voting members must agree.", "cluster")
	failureTolerance = gauge("etcd_monitor_cluster_failure_tolerance",
		"How many more voting members may fail before quorum is lost: those confirmed less the quorum. Negative when it is lost.", "cluster")
	learners = gauge("etcd_monitor_cluster_learners",
		"Learners in the member list. They do not vote.", "cluster")
	unstarted = gauge("etcd_monitor_cluster_unstarted",
		"Members that were added and have never started. Voting ones count in the quorum all the same.", "cluster")
	membershipStale = gauge("etcd_monitor_cluster_membership_stale",
		"Whether the member list comes from a member that no quorum vouches for.", "cluster")
	clusterIDs = gauge("etcd_monitor_cluster_ids",
		"Distinct cluster IDs among the endpoints of this cluster. More than one is a split brain or a mistake in the endpoints.", "cluster")
	splitBrain = gauge("etcd_monitor_cluster_split_brain",
		"Whether the cluster is two. cluster_id: its endpoints belong to different clusters. leaders: two leaderships were confirmed by linearizable reads, and both confirmed again.", "cluster", "reason")
	truncated = gauge("etcd_monitor_cluster_members_truncated",
		"Whether the member list is so long that some members have no series.", "cluster")
)

var quorumFamilies = []*family{
	clusterUp, hasQuorum, quorumUnknown, voters, votersUp, votersConfirmed, quorumSize,
	failureTolerance, learners, unstarted, membershipStale, clusterIDs, splitBrain, truncated,
}

func collectQuorum(s *sink, view *View) {
	v := &view.Verdict
	s.add(clusterUp, bit(v.Up))
	flag(s, hasQuorum, v.HasQuorum)
	if !v.HasQuorum.OK && v.QuorumUnknown != "" {
		s.add(quorumUnknown, 1, string(v.QuorumUnknown))
	}
	number(s, voters, v.Voters)
	number(s, votersUp, v.VotersUp)
	number(s, votersConfirmed, v.VotersConfirmed)
	number(s, quorumSize, v.QuorumSize)
	number(s, failureTolerance, v.FailureTolerance)
	number(s, learners, v.Learners)
	number(s, unstarted, v.Unstarted)
	flag(s, membershipStale, v.MembershipStale)
	if len(v.ClusterIDs) > 0 {
		s.add(clusterIDs, float64(len(v.ClusterIDs)))
	}
	flag(s, splitBrain, v.SplitBrain.ClusterID, "cluster_id")
	flag(s, splitBrain, v.SplitBrain.Leaders, "leaders")
	if v.Voters.OK {
		s.add(truncated, bit(v.Truncated))
	}
}
