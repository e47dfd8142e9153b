package etcd

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// timed is a round that asks nobody and takes a given time.
type timed struct {
	l     *ledger
	began time.Time
	took  time.Duration
}

func (r *timed) run(ctx context.Context) {
	sleep(ctx, r.took)
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	r.l.flying--
}

func (r *timed) observation() cluster.Observation {
	return cluster.Observation{Start: r.began, End: time.Now()}
}

// ledger keeps the books of shared rounds that take as long as they are told.
type ledger struct {
	rounds rounds
	begin  time.Time

	mu     sync.Mutex // guards what follows
	starts []time.Duration
	flying int
	most   int // that were under way at once
}

// share makes rounds that take so long, the last for ever after.
func share(took ...time.Duration) *ledger {
	l := &ledger{begin: time.Now()}
	l.rounds.grace = roundGrace
	l.rounds.start = func() running {
		l.mu.Lock()
		defer l.mu.Unlock()
		r := &timed{l: l, began: time.Now(), took: took[min(len(l.starts), len(took)-1)]}
		l.starts = append(l.starts, time.Since(l.begin))
		l.flying++
		l.most = max(l.most, l.flying)
		return r
	}
	return l
}

// arrival is a caller, and what it got.
type arrival struct {
	at       time.Duration // when it came
	deadline time.Duration // how long it can wait; 0 for 10 s
	start    time.Duration // of the round that it got
	back     time.Duration // when it got it
}

// arrive has the callers come at their times and returns when all have left.
func (l *ledger) arrive(t *testing.T, callers ...*arrival) {
	var wg sync.WaitGroup
	for _, a := range callers {
		wg.Go(func() {
			time.Sleep(a.at) // of the test's own clock
			limit := a.deadline
			if limit == 0 {
				limit = 10 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			o := l.rounds.get(ctx)
			a.start, a.back = o.Start.Sub(l.begin), time.Since(l.begin)
		})
	}
	wg.Wait()
}

const ms = time.Millisecond

func wantStarts(t *testing.T, l *ledger, want ...time.Duration) {
	t.Helper()
	if len(l.starts) != len(want) {
		t.Fatalf("rounds began at %v, want %v", l.starts, want)
	}
	for i := range want {
		if l.starts[i] != want[i] {
			t.Fatalf("rounds began at %v, want %v", l.starts, want)
		}
	}
}

func TestFirstCallerGetsARoundAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(10 * ms)
		a := &arrival{}
		l.arrive(t, a)
		wantStarts(t, l, 0)
		if a.back != 10*ms {
			t.Errorf("it waited %v for a round of 10ms", a.back)
		}
	})
}

// Twenty scrapes that come while a round runs wait for one common next one.
func TestCallersShareTheNextRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(100 * ms)
		callers := []*arrival{{}}
		for i := range 20 {
			callers = append(callers, &arrival{at: time.Duration(1+i) * ms})
		}
		l.arrive(t, callers...)
		wantStarts(t, l, 0, 100*ms)
		for _, a := range callers[1:] {
			if a.start != 100*ms || a.back != 200*ms {
				t.Errorf("who came at %v got the round of %v at %v", a.at, a.start, a.back)
			}
		}
	})
}

// Whatever the traffic, nobody gets a round that began before he came, or waits
// for more than one round of another's.
func TestNobodyGetsAnOldRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took = 70 * ms
		l := share(took)
		var callers []*arrival
		for i := range 500 {
			callers = append(callers, &arrival{at: time.Duration(i*i%4001) * ms})
		}
		l.arrive(t, callers...)
		for _, a := range callers {
			if a.start < a.at {
				t.Errorf("who came at %v got a round that began at %v", a.at, a.start)
			}
			if a.back > a.at+2*took {
				t.Errorf("who came at %v was back at %v", a.at, a.back)
			}
		}
		if n, most := len(l.starts), int(4001*ms/took)+2; n > most {
			t.Errorf("%d rounds, where %d leave no pause", n, most)
		}
	})
}

// A hung member makes a round long. Others do not wait for its end: the next
// starts beside it once it is a quarter of a second old, but never a third.
func TestLongRoundsOverlapByTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(5 * time.Second)
		second, late, third := &arrival{at: 100 * ms}, &arrival{at: 200 * ms}, &arrival{at: 300 * ms}
		l.arrive(t, &arrival{}, second, late, third)
		wantStarts(t, l, 0, 250*ms, 5*time.Second)
		if second.start != 250*ms || late.start != 250*ms {
			t.Errorf("the second round was for two callers: %+v, %+v", second, late)
		}
		if third.start != 5*time.Second {
			t.Errorf("the third caller came when two rounds ran, and got the one of %v", third.start)
		}
		if l.most != maxRounds {
			t.Errorf("%d rounds at once", l.most)
		}
	})
}

// A round that is old enough already is joined at once.
func TestOldRoundIsJoinedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(5*time.Second, 10*ms)
		a := &arrival{at: time.Second}
		l.arrive(t, &arrival{}, a)
		wantStarts(t, l, 0, time.Second)
		if a.back != time.Second+10*ms {
			t.Errorf("it waited until %v", a.back)
		}
	})
}

// Two replicas of Prometheus scrape every ten seconds, five apart: each of
// their scrapes has a round of its own, and none more.
func TestOffsetReplicasHaveTheirOwnRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(5 * ms)
		var callers []*arrival
		var want []time.Duration
		for i := range 12 {
			at := time.Duration(i) * 5 * time.Second
			callers, want = append(callers, &arrival{at: at}), append(want, at)
		}
		l.arrive(t, callers...)
		wantStarts(t, l, want...)
	})
}
