package cluster

// partitions suspects members that are there, but cut off from their peers.
//
// A voter that we reach is suspect when its read is not confirmed and either
// somebody else's is, while this one knows no leader or lives in an older term;
// or nobody's is, though the voters that we reach would be a quorum. A member
// that we do not reach is down or unreachable from here, which is another
// thing, and a member that is merely slow keeps its leader and its term.
func (v *Verdict) partitions(r roster) {
	reached, lost := 0, 0
	for _, s := range r.seen {
		if !s.voter || s.best.Status == nil || s.clone > 0 {
			continue
		}
		reached++
		if is, _ := s.confirmed(); is.OK && !is.V {
			lost++
		}
	}
	for i, s := range r.seen {
		st := s.best.Status
		is, _ := s.confirmed()
		if !s.voter || st == nil || !is.OK {
			continue
		}
		switch p := &v.Members[i].Partition; {
		case is.V:
			*p = Known(false)
		case v.HasQuorum.V: // then somebody else is confirmed
			*p = Known(st.Leader == 0 || st.Term < v.Term.V)
		case !v.QuorumSize.OK:
		case lost >= v.QuorumSize.V:
			*p = Known(true)
		case reached < v.QuorumSize.V:
			*p = Known(false)
		}
	}
}
