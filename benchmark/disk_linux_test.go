package benchmark

import (
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestSlowDisk: a disk that takes long for each write is what the report blames,
// with the member's own figures as evidence. (Only
// Linux lets a disk be slowed down.)
func TestSlowDisk(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, Fsync: true, LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Type, cfg.Ops, cfg.Duration = Write, 0, 6*time.Second
	const delay = 20 * time.Millisecond // a p99 needs a hundred of them
	etcdtest.OK(t, c.Member(0).SlowDisk(delay))
	r, err := Run(t.Context(), cfg)
	etcdtest.OK(t, err)
	m := r.Server.Members[0]
	if m.FsyncP99 == nil || *m.FsyncP99 < delay.Seconds() || m.FsyncBusy == nil || *m.FsyncBusy < busyFsync {
		t.Errorf("fsync p99 %v, busy %v with a disk that takes %v", m.FsyncP99, m.FsyncBusy, delay)
	}
	if r.Latency.P50 == nil || *r.Latency.P50 < delay.Seconds() {
		t.Errorf("the median write took %v", r.Latency.P50)
	}
	// What else this machine does at the same time is not what is tested.
	r.Server.Client = ClientReport{}
	if got := bottleneck(r); got.What != "disk" || len(got.Evidence) != 2 {
		t.Errorf("the bottleneck is %s: %v", got.What, got.Evidence)
	}
}
