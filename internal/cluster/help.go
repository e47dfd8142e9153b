package cluster

// Help says in a sentence what a reason means to an operator.
func (r Reason) Help() string { return reasonHelp[r] }

// Help says in a sentence why has_quorum cannot be told.
func (u Unknown) Help() string { return unknownHelp[u] }

var reasonHelp = map[Reason]string{
	ReasonDNS:                   "The host name does not resolve.",
	ReasonRefused:               "Nobody listens at that address: the host is there, the process is not.",
	ReasonUnreachable:           "There is no route, or the connection was reset or broke.",
	ReasonTimeout:               "No answer came within the deadline, as from a host that is gone, a frozen process, or a member that waits for a leader.",
	ReasonTLSUnknownCA:          "The server's certificate is signed by a CA that is not trusted here.",
	ReasonTLSNameMismatch:       "The server's certificate is for another name.",
	ReasonTLSExpired:            "A certificate, the server's or ours, is expired or not yet valid.",
	ReasonTLSClientCertRejected: "The server refuses our client certificate, or wants one and got none.",
	ReasonTLS:                   "The handshake failed for any other cause, as between TLS and plain text.",
	ReasonAuth:                  "Not logged in: no credentials, wrong ones, or no token to be had, as when there is no quorum to log in with.",
	ReasonDenied:                "Logged in, but not permitted to make this call.",
	ReasonNoLeader:              "The member answers that it has no leader.",
	ReasonNoSpace:               "The space quota is exceeded; etcd refuses writes.",
	ReasonInvalid:               "The answer cannot be decoded or makes no sense.",
	ReasonTooLarge:              "The answer exceeds the limit of what is read.",
	ReasonUnimplemented:         "This server does not know the call.",
	ReasonWrongMember:           "Another member answers at the address that this one advertises.",
	ReasonOther:                 "Anything else; the log has the text.",
}

var unknownHelp = map[Unknown]string{
	UnknownNoAnswer:          "No member answered: the members may be down, or only the way to them.",
	UnknownAuth:              "Members refuse us for want of a login or of a permission.",
	UnknownTLS:               "The TLS handshake fails.",
	UnknownLearnerOnly:       "Only learners answer, and they cannot confirm a quorum.",
	UnknownProxy:             "The member that answers is not in its own member list, as behind etcd's grpc-proxy.",
	UnknownNoMemberList:      "No member gave a member list, so it is not known who the voters are.",
	UnknownUnconfigured:      "There are voters that no endpoint leads to, and they may well have a quorum.",
	UnknownDeadlineTooShort:  "Less than two seconds were left to wait for a read, which an election alone can take.",
	UnknownInconclusiveReads: "Reads failed for a reason that proves nothing about the cluster.",
}
