package collector

import "github.com/etcd-monitor/etcd-monitor/internal/cluster"

var (
	memberUp = gauge("etcd_monitor_member_up",
		"Whether the member answers Status within its deadline. Absent when no endpoint leads to it, or when it cannot be told (a failed TLS handshake, a refusal).", "cluster", "member")
	memberConfigured = gauge("etcd_monitor_member_configured",
		"Whether a configured endpoint leads to the member, and to no other. 0: it is known from the member list, or a load balancer led to it.", "cluster", "member")
	memberIsLeader = gauge("etcd_monitor_member_is_leader",
		"Whether the member says it leads. A deposed leader says so for a while.", "cluster", "member")
	memberIsLearner = gauge("etcd_monitor_member_is_learner",
		"Whether the member is a learner.", "cluster", "member")
	memberHasLeader = gauge("etcd_monitor_member_has_leader",
		"Whether the member says there is a leader. Its own view, which may be seconds old; a learner's is worth nothing.", "cluster", "member")
	memberConfirmed = gauge("etcd_monitor_member_confirmed",
		"Whether a linearizable read through the member is served. Voters only; absent when it cannot be told.", "cluster", "member")
	memberPartition = gauge("etcd_monitor_member_partition_suspected",
		"Whether the member answers us but seems cut off from its peers. Voters that answer only: one that does not is down or unreachable from here.", "cluster", "member")
	memberDowngrade = gauge("etcd_monitor_member_downgrade_enabled",
		"Whether a downgrade is under way, as the member says. etcd 3.6 and later.", "cluster", "member")
	memberRTT = gauge("etcd_monitor_member_rtt_seconds",
		"How long the member's answer to Status took.", "cluster", "member")
	memberInfo = gauge("etcd_monitor_member_info",
		"Always 1. IDs are hexadecimal, as etcdctl prints them; versions are empty while the member does not answer.", "cluster", "member", "member_id", "cluster_id", "version", "storage_version")
	memberUnreachable = gauge("etcd_monitor_member_unreachable",
		"1 for each endpoint that gave no Status in this scrape, and why. The member is empty when it is not known whose endpoint it is.", "cluster", "member", "endpoint", "reason")
	memberPermitted = gauge("etcd_monitor_member_rpc_permitted",
		"Whether etcd lets us make the call, as far as this scrape shows.", "cluster", "member", "rpc")
	memberAdvertised = gauge("etcd_monitor_member_advertised_reachable",
		"Whether the member answers at the client URL that it advertises, as a client that follows the member list would find. Looked at every 5 minutes. 0 also for an address that means nothing from here: another host's loopback, link-local, unspecified.", "cluster", "member", "endpoint")
	discoverySuccess = gauge("etcd_monitor_cluster_discovery_success",
		"Whether the last look for the cluster's endpoints, in DNS or in the file of targets, brought some. 0: those of an earlier look stay in use. Absent where endpoints are configured.", "cluster", "source")
	discoveredEndpoints = gauge("etcd_monitor_cluster_discovered_endpoints",
		"Endpoints in use that were found in DNS or in the file of targets.", "cluster", "source")
	membershipChanges = counter("etcd_monitor_cluster_membership_changes_total",
		"Changes of the member list that were observed: members added, removed or promoted.", "cluster")
)

var memberFamilies = []*family{
	memberUp, memberConfigured, memberIsLeader, memberIsLearner, memberHasLeader, memberConfirmed,
	memberPartition, memberDowngrade, memberRTT, memberInfo, memberUnreachable, memberPermitted, memberAdvertised, membershipChanges,
	discoverySuccess, discoveredEndpoints, clusterInfo,
}

func collectMembers(s *sink, view *View) {
	v := &view.Verdict
	for i := range v.Members {
		collectMember(s, &v.Members[i])
	}
	for _, f := range v.Failed {
		s.add(memberUnreachable, 1, f.Member, cluster.SafeEndpoint(f.Endpoint), string(f.Failure.Reason))
	}
	for _, a := range view.Advertised {
		s.add(memberAdvertised, bit(a.Reachable), a.Member, cluster.SafeEndpoint(a.URL))
	}
	s.add(membershipChanges, float64(view.Track.MembershipChanges))
	collectLabels(s, view)
	if d := view.Discovery; d != nil {
		s.add(discoverySuccess, bit(d.OK), d.Source)
		s.add(discoveredEndpoints, float64(d.Endpoints), d.Source)
	}
}

func collectMember(s *sink, m *cluster.Member) {
	flag(s, memberUp, m.Up, m.Label)
	s.add(memberConfigured, bit(m.Configured), m.Label)
	flag(s, memberIsLeader, m.IsLeader, m.Label)
	if m.Listed || m.Status != nil {
		s.add(memberIsLearner, bit(m.Learner), m.Label)
	}
	flag(s, memberHasLeader, m.HasLeader, m.Label)
	flag(s, memberConfirmed, m.Confirmed, m.Label)
	flag(s, memberPartition, m.Partition, m.Label)
	var version, storage string
	if st := m.Status; st != nil {
		flag(s, memberDowngrade, st.DowngradeEnabled, m.Label)
		s.add(memberRTT, st.Took.Seconds(), m.Label)
		version, storage = st.Version, st.StorageVersion
	}
	s.add(memberInfo, 1, m.Label, m.ID.String(), m.ClusterID.String(), version, storage)
	for _, p := range m.Permissions {
		s.add(memberPermitted, bit(p.Allowed), m.Label, p.RPC)
	}
}
