package cluster

// partitions suspects members that are there, but cut off from their peers.
//
// A voter that we reach is suspect when its read is not confirmed and either
// somebody else's is, while this one knows no leader or lives in an older term;
// or nobody's is, though the voters that we reach would be a quorum. A member
// that we do not reach is down or unreachable from here, which is another
// thing, and a member that is merely slow keeps its leader and its term.
func (v *Verdict) partitions(r roster) {
	confirmed, reached := 0, 0
	var term uint64
	for _, s := range r.seen {
		if s.learner || s.best.Status == nil {
			continue
		}
		if s.listed {
			reached++
		}
		if s.best.Read.Confirmed() {
			confirmed++
			term = max(term, s.best.Status.Term)
		}
	}
	for i, s := range r.seen {
		st := s.best.Status
		is, _ := s.confirmed()
		if s.learner || st == nil || !is.OK {
			continue
		}
		switch {
		case is.V:
			v.Members[i].Partition = Known(false)
		case confirmed > 0:
			v.Members[i].Partition = Known(st.Leader == 0 || st.Term < term)
		case v.QuorumSize.OK:
			v.Members[i].Partition = Known(reached >= v.QuorumSize.V)
		}
	}
}
