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
	maxAlarms   = 64      // of one answer that are looked at
	defaultSize = 2 << 30 // etcd's quota when none is set, bytes
)

// statusOf turns an answer into facts. A number that cannot be is unknown and
// its field is named. An answer that does not say whose it is says nothing:
// problem then tells why.
func statusOf(r *pb.StatusResponse, took time.Duration) (st cluster.Status, problem string) {
	h := r.GetHeader()
	if h.GetClusterId() == 0 || h.GetMemberId() == 0 {
		return st, "an answer without cluster or member ID"
	}
	if r.GetRaftTerm() > maxIndex {
		return st, "an answer with an impossible term"
	}
	st = cluster.Status{
		ClusterID: cluster.ID(h.GetClusterId()), MemberID: cluster.ID(h.GetMemberId()),
		Version: clip(r.GetVersion()), StorageVersion: clip(r.GetStorageVersion()),
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

func clip(s string) string { return cluster.SafeLabel(s[:min(len(s), maxVersion)]) }

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
		alarms = append(alarms, cluster.Alarm{Member: cluster.ID(id), Type: m[2]})
	}
	return alarms
}

// membersOf reads a member list and drops what is beyond the limit, though not
// from the counts.
func membersOf(r *pb.MemberListResponse, limit int) cluster.MemberList {
	h := r.GetHeader()
	l := cluster.MemberList{Cluster: cluster.ID(h.GetClusterId()), From: cluster.ID(h.GetMemberId())}
	for _, m := range r.GetMembers() {
		lm := cluster.ListedMember{
			ID: cluster.ID(m.GetID()), Name: m.GetName(), IsLearner: m.GetIsLearner(),
			ClientURLs: m.GetClientURLs()[:min(len(m.GetClientURLs()), 8)],
		}
		if len(l.Members) < limit || lm.ID == l.From {
			l.Members = append(l.Members, lm)
			continue
		}
		switch {
		case lm.IsLearner:
			l.DroppedLearners++
		default:
			l.DroppedVoters++
		}
		if !lm.Started() {
			l.DroppedUnstarted++
		}
	}
	return l
}
