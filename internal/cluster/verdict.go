package cluster

import "time"

// Verdict is what one Observation says about its cluster. It is immutable, and
// holds nothing of earlier rounds.
type Verdict struct {
	Cluster string
	Start   time.Time // of the round
	Took    time.Duration

	// Up: an etcd of this cluster answered, if only to refuse us.
	Up bool
	// HasQuorum is unknown for the reason QuorumUnknown.
	HasQuorum     Opt[bool]
	QuorumUnknown Unknown
	HasLeader     Opt[bool] // as HasQuorum: a confirmed read is served by a leader
	// Leader is the confirmed leadership, the one of the highest term if there
	// are several; zero when there is none, or when Status does not tell it.
	Leader Claim
	Term   Opt[uint64] // the highest that a confirmed member reports

	Voters, VotersUp, VotersConfirmed Opt[int]
	Learners, Unstarted               Opt[int]
	QuorumSize, FailureTolerance      Opt[int]
	// MembershipStale: the member list is not vouched for by a quorum.
	MembershipStale Opt[bool]

	LeaderClaims Opt[int] // members that say they lead
	ClusterIDs   []ID     // distinct ones among the endpoints, silent Rivals included, ascending
	MainCluster  ID       // the one that the figures describe
	SplitBrain   SplitBrain

	Members []Member // ordered by ID
	// StrayAlarms are raised for members that are not known, as after a removal.
	StrayAlarms []Alarm
	Failed      []EndpointFailure
	// List is the member list that was believed, in the order of IDs; it is
	// confirmed when MembershipStale is known and false.
	List []ListedMember
	// Truncated: the member list is longer than the limit, and some members
	// have no series.
	Truncated bool
}

// SplitBrain has a value per way in which a cluster can be two.
type SplitBrain struct {
	ClusterID Opt[bool] // endpoints of one logical cluster belong to different clusters
	Leaders   Opt[bool] // two leaderships confirmed, and confirmed again
}

// Member is the verdict on one member of the main cluster.
type Member struct {
	Label     string // unique in the cluster, safe as a label value
	ID        ID
	ClusterID ID
	// Listed: in the believed member list. A member that answers without being
	// listed was removed, or is no member of this cluster.
	Listed     bool
	Started    bool
	Learner    bool
	Configured bool // a configured endpoint leads to it, and to no other member

	Up        Opt[bool]
	Confirmed Opt[bool] // voters only
	HasLeader Opt[bool] // the member's own view; a learner's is worth nothing, it never sees a leader go
	IsLeader  Opt[bool] // the member's own view
	Partition Opt[bool] // suspected; voters that answer only

	Status      *Status // nil when it did not answer
	Read        Read
	Lag         Opt[uint64] // entries behind the largest raft index of any member
	Permissions []Permission
	Alarms      map[string]bool // by type; nil when no member answered
}

// Permission says whether etcd lets us make a call.
type Permission struct {
	RPC     string // Status, Range, MemberList
	Allowed bool
}

// EndpointFailure is an endpoint that gave no Status.
type EndpointFailure struct {
	Member   string // label, empty when it is not known whose endpoint it is
	Endpoint string
	Failure  Failure
}
