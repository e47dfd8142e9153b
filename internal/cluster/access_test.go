package cluster

import "testing"

// Where we are not let in. That says nothing about the cluster: what it hides
// is unknown, and what it proves counts.
func TestJudgeAccess(t *testing.T) { check(t, access) }

// locked: no credentials, on etcd 3.5 and later.
func locked(m ID) say { return down(m, ReasonAuth).noMemberList(ReasonAuth).stranger() }

var access = []row{
	{"authentication, and no credentials", noList.round(locked(m1), locked(m2), locked(m3)), `
		quorum - auth, claims -, split brain - -
		voters -
		http://m1:2379 auth
		http://m2:2379 auth
		http://m3:2379 auth`},
	{
		"authentication, and no credentials, on 3.4: only the read is refused",
		three.round(up(m1).leads(2).read(ReasonAuth), up(m2).follows(m1, 2).read(ReasonAuth), up(m3).follows(m1, 2).read(ReasonAuth)), `
		quorum - auth, claims 1, split brain 0 0
		voters 3, up 3, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed -, partition -, leads, no Range
		m2 up 1, confirmed -, partition -, no Range
		m3 up 1, confirmed -, partition -, no Range`,
	},
	// etcd checks the permission after ReadIndex: the refusal took a quorum.
	{"a user with an empty role", three.round(up(m1).leads(2).denied(), up(m2).follows(m1, 2).denied(), up(m3).follows(m1, 2).denied()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads, no Range
		m2 up 1, confirmed 1, partition 0, no Range
		m3 up 1, confirmed 1, partition 0, no Range`},
	{"a user with an empty role, and the quorum lost", three.round(up(m1).leaderless(2), up(m2).leaderless(2), killed(m3)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 2, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 0, confirmed 0, partition -, refused`},
	// A login is a raft proposal: without a quorum there is no token to be had.
	{"a password, no token yet, and the quorum lost", noList.round(locked(m1), killed(m2).stranger(), killed(m3).stranger()), `
		quorum - auth, claims -, split brain - -
		voters -
		http://m1:2379 auth
		http://m2:2379 refused
		http://m3:2379 refused`},
	{"a password, the tokens got earlier, and the quorum lost", three.round(up(m1).leads(2).hangs(), killed(m2), killed(m3)), `
		quorum 0, claims 1, split brain 0 0
		voters 3, up 1, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 0, leads
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	// Some releases give Status to root only.
	{
		"Status is forbidden, the read is served",
		noList.round(up(m1).leads(2).noStatus(ReasonDenied), up(m2).follows(m1, 2).noStatus(ReasonDenied)).lists(three.toldBy(m1)), `
		quorum 1, leader not told, term 2, claims -, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition -, no Status, denied
		m2 up 1, confirmed 1, partition -, no Status, denied
		m3 up -, confirmed -, partition -, not configured`,
	},
	{
		"Status is forbidden to us on one member only, and another is isolated",
		three.round(up(m1).leads(2).noStatus(ReasonDenied), up(m2).leaderless(2), up(m3).leaderless(2)).lists(three.toldBy(m2)), `
		quorum 1, leader not told, term 2, claims 0, split brain 0 0
		voters 3, up 3, confirmed 1, quorum size 2, tolerance -1, stale
		m1 up 1, confirmed 1, partition -, no Status, denied
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 1, confirmed 0, partition 1, sees no leader`,
	},
	// Then only the member list tells who is there.
	{"Status is forbidden and the read is denied", noList.round(
		up(m1).denied().noStatus(ReasonDenied).stranger(), up(m2).denied().noStatus(ReasonDenied).stranger(),
		up(m3).denied().noStatus(ReasonDenied).stranger()).lists(three.toldBy(m1)), `
		quorum 1, leader not told, claims -, split brain 0 0
		voters 3, up -, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition -, no Status, no Range, denied
		m2 up -, confirmed 1, partition -, no Status, no Range, denied
		m3 up -, confirmed 1, partition -, no Status, no Range, denied`},
	{"a denied read behind which nobody is known", noList.round(
		up(m1).denied().noStatus(ReasonDenied).noMemberList(ReasonDenied).stranger()), `
		quorum 1, leader not told, claims -, split brain - -
		voters -
		http://m1:2379 denied`},
	{"a denied read of the other cluster proves nothing for this one", three.round(
		up(m1).leaderless(2), up(m2).leaderless(2), killed(m3), up(m4).in(c2).denied().noStatus(ReasonDenied)), `
		quorum 0, claims 0, split brain 0 0
		voters 3, up 2, confirmed 0, quorum size 2, tolerance -2, stale
		m1 up 1, confirmed 0, partition 1, sees no leader
		m2 up 1, confirmed 0, partition 1, sees no leader
		m3 up 0, confirmed 0, partition -, refused
		http://m4:2379 denied`},
	{"the member list is for the administrator", noList.round(
		up(m1).leads(2).noMemberList(ReasonDenied), up(m2).follows(m1, 2).noMemberList(ReasonDenied)), `
		quorum 1, a1 leads in term 2, claims 1, split brain 0 0
		voters -
		a1 up 1, confirmed 1, partition 0, leads, no MemberList
		a2 up 1, confirmed 1, partition 0, no MemberList`},
	{"the member list is for the administrator, and nothing is confirmed", noList.round(
		up(m1).leaderless(2).noMemberList(ReasonDenied), killed(m2)).remembers(three), `
		quorum - auth, claims 0, split brain 0 0
		voters -
		m1 up 1, confirmed 0, partition -, sees no leader, no MemberList
		m2 up 0, confirmed 0, partition -, refused`},
}

func TestJudgeConnections(t *testing.T) { check(t, connections) }

var connections = []row{
	{"TLS fails with all: the quorum is not our certificate's business", noList.round(
		down(m1, ReasonTLSUnknownCA), down(m2, ReasonTLSExpired), down(m3, ReasonTLSClientCertRejected)).remembers(three), `
		quorum - tls, claims -, split brain - -, unreachable
		voters -
		m1 up -, confirmed -, partition -, tls_unknown_ca
		m2 up -, confirmed -, partition -, tls_expired
		m3 up -, confirmed -, partition -, tls_client_cert_rejected`},
	{"TLS fails with one", three.round(up(m1).leads(2), up(m2).follows(m1, 2), down(m3, ReasonTLSNameMismatch)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up -, confirmed -, partition -, tls_name_mismatch`},
	{"TLS fails with one that may have the quorum", three.round(up(m1).leaderless(2), down(m2, ReasonTLS), killed(m3)), `
		quorum - tls, claims 0, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up -, confirmed -, partition -, tls
		m3 up 0, confirmed 0, partition -, refused`},
	{"a name that does not resolve, a black hole and a good one", three.round(
		down(m1, ReasonDNS).stranger(), down(m2, ReasonTimeout).stranger(), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 0, split brain 0 0
		voters 3, up 1, confirmed 1, quorum size 2, tolerance -1
		m1 up 0, confirmed 0, partition -, dns
		m2 up 0, confirmed 0, partition -, timeout
		m3 up 1, confirmed 1, partition 0`},
	{"an endpoint that never led anywhere among good ones", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2), down(m4, ReasonDNS).stranger()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		http://m4:2379 dns`},
	{"something that speaks gRPC and is no etcd", noList.round(down(m1, ReasonUnimplemented).stranger()), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		http://m1:2379 unimplemented`},
	{"a web server", noList.round(down(m1, ReasonInvalid).stranger()), `
		quorum - no_answer, claims -, split brain - -, unreachable
		voters -
		http://m1:2379 invalid`},
	{"an answer that says nothing either way", three.round(up(m1).leaderless(2).read(ReasonTooLarge), killed(m2), killed(m3)), `
		quorum - inconclusive, claims 0, split brain 0 0
		voters 3, up 1, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed -, partition -, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up 0, confirmed 0, partition -, refused`},
	{"somebody else answers at an advertised address", three.round(
		up(m1).leaderless(2), killed(m2), down(m3, ReasonWrongMember).learned()), `
		quorum - inconclusive, claims 0, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -, stale
		m1 up 1, confirmed 0, partition 0, sees no leader
		m2 up 0, confirmed 0, partition -, refused
		m3 up -, confirmed -, partition -, not configured, wrong_member`},
}
