package cluster

// Hash is a member's hash over its keyspace, as HashKV gives it.
type Hash struct {
	Member          ID
	Label           string
	Hash            uint32
	Revision        int64 // the revision up to which was hashed
	CompactRevision int64 // the hash depends on it
}

// Diverged reports whether members hold different data at the same revision.
// Hashes can be compared only at equal revision and equal compact revision;
// unknown when no two can be.
func Diverged(hashes []Hash) Opt[bool] {
	type at struct{ revision, compact int64 }
	first := map[at]uint32{}
	compared := false
	for _, h := range hashes {
		k := at{h.Revision, h.CompactRevision}
		f, ok := first[k]
		if !ok {
			first[k] = h.Hash
			continue
		}
		if f != h.Hash {
			return Known(true)
		}
		compared = true
	}
	if !compared {
		return Opt[bool]{}
	}
	return Known(false)
}
