// Package etcd asks real etcd: it dials endpoints, logs in, and turns answers
// into the facts of package cluster. It concludes nothing.
//
// Three things are true of every call here. It has a deadline of its own, so a
// hung member costs its own time and nobody else's. Its answer is bounded in
// size, and what the answer says is remote input: IDs may be missing, numbers
// absurd, names arbitrary bytes. And it writes nothing: Status, Range,
// MemberList and HashKV are answered without a raft proposal, which is why
// alarms are read from Status and never asked for (Maintenance.Alarm proposes).
// Logins by password (Authenticate) are the one exception, and are kept for as
// long as etcd accepts them.
package etcd
