package etcd

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// One caller's short deadline costs nobody else a second: he gets what is known
// by then, they get their round.
func TestShortDeadlineHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(10*ms, 3*time.Second)
		hasty, patient := &arrival{at: ms, deadline: 500 * ms}, &arrival{at: 2 * ms, deadline: 5 * time.Second}
		l.arrive(t, &arrival{}, hasty, patient)
		if hasty.start != 10*ms || hasty.back != 501*ms {
			t.Errorf("the hasty one got the round of %v at %v", hasty.start, hasty.back)
		}
		if patient.start != 10*ms || patient.back != 3010*ms {
			t.Errorf("the patient one got the round of %v at %v", patient.start, patient.back)
		}
	})
}

// A round runs no longer than the most patient of those who wait for it.
func TestRoundEndsWithItsLastCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(time.Hour)
		l.arrive(t, &arrival{deadline: time.Second}, &arrival{at: 2 * time.Second, deadline: time.Second})
		wantStarts(t, l, 0, 2*time.Second)
		if l.most != 1 {
			t.Error("the first round went on when nobody waited for it")
		}
	})
}

// Who has to leave before his round begins leaves with what the youngest one under
// way knows: of members that answer others he must not say that nobody does.
func TestRoundThatNeverBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(5 * time.Second)
		hasty, third := &arrival{at: 100 * ms, deadline: 100 * ms}, &arrival{at: 600 * ms, deadline: 4 * time.Second}
		l.arrive(t, &arrival{}, hasty, &arrival{at: 150 * ms}, third)
		if hasty.start != 0 || hasty.back != 200*ms {
			t.Errorf("who could wait until 200ms got the round of %v at %v", hasty.start, hasty.back)
		}
		if third.start != 250*ms || third.back != 4600*ms {
			t.Errorf("who came third and could wait until 4.6s got the round of %v at %v", third.start, third.back)
		}
		wantStarts(t, l, 0, 250*ms) // and none for those who have left
	})
}

// A scrape whose client is gone by the time it gets here asks nobody anything.
func TestLateCallerStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if o := l.rounds.get(ctx); !o.Start.Equal(l.begin) || len(l.starts) != 0 {
			t.Errorf("it got %+v of %d rounds", o, len(l.starts))
		}
	})
}

// Closing lets everybody go, also those without a deadline whose round will
// never begin.
func TestCloseLetsCallersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := share(time.Second)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { l.rounds.get(context.WithoutCancel(t.Context())) })
			synctest.Wait()
		}
		l.rounds.wait()
		wg.Wait()
		l.rounds.get(t.Context())
		wantStarts(t, l, 0)
	})
}

// cost is what the members were asked since before.
func cost(c *fake.Cluster, before map[string]int) map[string]int {
	calls := c.Calls()
	for method, n := range before {
		if calls[method] -= n; calls[method] == 0 {
			delete(calls, method)
		}
	}
	return calls
}

// In a healthy cluster a round costs each member one Status and one read, and
// the cluster one member list.
func TestSteadyStateCost(t *testing.T) {
	const rounds = 20
	f := fake.New(t, 3)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 3)
	before := f.Calls()
	for range rounds {
		wantHealthy(t, c, 3)
	}
	want := map[string]int{"Maintenance/Status": 3 * rounds, "KV/Range": 3 * rounds, "Cluster/MemberList": rounds}
	if got := cost(f, before); !maps.Equal(got, want) {
		t.Errorf("%d rounds cost %v, want %v", rounds, got, want)
	}
}

// Members that are found by way of the one that is configured cost no more than
// that either.
func TestSteadyStateCostOfDiscovered(t *testing.T) {
	f := fake.New(t, 5)
	c := watch(t, f.Endpoints()[:1])
	wantHealthy(t, c, 5)
	before := f.Calls()
	wantHealthy(t, c, 5)
	want := map[string]int{"Maintenance/Status": 5, "KV/Range": 5, "Cluster/MemberList": 1}
	if got := cost(f, before); !maps.Equal(got, want) {
		t.Errorf("a round cost %v, want %v", got, want)
	}
}

