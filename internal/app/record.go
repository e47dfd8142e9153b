package app

import (
	"maps"
	"slices"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcd"
)

// maxLabels bounds the members that are remembered while no list counts: who
// answers may call itself another one each time.
const maxLabels = 256

// record takes in a round, whoever asked for it.
func (m *monitor) record(o cluster.Observation) {
	v := cluster.Judge(o)
	before, seen := m.history.Latest()
	changes := m.history.Record(v)
	if !seen || !v.Start.Before(before.Start) {
		m.tell(before, seen, v, o.Answers, changes)
	}
	m.relabel(v)
	for i := range v.Members {
		mem := &v.Members[i]
		if mem.Read.Confirmed() { // the confirming read is a latency sample
			m.Sample(mem.ID, etcd.OpReadLinearizable, v.Start, mem.Read.Took)
		}
	}
	if m.judgeQuorum(v) && seen {
		m.tellQuorum(v)
	}
}

// judgeQuorum keeps what a round says about the quorum, and reports whether that
// is new. One that had no time to find out has the ticker do so.
func (m *monitor) judgeQuorum(v cluster.Verdict) (changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v.HasQuorum.OK && v.Start.After(m.quorum.Start) {
		changed = v.HasQuorum != m.quorum.HasQuorum
		m.quorum = v
	}
	if v.QuorumUnknown == cluster.UnknownDeadlineTooShort && v.Start.After(m.short) {
		m.short = v.Start
		select {
		case m.hurry <- struct{}{}:
		default: // it was told
		}
	}
	return changed
}

// forgetMembers drops the probes' series of members that the monitor before this
// one watched under the same name, and that this one does not know.
func (m *monitor) forgetMembers(before *monitor) {
	before.mu.Lock()
	old := before.labels
	before.mu.Unlock()
	m.mu.Lock()
	known := slices.Collect(maps.Values(m.labels))
	m.mu.Unlock()
	for _, label := range old {
		if !slices.Contains(known, label) {
			m.probes.Forget(m.name, label)
		}
	}
}

// hurried reports whether scrapes have no time to find out about the quorum: a
// read that is served takes none, one that has to time out takes seconds.
func (m *monitor) hurried() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.short.IsZero() || time.Since(m.short) > hurriedFor {
		return false
	}
	return !m.quorum.HasQuorum.V || m.quorum.Start.Before(m.short)
}

// relabel keeps the members' labels for the probes, which know IDs only, and
// drops the probes' series of members that are gone or renamed.
func (m *monitor) relabel(v cluster.Verdict) {
	present := make(map[cluster.ID]string, len(v.Members))
	for i := range v.Members {
		present[v.Members[i].ID] = v.Members[i].Label
	}
	m.mu.Lock()
	old, now := m.labels, present
	if confirmed := v.MembershipStale.OK && !v.MembershipStale.V; !confirmed {
		// Nobody is gone for want of a list that counts.
		now = maps.Clone(old)
		for id, label := range present {
			if _, ok := now[id]; !ok {
				now[id] = label
			}
		}
		if len(now) > maxLabels {
			now = present
		}
	}
	m.labels = now
	m.mu.Unlock()
	for id, label := range old {
		if now[id] != label {
			m.probes.Forget(m.name, label)
		}
	}
}

func (m *monitor) label(id cluster.ID) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.labels[id]
	return l, ok
}

// Sample implements etcd.ProbeSink.
func (m *monitor) Sample(member cluster.ID, op string, at time.Time, took time.Duration) {
	if label, ok := m.label(member); ok {
		m.history.Sample(member, op, at, took)
		m.probes.Observe(m.name, label, op, took)
	}
}

// Fail implements etcd.ProbeSink.
func (m *monitor) Fail(member cluster.ID, op string, reason cluster.Reason) {
	if label, ok := m.label(member); ok {
		m.probes.Fail(m.name, label, op, reason)
	}
}
