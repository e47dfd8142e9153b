package etcd

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// holdings is what a process has in its hands.
type holdings struct {
	goroutines, descriptors int
	heap                    int64
}

func held() holdings {
	return holdings{goroutines: runtime.NumGoroutine(), descriptors: descriptors(), heap: heap()}
}

// descriptors is how many are open, 0 where the system does not tell.
func descriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open)
}

func (h holdings) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %d KiB on the heap", h.goroutines, h.descriptors, h.heap>>10)
}

// eventuallyHeld waits until the process holds no more than it did, give or take
// a few connections that come and go.
func eventuallyHeld(t *testing.T, when string, before holdings, slack int) {
	t.Helper()
	var now holdings
	defer func() { t.Logf("%s: %v (before: %v)", when, now, before) }()
	etcdtest.Eventually(t, 20*time.Second, when, func() bool {
		now = held()
		return now.goroutines <= before.goroutines+slack && now.descriptors <= before.descriptors+slack &&
			now.heap <= before.heap+8<<20 // what goroutines leave for the next ones
	})
}

// misbehave are the ways of a member that is no use, one after the other.
var misbehave = []func(*testing.T, *fake.Server){
	func(t *testing.T, s *fake.Server) { etcdtest.OK(t, s.Wire(fake.Refuse)) },
	func(t *testing.T, s *fake.Server) { etcdtest.OK(t, s.Wire(fake.Reset)) },
	func(t *testing.T, s *fake.Server) { etcdtest.OK(t, s.Wire(fake.Hang)) },
	func(t *testing.T, s *fake.Server) {
		etcdtest.OK(t, s.Wire(fake.Serve))
		s.Tell(fake.Script{Before: fake.Silent})
	},
	func(_ *testing.T, s *fake.Server) { s.Tell(fake.Script{}) },
}

// Ten thousand observations of members that refuse, reset, hang and return, each
// in turn, leave nothing behind. (Not parallel: what is counted is the process.)
func TestNothingPilesUp(t *testing.T) {
	const (
		clients = 67
		cycles  = 3  // through all ways to misbehave
		rounds  = 10 // of a client and way
	)
	f := fake.New(t, 5)
	idle := held()
	all := make([]*Client, clients)
	for i := range all {
		c, err := New(options(f.Endpoints(), func(o *Options) {
			o.LocalTimeout, o.LinearizableTimeout = 20*ms, 20*ms
			o.Cluster.DialTimeout = 20 * ms
		}))
		etcdtest.OK(t, err)
		all[i] = c
	}
	observe := func() {
		var wg sync.WaitGroup
		for _, c := range all {
			wg.Go(func() {
				for range rounds {
					if v := judge(t, c); len(v.Members) == 0 && v.Up {
						t.Errorf("a round without members: %s", summary(v))
					}
				}
			})
		}
		wg.Wait()
	}
	cycle := func() {
		for n := range misbehave {
			for i, s := range f.Servers()[1:] {
				misbehave[(n+i)%len(misbehave)](t, s)
			}
			observe()
		}
	}
	// settled waits until each client has a connection to everybody: while some
	// are torn down and others wait to be tried again, no two moments are alike.
	settled := func() {
		for _, s := range f.Servers() {
			etcdtest.OK(t, s.Wire(fake.Serve))
			s.Tell(fake.Script{})
		}
		for _, c := range all {
			etcdtest.Eventually(t, time.Minute, "all members at peace", func() bool { return judge(t, c).VotersConfirmed.V == 5 })
		}
	}
	cycle()
	settled()
	warm := held()
	for range cycles - 1 {
		cycle()
	}
	settled()
	var sum uint64
	for _, c := range all {
		sum += c.Stats().Rounds
	}
	if sum < 10_000 {
		t.Errorf("%d rounds", sum)
	}
	eventuallyHeld(t, "after ten thousand observations", warm, 10)
	for _, c := range all {
		c.Close()
	}
	clear(all)
	eventuallyHeld(t, "after Close", idle, 0)
}

// A Client that is closed while rounds and probes are under way, and members
// hang, lets everything go as well.
func TestCloseInTheMiddle(t *testing.T) {
	f := fake.New(t, 3)
	idle := held()
	for range 10 {
		f.Server(1).Tell(fake.Script{})
		f.Server(2).Tell(fake.Script{})
		c := watch(t, f.Endpoints())
		wantHealthy(t, c, 3)
		etcdtest.OK(t, f.Server(1).Wire(fake.Hang))
		f.Server(2).Tell(fake.Script{Before: fake.Silent})
		var wg sync.WaitGroup
		wg.Go(func() { c.Observe(context.Background()) })
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { c.Probe(ctx, ProbeOptions{Interval: time.Second, Samples: 100}, &samples{}) })
		etcdtest.Eventually(t, 10*time.Second, "probes of all", func() bool { return c.Stats().RPCs["KV/Range"] > 9 })
		c.Close()
		cancel()
		wg.Wait()
		etcdtest.OK(t, f.Server(1).Wire(fake.Serve))
	}
	eventuallyHeld(t, "after Close in the middle", idle, 0)
}