// What a round asks after an election: nothing more where all members tell the
// new leader and its term. Where they differ, or where the leader is another one
// in the term of before, Status may have been answered before the read, and all
// are asked again. The round after it costs what any other does.
func TestCostOfAnElection(t *testing.T) {
	const first, again = 3, 6
	lags := func(leader, term uint64) fake.Script {
		return fake.Script{Status: func(r *pb.StatusResponse) { r.Leader, r.RaftTerm = leader, term }}
	}
	for name, test := range map[string]struct {
		change func(*fake.Cluster)
		costs  []int // calls of Status, by round
	}{
		"all agree": {func(f *fake.Cluster) { f.Elect(1) }, []int{first, first}},
		"one stays behind": {func(f *fake.Cluster) {
			f.Elect(1)
			f.Server(2).Tell(lags(f.Server(0).ID, 2))
		}, []int{again + 4}}, // as two leaderships, if they hold, are a split brain
		"a new leader, not its term": {func(f *fake.Cluster) {
			f.Elect(1)
			for _, s := range f.Servers() {
				s.Tell(lags(f.Server(1).ID, 2))
			}
		}, []int{again}},
		"a new leader in the term of before": {func(f *fake.Cluster) {
			for _, s := range f.Servers() {
				s.Tell(lags(f.Server(1).ID, 2))
			}
		}, []int{again, first}},
	} {
		t.Run(name, func(t *testing.T) {
			f := fake.New(t, 3)
			c := watch(t, f.Endpoints())
			wantHealthy(t, c, 3)
			test.change(f)
			for round, want := range test.costs {
				before := f.Calls()
				v := judge(t, c)
				if got := cost(f, before)["Maintenance/Status"]; got != want || uint64(v.Leader.Leader) != f.Server(1).ID {
					t.Errorf("round %d: %d calls of Status, want %d; leader %v", round, got, want, v.Leader)
				}
			}
		})
	}
}

// Twenty scrapers at once share their rounds, and each of them still gets one
// that began after it came.
func TestManyScrapersCostLittle(t *testing.T) {
	f := fake.New(t, 3)
	c := watch(t, f.Endpoints())
	for _, s := range f.Servers() {
		s.Tell(fake.Script{Delay: 20 * ms})
	}
	wantHealthy(t, c, 3)
	before, rounds := f.Calls(), c.Stats().Rounds
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 10 {
				came := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				o := c.Observe(ctx)
				cancel()
				if o.Start.Before(came) || !healthy(cluster.Judge(o), 3) {
					t.Errorf("who came at %v got the round of %v: %s", came, o.Start, summary(cluster.Judge(o)))
				}
			}
		})
	}
	wg.Wait()
	n := int(c.Stats().Rounds - rounds)
	if n > 60 {
		t.Errorf("200 scrapes of 20 scrapers took %d rounds", n)
	}
	want := map[string]int{"Maintenance/Status": 3 * n, "KV/Range": 3 * n, "Cluster/MemberList": n}
	if got := cost(f, before); !maps.Equal(got, want) {
		t.Errorf("%d rounds cost %v, want %v", n, got, want)
	}
}

// Two scrapers that take turns share nothing, and cost no more than their own
// rounds.
func TestOffsetScrapersCostOneRoundEach(t *testing.T) {
	const turns = 10
	f := fake.New(t, 3)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 3)
	before := f.Calls()
	for range turns {
		for range 2 {
			wantHealthy(t, c, 3)
		}
	}
	want := map[string]int{"Maintenance/Status": 6 * turns, "KV/Range": 6 * turns, "Cluster/MemberList": 2 * turns}
	if got := cost(f, before); !maps.Equal(got, want) {
		t.Errorf("%d scrapes cost %v, want %v", 2*turns, got, want)
	}
}

// A scrape that must leave early tells of each member what it has heard, and of
// a silent one how long it has been waiting.
func TestPartialObservation(t *testing.T) {
	f := fake.New(t, 3)
	c := watch(t, f.Endpoints())
	wantHealthy(t, c, 3)
	f.Server(2).Tell(fake.Script{Before: fake.Silent})
	ctx, cancel := context.WithTimeout(t.Context(), 300*ms)
	defer cancel()
	full := make(chan cluster.Observation)
	early := make(chan cluster.Observation)
	go func() { early <- c.Observe(ctx) }()
	etcdtest.Eventually(t, 5*time.Second, "the round begins", func() bool { return f.Server(2).Calls()["KV/Range"] > 1 })
	go func() { full <- c.Observe(context.WithoutCancel(ctx)) }()

	o := <-early
	a := o.Answers[2]
	if a.StatusFailure == nil || a.StatusFailure.Reason != cluster.ReasonTimeout || a.Read.Failure.Reason != cluster.ReasonTimeout {
		t.Fatalf("the silent member: %+v", a)
	}
	if after := a.StatusFailure.After; after < 200*ms || after > o.End.Sub(o.Start) {
		t.Errorf("it waited %v of %v", after, o.End.Sub(o.Start))
	}
	v := cluster.Judge(o)
	if v.VotersUp != cluster.Known(2) || v.HasQuorum != cluster.Known(true) {
		t.Errorf("after 300ms: %s", summary(v))
	}
	if v := cluster.Judge(<-full); v.VotersConfirmed != cluster.Known(2) || v.Took < localTimeout {
		t.Errorf("who could wait: %s", summary(v))
	}
}
