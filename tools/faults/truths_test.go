package faults

import (
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// twoTruths: more than one cluster where one should be.
func twoTruths() []*scenario {
	return []*scenario{
		{
			name: "two clusters", fault: "a list of endpoints leads to two clusters", cluster: three(),
			exporters: func(r *rig) [][]string {
				other := etcdtest.New(r, etcdtest.Options{Members: 1})
				return [][]string{{"--endpoints=" + strings.Join(append(r.Endpoints(), other.Endpoints()...), ",")}}
			},
			inject: func(*rig) {}, noQuiet: true,
			must: []string{"EtcdClusterIDMismatch/critical"},
			may:  []string{"EtcdServerMultipleLeaders/warning"},
		},
		{
			name: "force new cluster", fault: "a member is cut off and started with --force-new-cluster", cluster: proxied(3), quick: true,
			inject: func(r *rig) {
				f := r.follower()
				etcdtest.OK(r, r.Isolate(f, etcdtest.Cut))
				etcdtest.OK(r, r.Member(f).RestartForceNewCluster(r.ctx))
			},
			must: []string{"EtcdSplitBrain/critical"},
			may: with(elected, "EtcdServerMultipleLeaders/critical", "EtcdServerMultipleLeaders/warning", "EtcdNoFaultTolerance/warning",
				"EtcdMemberDown/warning", "EtcdServerMemberDown/warning", "EtcdNetworkPartition/warning", "EtcdServerMemberNoLeader/warning",
				"EtcdMembershipChanged/info"),
		},
		{
			name: "cloned data", fault: "a member's data directory is copied, started twice and written to", cluster: etcdtest.Options{Members: 1},
			exporters: func(r *rig) [][]string {
				etcdtest.OK(r, r.Member(0).Kill())
				clone, err := r.CloneDataDir(r.ctx, 0)
				etcdtest.OK(r, err)
				etcdtest.OK(r, r.Member(0).Restart(r.ctx))
				return [][]string{{"--endpoints=" + r.Member(0).Endpoint() + "," + clone.Endpoint()}}
			},
			inject: func(r *rig) { etcdtest.OK(r, r.Put(r.ctx, 20, 16)) }, noQuiet: true,
			must: []string{"EtcdSplitBrain/critical"},
		},
	}
}
