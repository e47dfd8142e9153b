package etcd

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	maxBytes    = 1 << 50 // no database is larger than a pebibyte
	maxIndex    = 1 << 62 // no raft index or term gets there
	maxVersion  = 32      // bytes of a version that are kept
	maxName     = 256     // bytes of a member's name that are kept
	maxURLs     = 8       // of one member that are kept
	maxURL      = 512     // bytes; longer ones are left out
	maxAlarms   = 64      // of one answer that are looked at
	defaultSize = 2 << 30 // etcd's quota when none is set, bytes
)

// statusOf turns an answer into facts. A number that cannot be is unknown and
// its field is named. An answer that does not say whose it is says nothing:
// problem then tells why.
func statusOf(r *pb.StatusResponse, took time.Duration) (st cluster.Status, problem string) {
	h := r.GetHeader()
	if problem = headerProblem(h, r.GetRaftTerm()); problem != "" {
		return st, problem
	}
	st = cluster.Status{
		ClusterID: cluster.ID(h.GetClusterId()), MemberID: cluster.ID(h.GetMemberId()),
		Version: version(r.GetVersion()), StorageVersion: version(r.GetStorageVersion()),
		Leader: cluster.ID(r.GetLeader()), Term: r.GetRaftTerm(),
		Alarms: alarmsOf(r.GetErrors()), IsLearner: r.GetIsLearner(), Took: took,
	}
	reject := func(field string) { st.Rejected = append(st.Rejected, field) }
	st.RaftIndex = index(r.GetRaftIndex(), "raftIndex", reject)
	st.Applied = index(r.GetRaftAppliedIndex(), "raftAppliedIndex", reject)
	st.DBSize = size(r.GetDbSize(), "dbSize", reject)
	st.DBInUse = size(r.GetDbSizeInUse(), "dbSizeInUse", reject)
	// Both sizes are stored one after the other at each commit, so the part in
	// use may be ahead of the whole by one commit, not by much.
	if st.DBSize.OK && st.DBInUse.OK && st.DBInUse.V > 2*st.DBSize.V {
		st.DBInUse = cluster.Opt[int64]{}
		reject("dbSizeInUse")
	}
	if rev := h.GetRevision(); rev > 0 {
		st.Revision = cluster.Known(rev)
	} else {
		reject("revision")
	}
	st.Quota = quotaOf(st.Version, r.GetDbSizeQuota(), reject)
	if d := r.GetDowngradeInfo(); d != nil {
		st.DowngradeEnabled = cluster.Known(d.GetEnabled())
	}
	return st, ""
}

// headerProblem is why an answer says nothing; "" if it does.
func headerProblem(h *pb.ResponseHeader, term uint64) string {
	switch {
	case h.GetClusterId() == 0, h.GetMemberId() == 0:
		return "an answer without cluster or member ID"
	case term > maxIndex:
		return "an answer with an impossible term"
	}
	return ""
}

// clip keeps the first n bytes. It copies them: a part of an answer must not
// keep the whole of it in memory.
func clip(s string, n int) string { return strings.Clone(s[:min(len(s), n)]) }

func version(s string) string { return cluster.SafeLabel(clip(s, maxVersion)) }

func index(v uint64, field string, reject func(string)) cluster.Opt[uint64] {
	if v > maxIndex {
		reject(field)
		return cluster.Opt[uint64]{}
	}
	return cluster.Known(v)
}

func size(v int64, field string, reject func(string)) cluster.Opt[int64] {
	if v < 0 || v > maxBytes {
		reject(field)
		return cluster.Opt[int64]{}
	}
	return cluster.Known(v)
}

// quotaOf reads the quota that Status tells since 3.6 and tells rightly since
// 3.6.6. It is the value of the flag: 0 stands for etcd's default, a negative
// one for no limit.
func quotaOf(version string, quota int64, reject func(string)) cluster.Opt[float64] {
	if !atLeast(version, 3, 6, 6) {
		return cluster.Opt[float64]{}
	}
	switch {
	case quota < 0:
		return cluster.Known(math.Inf(1))
	case quota == 0:
		return cluster.Known[float64](defaultSize)
	case quota > maxBytes:
		reject("dbSizeQuota")
		return cluster.Opt[float64]{}
	}
	return cluster.Known(float64(quota))
}

// atLeast compares a version like 3.6.16 or 3.7.0-rc.1; what is no version is
// less than any.
func atLeast(version string, want ...int) bool {
	version, _, _ = strings.Cut(version, "-")
	parts := strings.Split(version, ".")
	if len(parts) != len(want) {
		return false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < want[i] {
			return false
		}
		if n > want[i] {
			return true
		}
	}
	return true
}

// alarmText is an alarm among Status.errors. It is a protobuf's debug string,
// whose spacing differs between versions on purpose.
var alarmText = regexp.MustCompile(`memberID:\s*(\d{1,20})\s+alarm:\s*([A-Z_]{1,32})\b`)

// alarmsOf finds the alarms among what Status calls errors.
func alarmsOf(errors []string) []cluster.Alarm {
	var alarms []cluster.Alarm
	for _, e := range errors[:min(len(errors), maxAlarms)] {
		m := alarmText.FindStringSubmatch(e[:min(len(e), 256)])
		if m == nil {
			continue
		}
		id, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil {
			continue
		}
		alarms = append(alarms, cluster.Alarm{Member: cluster.ID(id), Type: strings.Clone(m[2])})
	}
	return alarms
}

// membersOf reads a member list. Of members beyond the limit only the number is
// kept, and of those with the same ID only the first: etcd has no two.
func membersOf(r *pb.MemberListResponse, limit int) cluster.MemberList {
	h := r.GetHeader()
	l := cluster.MemberList{Cluster: cluster.ID(h.GetClusterId()), From: cluster.ID(h.GetMemberId())}
	seen := map[cluster.ID]bool{}
	for _, m := range r.GetMembers() {
		id := cluster.ID(m.GetID())
		if seen[id] {
			continue
		}
		seen[id] = true
		if len(l.Members) < limit || id == l.From {
			l.Members = append(l.Members, listedMember(m))
			continue
		}
		if m.GetIsLearner() {
			l.DroppedLearners++
		} else {
			l.DroppedVoters++
		}
		if !(cluster.ListedMember{Name: m.GetName(), ClientURLs: m.GetClientURLs()}).Started() {
			l.DroppedUnstarted++
		}
	}
	return l
}

func listedMember(m *pb.Member) cluster.ListedMember {
	lm := cluster.ListedMember{ID: cluster.ID(m.GetID()), Name: clip(m.GetName(), maxName), IsLearner: m.GetIsLearner()}
	for _, u := range m.GetClientURLs()[:min(len(m.GetClientURLs()), maxURLs)] {
		if len(u) <= maxURL {
			lm.ClientURLs = append(lm.ClientURLs, strings.Clone(u))
		}
	}
	return lm
}
