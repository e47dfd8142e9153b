package etcd

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// A stall weighs as many failures as it lasts, not as many as probes fit into it.
func TestProbeCountsTheSlotsOfAStall(t *testing.T) {
	t.Parallel()
	f := fake.New(t, 1)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 1)
	f.Server(0).Tell(fake.Script{Before: fake.Silent})
	before := f.Calls()["KV/Range"]
	s, stop := probe(t, c, often)
	failed := 0
	etcdtest.Eventually(t, startsWithin, "failures", func() bool {
		_, failed = s.total("")
		return failed >= 20
	})
	calls := f.Calls()["KV/Range"] - before
	stop()
	// A call hangs for two seconds and more, which are ten slots of each kind.
	if failed < 2*calls {
		t.Errorf("%d failures of %d calls", failed, calls)
	}
	for p, reasons := range s.failed {
		for _, r := range reasons {
			if r != cluster.ReasonTimeout {
				t.Errorf("%v failed because of %s", p, r)
			}
		}
	}
}

// An election ends reads, and clients read again: what they see is that it takes
// long, which is a sample like any other.
func TestProbeOutlastsAnElection(t *testing.T) {
	t.Parallel()
	f := fake.New(t, 1)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 1)
	f.Server(0).Tell(fake.Script{Before: func(_ context.Context, method string) error {
		if method == "KV/Range" {
			return status.Error(codes.Unavailable, "etcdserver: leader changed")
		}
		return nil
	}})
	before := f.Calls()["KV/Range"]
	s, stop := probe(t, c, often)
	etcdtest.Eventually(t, startsWithin, "reads", func() bool { return f.Calls()["KV/Range"]-before > 5 })
	if taken, failed := s.total(OpReadSerializable); taken+failed != 0 {
		t.Errorf("%d samples and %d failures while nobody leads", taken, failed)
	}
	elected := time.Now()
	f.Server(0).Tell(fake.Script{})
	one := probed{cluster.ID(f.Server(0).ID), OpReadSerializable}
	etcdtest.Eventually(t, startsWithin, "a sample", func() bool { n, _ := s.total(one.op); return n > 0 })
	stop()
	if began := s.at[one][0]; !began.Before(elected) {
		t.Errorf("the first sample began %v after the election", began.Sub(elected))
	}
}

// A clock that is set back must not make the lease look young for an hour.
func TestLeaseAgesByTheMonotonicClock(t *testing.T) {
	t.Parallel()
	f := fake.New(t, 1)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 1)
	w := &writer{c: c, key: often.Key}
	for range 2 {
		etcdtest.OK(t, w.renew(t.Context(), c.targets()[0]))
	}
	if at := w.renewed.Load().String(); !strings.Contains(at, " m=") {
		t.Errorf("the lease was renewed at %s, of the wall clock", at)
	}
	if n := f.Calls()["Lease/LeaseGrant"]; n != 1 {
		t.Errorf("%d leases", n)
	}
}
