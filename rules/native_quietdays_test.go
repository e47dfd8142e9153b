package rules_test

// nativeDays are the working days of a healthy cluster of three.
var nativeDays = []struct {
	name   string
	change func(*etcd)
}{
	{"nothing happens", nil},
	{"an upgrade rolls through: each member is away for two minutes, and leads before", nativeRollingRestart},
	{"an election", nativeElection},
	{"a defragmentation blocks a member for ten minutes", func(e *etcd) { e.members[1].defrags = within(20, 20) }},
	{"a member is removed as planned and its target goes after it", nativeRemoval},
	{"a new cluster: a minute without a leader, writes that fail, all counters begin", nativeFreshStart},
	{"a member crashes and is back before the next scrape", nativeCrash},
	{"a member is added as a learner, found by service discovery, and promoted", nativeGrowth},
	{"each member fails a scrape", nativeMissedScrapes},
	{"the leader is handed over by hand, twice", nativeHandover},
}

// since counts steps that have come.
func since(at ...int) func(int) int {
	return func(step int) int {
		n := 0
		for _, a := range at {
			if step >= a {
				n++
			}
		}
		return n
	}
}

func nativeRollingRestart(e *etcd) {
	begins := []int{20, 30, 40}
	e.changes = since(begins...)
	e.leader = func(step int) string { return []string{"m1", "m2", "m3", "m1"}[e.changes(step)] }
	for i, p := range e.members {
		p.runs = not(within(begins[i], 4))
		p.version = func(step int) string { return map[bool]string{false: "3.6.16", true: "3.7.3"}[step >= begins[i]] }
	}
}

// nativeElection leaves a minute without a leader, far longer than one takes.
func nativeElection(e *etcd) {
	lost := within(30, 2)
	e.changes = since(32)
	e.leader = func(step int) string {
		if lost(step) {
			return ""
		}
		return []string{"m1", "m2"}[e.changes(step)]
	}
	e.refused = func(step int) int { return 40 * since(30, 31)(step) }
}

func nativeRemoval(e *etcd) {
	p := e.members[2]
	p.known, p.runs, p.target = not(from(30)), not(from(31)), not(from(36))
}

func nativeFreshStart(e *etcd) {
	e.changes = since(8)
	e.leader = func(step int) string { return map[bool]string{true: "m1"}[step >= 8] }
	e.refused = func(step int) int { return 60 * since(6, 7, 8)(step) }
	for _, p := range e.members {
		p.target, p.runs, p.known = from(4), from(6), from(6)
	}
}

// nativeCrash leaves no gap: nothing but counters that begin anew tells of it.
func nativeCrash(e *etcd) {
	e.members[0].crashed = within(30, 1)
	e.changes = since(30)
}

func nativeGrowth(e *etcd) {
	p := e.add("m4")
	p.known, p.runs, p.target, p.learner = from(20), from(22), from(26), within(20, 40)
}

func nativeMissedScrapes(e *etcd) {
	for i, p := range e.members {
		p.missed = within(20+10*i, 1)
	}
}

func nativeHandover(e *etcd) {
	e.changes = since(20, 40)
	e.leader = func(step int) string { return []string{"m1", "m2", "m3"}[e.changes(step)] }
}
