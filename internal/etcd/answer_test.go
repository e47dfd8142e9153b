package etcd

import (
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// plausible is a Status with nothing wrong with it.
func plausible() *pb.StatusResponse {
	return &pb.StatusResponse{
		Header:  &pb.ResponseHeader{ClusterId: 1, MemberId: 2, Revision: 3, RaftTerm: 4},
		Version: "3.7.3", StorageVersion: "3.7.0", Leader: 2, RaftTerm: 4, RaftIndex: 6, RaftAppliedIndex: 5,
		DbSize: 4096, DbSizeInUse: 2048, DbSizeQuota: 1 << 30,
	}
}

func TestStatusIsTaken(t *testing.T) {
	got, problem := statusOf(plausible(), time.Millisecond)
	want := cluster.Status{
		ClusterID: 1, MemberID: 2, Version: "3.7.3", StorageVersion: "3.7.0", Leader: 2, Term: 4,
		RaftIndex: cluster.Known[uint64](6), Applied: cluster.Known[uint64](5), Revision: cluster.Known[int64](3),
		DBSize: cluster.Known[int64](4096), DBInUse: cluster.Known[int64](2048), Quota: cluster.Known[float64](1 << 30),
		Took: time.Millisecond,
	}
	if problem != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("%q %+v\nwant %+v", problem, got, want)
	}
}

// A number that cannot be is unknown and named; the others stand.
func TestAbsurdNumbersAreRejected(t *testing.T) {
	for field, spoil := range map[string]func(*pb.StatusResponse){
		"dbSize":           func(r *pb.StatusResponse) { r.DbSize = -5 },
		"dbSizeInUse":      func(r *pb.StatusResponse) { r.DbSizeInUse = math.MaxInt64 },
		"dbSizeQuota":      func(r *pb.StatusResponse) { r.DbSizeQuota = math.MaxInt64 },
		"raftIndex":        func(r *pb.StatusResponse) { r.RaftIndex = math.MaxUint64 },
		"raftAppliedIndex": func(r *pb.StatusResponse) { r.RaftAppliedIndex = math.MaxUint64 },
		"revision":         func(r *pb.StatusResponse) { r.Header.Revision = math.MinInt64 },
	} {
		r := plausible()
		spoil(r)
		st, problem := statusOf(r, 0)
		if problem != "" || !slices.Equal(st.Rejected, []string{field}) {
			t.Errorf("%s: rejected %v, %q", field, st.Rejected, problem)
		}
		if !slices.Contains(cluster.StatusFields, field) {
			t.Errorf("%s is rejected and not among the fields that can be", field)
		}
		known := []bool{st.DBSize.OK, st.DBInUse.OK, st.Quota.OK, st.RaftIndex.OK, st.Applied.OK, st.Revision.OK}
		if n := len(slices.DeleteFunc(known, func(ok bool) bool { return ok })); n != 1 {
			t.Errorf("%s: %d values are unknown, want that one", field, n)
		}
	}
}

// Half of the file cannot be in use twice over, but may be ahead by a commit.
func TestMoreInUseThanThereIs(t *testing.T) {
	r := plausible()
	r.DbSizeInUse = r.DbSize + 1
	if st, _ := statusOf(r, 0); !st.DBInUse.OK {
		t.Error("one byte ahead is rejected")
	}
	r.DbSizeInUse = 2*r.DbSize + 1
	if st, _ := statusOf(r, 0); st.DBInUse.OK || !st.DBSize.OK {
		t.Errorf("size %v, in use %v", st.DBSize, st.DBInUse)
	}
}

// Who does not say who he is, or lives in a term that raft will never see, says
// nothing.
func TestStatusThatSaysNothing(t *testing.T) {
	for what, spoil := range map[string]func(*pb.StatusResponse){
		"no header":       func(r *pb.StatusResponse) { r.Header = nil },
		"no cluster ID":   func(r *pb.StatusResponse) { r.Header.ClusterId = 0 },
		"no member ID":    func(r *pb.StatusResponse) { r.Header.MemberId = 0 },
		"impossible term": func(r *pb.StatusResponse) { r.RaftTerm = math.MaxUint64 },
	} {
		r := plausible()
		spoil(r)
		if st, problem := statusOf(r, 0); problem == "" {
			t.Errorf("%s: %+v", what, st)
		}
	}
	if _, problem := statusOf(nil, 0); problem == "" {
		t.Error("no answer at all is a Status")
	}
}

