package faults

import (
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// cutOff: members that answer us and not each other.
func cutOff() []*scenario {
	heal := func(r *rig) { r.Heal() }
	alone := []string{"EtcdNetworkPartition/warning", "EtcdNoFaultTolerance/warning", "EtcdServerMemberNoLeader/warning"}
	return []*scenario{
		{
			name: "follower isolated", fault: "a follower is cut off from its peers", cluster: proxied(3), heal: heal,
			inject: func(r *rig) { etcdtest.OK(r, r.Isolate(r.follower(), etcdtest.Blackhole)) },
			must:   alone, may: with(outage, "EtcdRevisionLag/warning"),
		},
		{
			name: "leader isolated", fault: "the leader is cut off from its peers", cluster: proxied(3), heal: heal, quick: true,
			inject: func(r *rig) { etcdtest.OK(r, r.Isolate(r.leader(), etcdtest.Blackhole)) },
			must:   alone, may: outage,
		},
		{
			name: "everybody alone", fault: "no member reaches another one (1/1/1)", cluster: proxied(3), heal: heal,
			inject: func(r *rig) { etcdtest.OK(r, r.Partition([][]int{{0}, {1}, {2}}, etcdtest.Cut)) },
			must:   with("EtcdQuorumLost/critical", "EtcdNetworkPartition/critical", "EtcdNetworkPartition/warning", "EtcdServerQuorumLost/critical"),
			may:    outage,
		},
		{
			name: "one way", fault: "what the leader sends to a follower is lost, not what comes back", cluster: proxied(3), heal: heal,
			inject: func(r *rig) {
				l := r.leader()
				etcdtest.OK(r, r.CutOneWay(l, (l+1)%3, etcdtest.Blackhole))
			},
			must: alone, may: with(outage, "EtcdRevisionLag/warning"),
		},
		{
			name: "minority of five", fault: "two of five members are cut off from the rest", cluster: proxied(5), heal: heal,
			inject: func(r *rig) {
				f := r.follower()
				g := (f + 1) % 5
				if g == r.leader() {
					g = (f + 2) % 5
				}
				var rest []int
				for i := range 5 {
					if i != f && i != g {
						rest = append(rest, i)
					}
				}
				etcdtest.OK(r, r.Partition([][]int{{f, g}, rest}, etcdtest.Blackhole))
			},
			must: alone, may: outage,
		},
		{
			name: "slow peers", fault: "200 ms between members, each way", cluster: proxied(3), heal: heal,
			inject:   func(r *rig) { etcdtest.OK(r, r.Delay(200*time.Millisecond)) },
			patience: 7 * time.Minute, // five of them are waited for, see patient
			must:     []string{"EtcdProbeLatencyHigh/warning", "EtcdPeerRoundTripSlow/warning", "EtcdServerPeerRoundTripSlow/warning"},
			// Reads wait for a round trip of heartbeats, and heartbeats are late.
			may: with(outage, "EtcdServerSlowReadIndex/warning", "EtcdServerHeartbeatSendFailures/warning"),
		},
		{
			name: "exporters disagree", fault: "a second exporter reaches only a member that is cut off", cluster: proxied(3), heal: heal,
			exporters: func(r *rig) [][]string {
				return [][]string{
					{"--endpoints=" + strings.Join(r.Endpoints(), ",")},
					{"--endpoints=" + r.Endpoints()[2], "--no-discover-members"},
				}
			},
			inject: func(r *rig) { etcdtest.OK(r, r.Isolate(2, etcdtest.Blackhole)) },
			must:   alone, may: outage,
		},
	}
}
