package collector

var (
	hashMismatch = gauge("etcd_monitor_cluster_hash_mismatch",
		"Whether members hold different data at the same revision, as of the last comparison. Absent until two members could be compared.", "cluster")
	hashTime = gauge("etcd_monitor_cluster_hash_timestamp_seconds",
		"When the members' data were last compared, Unix time.", "cluster")
	hashMembers = gauge("etcd_monitor_cluster_hash_members",
		"Members that gave their hash in the last comparison.", "cluster")
)

var hashFamilies = []*family{hashMismatch, hashTime, hashMembers}

func collectHash(s *sink, view *View) {
	if view.Hash == nil {
		return
	}
	flag(s, hashMismatch, view.Hash.Mismatch)
	s.add(hashTime, unix(view.Hash.At))
	s.add(hashMembers, float64(len(view.Hash.Hashes)))
}
