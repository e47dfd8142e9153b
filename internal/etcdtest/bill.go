package etcdtest

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Bill is what one kind of work costs, as a benchmark adds it up.
type Bill struct {
	c    *Cluster
	pid  int
	n    int
	wall []time.Duration
	// What the worker's process has used, and the processes of all members.
	own, etcd time.Duration
}

// Bill of work that the process pid does with the cluster.
func (c *Cluster) Bill(pid int) *Bill { return &Bill{c: c, pid: pid} }

// Pay does the work n times, each time after a pause: scrapes do not come back
// to back, and find caches cold. Kinds of work take turns in paying, so that
// what else the machine does falls on all of them alike.
func (l *Bill) Pay(b *testing.B, n int, pause time.Duration, work func()) {
	b.Helper()
	etcd, own := l.c.CPU(b), l.used(b)
	for range n {
		time.Sleep(pause)
		start := time.Now()
		work()
		l.wall = append(l.wall, time.Since(start))
	}
	l.own += l.used(b) - own
	l.etcd += l.c.CPU(b) - etcd
	l.n += n
}

func (l *Bill) used(b *testing.B) time.Duration {
	b.Helper()
	u, err := UsageOf(l.pid)
	OK(b, err)
	return u.CPU
}

// Less takes off what would have been used with no work done, as often.
func (l *Bill) Less(idle *Bill) {
	l.own = max(l.own-idle.own, 0)
	l.etcd = max(l.etcd-idle.etcd, 0)
}

// Report gives what the work takes once: the time, in the middle of all, the
// CPU of its process and that inside etcd; and how much that is of the floor,
// the least that there is.
func (l *Bill) Report(b *testing.B, name string, floor *Bill) {
	b.Helper()
	add := func(what string, of func(*Bill) float64) {
		b.ReportMetric(of(l), name+what+"-us")
		if l != floor {
			b.ReportMetric(of(l)/of(floor), name+what+"/floor")
		}
	}
	add("", func(l *Bill) float64 { return float64(l.middle().Microseconds()) })
	add("-cpu", func(l *Bill) float64 { return float64(l.own.Microseconds()) / float64(l.n) })
	add("-etcd-cpu", func(l *Bill) float64 { return float64(l.etcd.Microseconds()) / float64(l.n) })
}

func (l *Bill) middle() time.Duration {
	slices.Sort(l.wall)
	return l.wall[len(l.wall)/2]
}

// StatusRound asks each member for its Status once, all at the same time, on
// connections that are warm: the least that watching a cluster can cost. It
// needs a cluster without TLS.
func (c *Cluster) StatusRound(b *testing.B) func() {
	b.Helper()
	var members []pb.MaintenanceClient
	for _, m := range c.Members() {
		conn, err := grpc.NewClient(m.Endpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		OK(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		members = append(members, pb.NewMaintenanceClient(conn))
	}
	round := func() {
		answered := make(chan error, len(members))
		for _, m := range members {
			go func() {
				_, err := m.Status(b.Context(), &pb.StatusRequest{})
				answered <- err
			}()
		}
		for range members {
			OK(b, <-answered)
		}
	}
	round()
	return round
}
