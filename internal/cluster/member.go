package cluster

import "strconv"

// ID is a member ID or a cluster ID. etcd prints both as lower-case
// hexadecimal without leading zeros, and so do we.
type ID uint64

// String is the form that etcdctl prints.
func (id ID) String() string { return strconv.FormatUint(uint64(id), 16) }

// Identity tells members apart: a member ID is unique within its cluster only.
type Identity struct {
	Cluster ID
	Member  ID
}

// Claim is a leadership: who leads, in which term. A Claim of leader 0 is no
// claim.
type Claim struct {
	Leader ID
	Term   uint64
}

// Alarm is an alarm that is raised in the cluster, and on which member.
type Alarm struct {
	Member ID
	Type   string // NOSPACE, CORRUPT, or what a later etcd invents
}

// ListedMember is an entry of etcd's member list. Name and URLs are remote
// input: any bytes, any length.
type ListedMember struct {
	ID         ID
	Name       string
	ClientURLs []string
	IsLearner  bool
}

// Started reports whether the member has ever joined: etcd lists a member that
// was added but not yet started without a name and without client URLs.
func (m ListedMember) Started() bool { return m.Name != "" || len(m.ClientURLs) > 0 }

// MemberList is the member list as one endpoint told it, serializably.
type MemberList struct {
	Endpoint string // who was asked
	Cluster  ID
	From     ID // the member that answered
	Members  []ListedMember
	// Dropped counts entries beyond the limit of members that are looked at.
	// They count as voters or learners all the same.
	DroppedVoters, DroppedLearners, DroppedUnstarted int
}

// Contains reports whether the list has a member of that ID.
func (l MemberList) Contains(id ID) bool {
	_, ok := l.find(id)
	return ok
}

func (l MemberList) find(id ID) (ListedMember, bool) {
	for _, m := range l.Members {
		if m.ID == id {
			return m, true
		}
	}
	return ListedMember{}, false
}
