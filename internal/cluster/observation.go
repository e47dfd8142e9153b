package cluster

import "time"

// MinReadWait is the shortest wait after which an unanswered linearizable read
// speaks against a quorum: two election timeouts of etcd's default. With less,
// every election and every slow network would look like a lost quorum.
const MinReadWait = 2 * time.Second

// Observation is what one round brought back. It is immutable.
type Observation struct {
	Cluster string    // the configured name
	Start   time.Time // when the first question was sent
	End     time.Time // when the last answer was in, or given up
	Answers []Answer  // one per endpoint asked, in a stable order: configured, then discovered
	// Second is the second look, begun after the first one had ended, at the
	// endpoints that SecondLook named. Nil when none was needed.
	Second []Answer
	Lists  []MemberList // those asked for in this round
	// Remembered is the last member list of a confirmed member, of an earlier
	// round. It gives names to members that no longer answer, no more.
	Remembered []ListedMember
	// Rivals are the clusters that answered beside each other in an earlier round.
	// Endpoints of theirs that are silent now have not changed sides.
	Rivals []ID
}

// Answer is what one endpoint said in one look. Status and StatusFailure both
// nil means that it was not asked.
type Answer struct {
	Endpoint   string // the URL as configured or advertised
	Configured bool   // false: learned from a member list
	// Wanted is the member whose advertised URL this is, for an endpoint that
	// was learned; 0 for a configured one.
	Wanted ID
	// Last is the member that answered at this endpoint before; 0 when none
	// did or when it keeps changing.
	Last Identity
	// Balanced: different members answer here, as behind a load balancer.
	Balanced bool

	Status        *Status
	StatusFailure *Failure
	Read          Read
	// ListFailure is why the member list could not be had from here, if it was
	// asked.
	ListFailure *Failure
}

// Identity of the member that answered; zero when none did. Where Status is
// forbidden, the header of a served read tells.
func (a Answer) Identity() Identity {
	if a.Status == nil {
		return a.Read.From
	}
	return Identity{a.Status.ClusterID, a.Status.MemberID}
}

// Answered reports whether etcd answered at all, if only to refuse us.
func (a Answer) Answered() bool {
	if a.Status != nil || a.Read.Confirmed() || a.Read.Outcome == ReadNotApplicable {
		return true
	}
	return a.StatusFailure != nil && a.StatusFailure.Reason.refusal()
}

// confirmed reports whether the read proves a quorum to the member whose Status
// this is. A proxy that spreads its calls asks one member for its Status and may
// have another one, better connected, serve the read.
func (a Answer) confirmed() bool {
	return a.Read.Confirmed() && (a.Read.From == Identity{} || a.Read.From == a.Identity())
}

// Claim is the leadership that the answer confirms: its own view of the leader,
// vouched for by a linearizable read.
func (a Answer) Claim() (Claim, bool) {
	if a.Status == nil || !a.confirmed() || a.Status.Leader == 0 {
		return Claim{}, false
	}
	return Claim{a.Status.Leader, a.Status.Term}, true
}

// Failure is why a call brought nothing.
type Failure struct {
	Reason Reason
	Text   string        // for logs and people; remote input
	After  time.Duration // how long the call had been waiting
}

// Status is a member's answer to Maintenance.Status. Numbers that make no sense
// (negative sizes, an applied index beyond any) are unknown and named in
// Rejected.
type Status struct {
	ClusterID, MemberID ID
	Version             string
	StorageVersion      string // 3.6 and later, else empty
	Leader              ID     // the member's view; 0 for none
	// Term is the term of the last applied entry, not the term of the raft
	// node: a new leader reports the old one until it has applied an entry.
	Term             uint64
	RaftIndex        Opt[uint64]
	Applied          Opt[uint64]
	Revision         Opt[int64]
	DBSize           Opt[int64] // bytes allocated
	DBInUse          Opt[int64] // bytes in use
	Quota            Opt[float64]
	Alarms           []Alarm
	IsLearner        bool
	DowngradeEnabled Opt[bool] // 3.6 and later
	Rejected         []string  // fields whose value was refused
	Took             time.Duration
}

// ReadOutcome is how a linearizable read ended.
type ReadOutcome int

// How a linearizable read ends.
const (
	ReadNotSent       ReadOutcome = iota
	ReadServed                    // answered: quorum proven
	ReadDenied                    // PermissionDenied, which etcd decides after ReadIndex: quorum proven
	ReadNotApplicable             // refused by a learner
	ReadFailed
)

// Read is the outcome of a linearizable Range of one key.
type Read struct {
	Outcome  ReadOutcome
	Failure  Failure    // when ReadFailed
	From     Identity   // header.cluster_id and member_id, zero when the answer had no header
	Term     uint64     // header.raft_term, 0 when the answer had no header
	Revision Opt[int64] // header.revision
	Took     time.Duration
}

// Confirmed reports whether the read proves a quorum.
func (r Read) Confirmed() bool { return r.Outcome == ReadServed || r.Outcome == ReadDenied }

// lost reports whether the read speaks against a quorum.
func (r Read) lost() bool {
	return r.Outcome == ReadFailed && r.Failure.Reason.lost() && !r.short()
}

// short reports a wait that was cut before it could prove anything.
func (r Read) short() bool {
	return r.Outcome == ReadFailed && r.Failure.Reason == ReasonTimeout && r.Failure.After < MinReadWait
}

// StatusFields are the fields of a Status whose value may be refused, by their
// names in etcd's API.
var StatusFields = []string{"dbSize", "dbSizeInUse", "dbSizeQuota", "raftAppliedIndex", "raftIndex", "revision"}
