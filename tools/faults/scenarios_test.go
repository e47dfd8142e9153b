package faults

import (
	"slices"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// What follows wherever a member does not answer, or the quorum is lost.
var (
	memberGone = []string{"EtcdMemberDown/warning", "EtcdNoFaultTolerance/warning", "EtcdServerMemberDown/warning"}
	// Clients, of whom the probes are some, feel an election.
	elected = []string{"EtcdLatencySLOBurn/critical", "EtcdLatencySLOBurn/warning", "EtcdProbeLatencyHigh/warning"}
	outage  = append([]string{
		// The confirming reads, and those of the probes, wait for their deadline.
		"EtcdMonitorScrapeSlow/info", "EtcdSlowApplies/warning", "EtcdServerSlowApplies/warning", "EtcdServerGRPCRequestsSlow/warning",
		"EtcdProposalsPending/warning", "EtcdServerProposalsPending/warning",
	}, elected...)
)

func with(lists ...any) []string {
	var all []string
	for _, l := range lists {
		switch l := l.(type) {
		case string:
			all = append(all, l)
		case []string:
			all = append(all, l...)
		}
	}
	return all
}

func three() etcdtest.Options { return etcdtest.Options{Members: 3} }

func proxied(n int) etcdtest.Options { return etcdtest.Options{Members: n, Proxied: true} }

func scenarios() []*scenario {
	return slices.Concat(down(), cutOff(), twoTruths(), changes(), storage(), disks(), access(), blind(), nothing())
}

// down: members that do not answer.
func down() []*scenario {
	return []*scenario{
		{
			name: "follower killed", fault: "a follower is killed", cluster: three(),
			inject: func(r *rig) { etcdtest.OK(r, r.Member(r.follower()).Kill()) },
			heal:   restartDead, must: memberGone,
		},
		{
			name: "leader killed", fault: "the leader is killed", cluster: three(),
			inject: func(r *rig) { etcdtest.OK(r, r.Member(r.leader()).Kill()) },
			heal:   restartDead, must: memberGone, may: elected,
		},
		{
			name: "two of three killed", fault: "two of three members are killed", cluster: three(), quick: true,
			inject: func(r *rig) {
				etcdtest.OK(r, r.Member(1).Kill())
				etcdtest.OK(r, r.Member(2).Kill())
			},
			heal: restartDead,
			must: with("EtcdQuorumLost/critical", "EtcdMemberDown/warning", "EtcdServerQuorumLost/critical", "EtcdServerMemberDown/warning"),
			may:  with(outage, "EtcdNoFaultTolerance/warning"),
		},
		{
			name: "all killed", fault: "all members are killed", cluster: three(),
			inject: func(r *rig) {
				for _, m := range r.Members() {
					etcdtest.OK(r, m.Kill())
				}
			},
			heal: restartDead,
			must: with("EtcdClusterUnreachable/critical", "EtcdMemberDown/warning", "EtcdServerClusterUnreachable/critical", "EtcdServerMemberDown/warning"),
			may:  with(outage, "EtcdNoFaultTolerance/warning", "EtcdQuorumLost/critical", "EtcdServerQuorumLost/critical"),
		},
		{
			name: "follower frozen", fault: "a follower hangs (SIGSTOP)", cluster: three(),
			inject: func(r *rig) { etcdtest.OK(r, r.Member(r.follower()).Freeze()) },
			heal:   thawAll, must: memberGone, may: with("EtcdMonitorScrapeSlow/info"),
		},
		{
			name: "leader frozen", fault: "the leader hangs (SIGSTOP)", cluster: three(),
			inject: func(r *rig) { etcdtest.OK(r, r.Member(r.leader()).Freeze()) },
			heal:   thawAll, must: memberGone, may: with(elected, "EtcdMonitorScrapeSlow/info"),
		},
		{
			name: "two of five killed", fault: "two of five members are killed", cluster: etcdtest.Options{Members: 5},
			inject: func(r *rig) {
				f := r.follower()
				etcdtest.OK(r, r.Member(f).Kill())
				etcdtest.OK(r, r.Member((f+1)%5).Kill())
			},
			heal: restartDead, must: memberGone, may: elected,
		},
	}
}

func restartDead(r *rig) {
	for _, m := range r.Members() {
		if !m.Running() {
			etcdtest.OK(r, m.Launch())
		}
	}
}

func thawAll(r *rig) {
	for _, m := range r.Members() {
		etcdtest.OK(r, m.Thaw())
	}
}
