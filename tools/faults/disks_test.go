package faults

import (
	"fmt"
	"runtime"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// disks: those that take long until what is written is durable. Only Linux lets
// them be slowed down.
func disks() []*scenario {
	if runtime.GOOS != "linux" {
		return nil
	}
	durable := etcdtest.Options{Members: 3, Fsync: true}
	slow := []string{"EtcdWALFsyncSlow/warning", "EtcdServerWALFsyncSlow/warning", "EtcdBackendCommitSlow/warning", "EtcdServerBackendCommitSlow/warning"}
	return []*scenario{
		{
			name: "slow disk of a follower", fault: "the disk of a follower takes 200 ms for a write", cluster: durable,
			inject: func(r *rig) { r.slowDisk(r.follower(), 200*time.Millisecond) }, heal: fastDisks,
			// The leader's word on what may be read waits behind what is written.
			must: slow, may: with(outage, "EtcdServerSlowReadIndex/warning"),
		},
		{
			name: "slow disk of the leader", fault: "the disk of the leader takes 700 ms for a write", cluster: durable,
			inject: func(r *rig) { r.slowDisk(r.leader(), 700*time.Millisecond) }, heal: fastDisks,
			must: []string{"EtcdWALFsyncSlow/critical", "EtcdServerWALFsyncSlow/critical"},
			// A leader that waits for its disk is late with its heartbeats.
			may: with(slow, outage, "EtcdServerHeartbeatSendFailures/warning", "EtcdServerSlowReadIndex/warning"),
		},
	}
}

// slowDisk slows down a member's disk while a few writes a second reach it.
func (r *rig) slowDisk(i int, delay time.Duration) {
	r.Helper()
	cl := r.Client(r.T)
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for n := 0; r.ctx.Err() == nil; n++ {
			_, _ = cl.Put(r.ctx, fmt.Sprint("etcdtest/trickle/", n%100), "value") // some may fail: the disk is slow
			<-tick.C
		}
	}()
	etcdtest.OK(r, r.Member(i).SlowDisk(delay))
}

func fastDisks(r *rig) {
	for _, m := range r.Members() {
		etcdtest.OK(r, m.SlowDisk(0))
	}
}
