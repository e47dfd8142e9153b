package cluster

// Reason says why a call to a member failed. The set is fixed, because it is a
// label; docs/metrics.md explains each.
type Reason string

// The reasons, from the wire up.
const (
	ReasonDNS                   Reason = "dns"                      // the host name does not resolve
	ReasonRefused               Reason = "refused"                  // nobody listens there
	ReasonUnreachable           Reason = "unreachable"              // no route, reset, or the connection broke
	ReasonTimeout               Reason = "timeout"                  // no answer within the deadline
	ReasonTLSUnknownCA          Reason = "tls_unknown_ca"           // the server's certificate is signed by a CA we do not trust
	ReasonTLSNameMismatch       Reason = "tls_name_mismatch"        // the server's certificate is for another name
	ReasonTLSExpired            Reason = "tls_expired"              // a certificate is expired or not yet valid
	ReasonTLSClientCertRejected Reason = "tls_client_cert_rejected" // the server refuses our certificate, or wants one
	ReasonTLS                   Reason = "tls"                      // any other failure of the handshake
	ReasonAuth                  Reason = "auth"                     // not logged in: no credentials, wrong ones, or no token to be had
	ReasonDenied                Reason = "denied"                   // logged in, but not permitted to make this call
	ReasonNoLeader              Reason = "no_leader"                // the member answers that it has no leader
	ReasonNoSpace               Reason = "no_space"                 // the quota is exceeded
	ReasonInvalid               Reason = "invalid"                  // the answer cannot be decoded or makes no sense
	ReasonTooLarge              Reason = "too_large"                // the answer exceeds the limit
	ReasonUnimplemented         Reason = "unimplemented"            // this server does not know the call
	ReasonWrongMember           Reason = "wrong_member"             // another member answers at that address
	ReasonOther                 Reason = "other"
)

// Reasons lists every Reason, in the order of the documentation.
var Reasons = []Reason{
	ReasonDNS, ReasonRefused, ReasonUnreachable, ReasonTimeout,
	ReasonTLSUnknownCA, ReasonTLSNameMismatch, ReasonTLSExpired, ReasonTLSClientCertRejected, ReasonTLS,
	ReasonAuth, ReasonDenied, ReasonNoLeader, ReasonNoSpace,
	ReasonInvalid, ReasonTooLarge, ReasonUnimplemented, ReasonWrongMember, ReasonOther,
}

// TLS reports whether the handshake failed.
func (r Reason) TLS() bool {
	switch r {
	case ReasonTLSUnknownCA, ReasonTLSNameMismatch, ReasonTLSExpired, ReasonTLSClientCertRejected, ReasonTLS:
		return true
	}
	return false
}

// lost reports whether a linearizable read that failed for this reason speaks
// against a quorum: the member was not there, or was there and could not get
// its read confirmed. A refusal to talk to us says nothing about the cluster.
func (r Reason) lost() bool {
	switch r {
	case ReasonDNS, ReasonRefused, ReasonUnreachable, ReasonTimeout, ReasonNoLeader:
		return true
	}
	return false
}

// refusal reports that etcd itself answered, and would not serve us.
func (r Reason) refusal() bool { return r == ReasonAuth || r == ReasonDenied }

// Down reports whether a failed Status for this reason means that the member is
// down or unreachable from here. A refusal, a failed handshake (a matter of
// certificates) and somebody else at the address do not.
func (r Reason) Down() bool {
	return !r.refusal() && !r.TLS() && r != ReasonWrongMember && r != ReasonUnimplemented
}

// Unknown says why has_quorum cannot be told. The set is fixed, as it is a
// label.
type Unknown string

// Why has_quorum is unknown.
const (
	UnknownNoAnswer          Unknown = "no_answer"            // no member answered
	UnknownAuth              Unknown = "auth"                 // members refuse us for want of a login or a permission
	UnknownTLS               Unknown = "tls"                  // the handshake fails
	UnknownLearnerOnly       Unknown = "learner_only"         // only learners answer
	UnknownProxy             Unknown = "proxy"                // the member that answers is not in its own member list
	UnknownNoMemberList      Unknown = "no_member_list"       // nobody gave a member list
	UnknownUnconfigured      Unknown = "unconfigured_members" // voters exist that no endpoint reaches
	UnknownDeadlineTooShort  Unknown = "deadline_too_short"   // the scrape left less than two seconds
	UnknownInconclusiveReads Unknown = "inconclusive"         // reads failed for a reason that proves nothing
)

// Unknowns lists every Unknown, in the order of the documentation.
var Unknowns = []Unknown{
	UnknownNoAnswer, UnknownAuth, UnknownTLS, UnknownLearnerOnly, UnknownProxy,
	UnknownNoMemberList, UnknownUnconfigured, UnknownDeadlineTooShort, UnknownInconclusiveReads,
}
