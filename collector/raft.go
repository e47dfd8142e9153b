package collector

var (
	raftIndex = gauge("etcd_monitor_member_raft_index",
		"Committed raft index that the member knows.", "cluster", "member")
	raftApplied = gauge("etcd_monitor_member_raft_applied_index",
		"Raft index that the member has applied.", "cluster", "member")
	raftTerm = gauge("etcd_monitor_member_raft_term",
		"Raft term of the last entry that the member has applied: a new leader reports the old term for a moment.", "cluster", "member")
	raftLag = gauge("etcd_monitor_member_raft_lag_entries",
		"Entries that the member has yet to apply, against the largest raft index that any member knows. etcd refuses proposals at 5000.", "cluster", "member")
	revision = gauge("etcd_monitor_member_revision",
		"Revision of the member's keyspace.", "cluster", "member")
	compactRevision = gauge("etcd_monitor_member_compact_revision",
		"Revision up to which the member's keyspace is compacted, 0 for not at all. Known from the digest, else from the hash collector.", "cluster", "member")
)

var raftFamilies = []*family{raftIndex, raftApplied, raftTerm, raftLag, revision, compactRevision}

func collectRaft(s *sink, view *View) {
	for i := range view.Verdict.Members {
		m := &view.Verdict.Members[i]
		number(s, raftLag, m.Lag, m.Label)
		if m.Status == nil {
			continue
		}
		number(s, raftIndex, m.Status.RaftIndex, m.Label)
		number(s, raftApplied, m.Status.Applied, m.Label)
		s.add(raftTerm, float64(m.Status.Term), m.Label)
		number(s, revision, m.Status.Revision, m.Label)
	}
	collectCompactRevisions(s, view)
}

// collectCompactRevisions takes those of the digest, which are newer, before
// those of the last comparison of hashes.
func collectCompactRevisions(s *sink, view *View) {
	known := map[string]bool{}
	for i := range view.Digests {
		for _, v := range view.Digests[i].Values {
			if v.Name == "compact_revision" {
				known[view.Digests[i].Member] = true
				s.add(compactRevision, v.Value, view.Digests[i].Member)
			}
		}
	}
	if view.Hash == nil {
		return
	}
	for _, h := range view.Hash.Hashes {
		if !known[h.Label] {
			s.add(compactRevision, float64(h.CompactRevision), h.Label)
		}
	}
}