// A read's header is remote input like any other.
func TestReadThatProvesNothing(t *testing.T) {
	for what, h := range map[string]*pb.ResponseHeader{
		"no header":       nil,
		"no cluster ID":   {MemberId: 2},
		"no member ID":    {ClusterId: 1},
		"impossible term": {ClusterId: 1, MemberId: 2, RaftTerm: math.MaxUint64},
	} {
		r := served(&pb.RangeResponse{Header: h}, 0)
		if r.Confirmed() || r.Failure.Reason != cluster.ReasonInvalid {
			t.Errorf("%s: %+v", what, r)
		}
	}
	r := served(&pb.RangeResponse{Header: &pb.ResponseHeader{ClusterId: 1, MemberId: 2, RaftTerm: 3, Revision: -1}}, 0)
	if !r.Confirmed() || r.Revision.OK {
		t.Errorf("a negative revision: %+v", r)
	}
}

func TestAlarmsOfEveryVersion(t *testing.T) {
	got := alarmsOf([]string{
		`memberID:9372538179322589801 alarm:NOSPACE `, // 3.4 to 3.6
		`memberID:9372538179322589801  alarm:CORRUPT`, // 3.7, whose spaces vary
		"etcdserver: no leader",
		`memberID:99999999999999999999 alarm:NOSPACE`, // no such number
		`memberID:1 alarm:` + strings.Repeat("X", 1000),
	})
	want := []cluster.Alarm{{Member: 9372538179322589801, Type: "NOSPACE"}, {Member: 9372538179322589801, Type: "CORRUPT"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if n := len(alarmsOf(slices.Repeat([]string{"memberID:1 alarm:NOSPACE"}, 10_000))); n > maxAlarms {
		t.Errorf("%d alarms of ten thousand are kept", n)
	}
}

// Of a list that is too long the members at its head are kept, and the teller;
// the rest is counted.
func TestLongMemberList(t *testing.T) {
	r := &pb.MemberListResponse{Header: &pb.ResponseHeader{ClusterId: 1, MemberId: 10_000}}
	for id := range uint64(10_000) {
		r.Members = append(r.Members, &pb.Member{ID: id + 1, Name: "m", IsLearner: id%10 == 9})
	}
	r.Members[5000].Name = ""
	l := membersOf(r, 200)
	if len(l.Members) != 201 || !l.Contains(10_000) || !l.Contains(1) {
		t.Errorf("%d members are kept", len(l.Members))
	}
	// 9000 voters, 180 of them kept; 1000 learners, 20 kept and the teller.
	if l.DroppedVoters != 8820 || l.DroppedLearners != 979 || l.DroppedUnstarted != 1 {
		t.Errorf("dropped %d voters, %d learners, %d unstarted", l.DroppedVoters, l.DroppedLearners, l.DroppedUnstarted)
	}
}

// The same member ten thousand times is one member.
func TestRepeatedMember(t *testing.T) {
	r := &pb.MemberListResponse{Header: &pb.ResponseHeader{ClusterId: 1, MemberId: 7}}
	r.Members = slices.Repeat([]*pb.Member{{ID: 7, Name: "m"}}, 10_000)
	if l := membersOf(r, 200); len(l.Members) != 1 || l.DroppedVoters != 0 {
		t.Errorf("%d members, %d dropped", len(l.Members), l.DroppedVoters)
	}
}

// What is kept of an answer does not keep the answer: lists and verdicts stay
// for as long as their history does.
func TestKeptAnswersAreSmall(t *testing.T) {
	long := func() string { return strings.Repeat("x", 1<<20) }
	var kept []any
	before := heap()
	for range 20 {
		r := plausible()
		r.Version, r.StorageVersion, r.Errors = long(), long(), []string{"memberID:1 alarm:NOSPACE " + long()}
		st, _ := statusOf(r, 0)
		list := membersOf(&pb.MemberListResponse{
			Members: []*pb.Member{{ID: 1, Name: long(), ClientURLs: []string{"http://" + long(), "http://127.0.0.1:2379"}}},
		}, 200)
		if len(list.Members[0].ClientURLs) != 1 {
			t.Fatalf("URLs of a megabyte are kept")
		}
		kept = append(kept, st, list)
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d answers keep %d bytes", len(kept), grown)
	}
	runtime.KeepAlive(kept)
}

// heap is what lives on the heap, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
