package faults

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

var membershipChanged = "EtcdMembershipChanged/info"

// changes: what people do to clusters.
func changes() []*scenario {
	return []*scenario{
		{
			name: "learner forgotten", fault: "a learner is added and never promoted", cluster: three(),
			inject: func(r *rig) {
				_, err := r.AddLearner(r.ctx)
				etcdtest.OK(r, err)
			},
			must: []string{"EtcdLearnerStuck/warning", "EtcdServerLearnerStuck/warning", membershipChanged},
		},
		{
			name: "voter unstarted", fault: "a voter is added and never started", cluster: three(),
			inject: func(r *rig) {
				_, err := r.AddUnstartedVoter(r.ctx)
				etcdtest.OK(r, err)
			},
			must: []string{"EtcdMemberUnstarted/warning", "EtcdNoFaultTolerance/warning", membershipChanged},
			may:  []string{"EtcdServerMemberMissing/warning"},
		},
		{
			name: "member replaced", fault: "a dead member is removed and another one takes its place", cluster: three(),
			inject: func(r *rig) {
				f := r.follower()
				etcdtest.OK(r, r.Member(f).Kill())
				etcdtest.OK(r, r.RemoveMember(r.ctx, f))
				_, err := r.AddMember(r.ctx)
				etcdtest.OK(r, err)
			},
			// By default an exporter finds the new one; the old one is an endpoint still.
			must: []string{membershipChanged},
			may:  with(elected),
			heal: func(*rig) {},
		},
		{
			name: "scaled", fault: "three members become five and three again", cluster: three(),
			inject: func(r *rig) {
				for range 2 {
					_, err := r.AddMember(r.ctx)
					etcdtest.OK(r, err)
					r.wait(2 * interval)
				}
				for _, i := range []int{4, 3} {
					etcdtest.OK(r, r.RemoveMember(r.ctx, i))
					r.wait(2 * interval)
				}
			},
			must: []string{membershipChanged}, may: elected,
			heal: func(*rig) {},
		},
		{
			name: "leader moves", fault: "the leader changes six times", cluster: three(),
			inject: func(r *rig) {
				for range 6 {
					moveLeader(r)
					r.wait(2 * interval) // so that each is seen
				}
			},
			must: []string{"EtcdLeaderFlapping/warning", "EtcdServerLeaderFlapping/warning"}, may: elected,
			heal: func(*rig) {},
		},
		{
			name: "rolling restart", fault: "one member after the other is restarted", cluster: three(), quick: true,
			inject: func(r *rig) {
				for _, m := range r.Members() {
					etcdtest.OK(r, m.Stop(r.ctx))
					etcdtest.OK(r, m.Restart(r.ctx))
					r.leader()
					r.wait(2 * interval)
				}
			},
			heal: func(*rig) {},
		},
		{
			name: "rolling upgrade", fault: "one member after the other is upgraded from 3.6 to 3.7",
			before: func(r *rig, o *etcdtest.Options) { o.Binary = etcdtest.Binary(r, "3.6") },
			inject: func(r *rig) {
				for _, m := range r.Members() {
					etcdtest.OK(r, m.Stop(r.ctx))
					m.Upgrade()
					etcdtest.OK(r, m.Restart(r.ctx))
					r.leader()
					r.wait(2 * interval)
				}
			},
			heal: func(*rig) {},
		},
		{
			name: "defragmentation", fault: "each member is defragmented under load", cluster: three(),
			inject: func(r *rig) {
				stop := r.Load(r, 4, 1024)
				defer stop()
				cl := r.Client(r.T)
				for _, endpoint := range r.Endpoints() {
					_, err := cl.Defragment(r.ctx, endpoint)
					etcdtest.OK(r, err)
					r.wait(interval)
				}
			},
			may:  []string{"EtcdDefragRunning/none", "EtcdServerDefragRunning/none"},
			heal: func(*rig) {},
		},
	}
}

// moveLeader hands the lead to the next member.
func moveLeader(r *rig) {
	l := r.leader()
	next := r.Member((l + 1) % len(r.Members()))
	cl := r.Client(r.T, r.Member(l).Endpoint())
	defer func() { _ = cl.Close() }()
	ctx, cancel := context.WithTimeout(r.ctx, 10*time.Second)
	defer cancel()
	_, err := clientv3.NewMaintenance(cl).MoveLeader(ctx, next.ID())
	etcdtest.OK(r, err)
}
