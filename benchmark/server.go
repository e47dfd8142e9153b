package benchmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcd"
)

// server watches the cluster that is measured: whether it may be, who leads, how
// full it is, and what its members tell of themselves before and after.
type server struct {
	client *etcd.Client
	named  bool          // the metrics are at URLs of their own, it must be asked whose
	wake   chan struct{} // to look now

	mu            sync.Mutex // guards what follows
	members       []memberAt
	admitted      []string // voters' configured endpoints at the start, which connections are spread over
	leader        cluster.Claim
	leaderChanges int
}

// memberAt is a member that answers, and where.
type memberAt struct {
	url        string
	id         cluster.ID
	configured bool
	learner    bool
}

// lookInterval is the pause between two looks at the cluster during a run: three
// cheap calls per member.
const lookInterval = time.Second

func newServer(c Config) (*server, error) {
	if len(c.Cluster.Endpoints) == 0 {
		return nil, nowhere(c.Cluster)
	}
	client, err := etcd.New(etcd.Options{Cluster: c.Cluster, Logger: c.Logger, Zap: c.Zap})
	if err != nil {
		return nil, err
	}
	return &server{client: client, named: len(c.Cluster.MetricsURLs) > 0, wake: make(chan struct{}, 1)}, nil
}

// nowhere is the error of a cluster whose endpoints are not known.
func nowhere(c config.Cluster) error {
	switch {
	case c.TargetsFile != "":
		return fmt.Errorf("no endpoints were found in %s (file)", c.TargetsFile)
	case c.DNSSRV != "":
		return fmt.Errorf("no endpoints were found at %s (dns_srv)", c.DNSSRV)
	}
	return errors.New("there are no endpoints")
}

// look observes the cluster once.
func (s *server) look(ctx context.Context) cluster.Verdict {
	o := s.client.Observe(ctx)
	v := cluster.Judge(o)
	s.client.RefreshQuotas(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = s.members[:0]
	for _, a := range o.Answers {
		if a.Status != nil {
			s.members = append(s.members, memberAt{a.Endpoint, a.Status.MemberID, a.Configured, a.Status.IsLearner})
		}
	}
	if v.Leader.Leader != 0 {
		if s.leader.Leader != 0 && s.leader != v.Leader {
			s.leaderChanges++
		}
		s.leader = v.Leader
	}
	return v
}

// lookSoon asks for a look without waiting for the next second.
func (s *server) lookSoon() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// changes is how often the leader was seen to change.
func (s *server) changes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaderChanges
}

var errNoLeader = errors.New("no leader is known")

// candidates are where connections may go, in a stable order.
func (s *server) candidates(mode string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mode == AllEndpoints && s.admitted != nil {
		return s.admitted // one that goes away is missed, not replaced
	}
	pick := func(configured bool) []string {
		var urls []string
		for _, m := range s.members {
			leads := m.id == s.leader.Leader
			wanted := mode == AllEndpoints || leads == (mode == LeaderOnly)
			if m.configured == configured && !m.learner && wanted {
				urls = append(urls, m.url)
			}
		}
		slices.Sort(urls)
		return urls
	}
	urls := pick(true)
	if len(urls) == 0 && mode != AllEndpoints {
		urls = pick(false) // at the URLs that members advertise
	}
	if mode == LeaderOnly && len(urls) > 1 {
		urls = urls[:1] // the leader by two names
	}
	return urls
}

// target is where connection number index belongs.
func (s *server) target(mode string, index int) (string, error) {
	urls := s.candidates(mode)
	if len(urls) > 0 {
		return urls[index%len(urls)], nil
	}
	switch mode {
	case LeaderOnly:
		return "", errNoLeader
	case Followers:
		return "", errors.New("no follower answers")
	}
	return "", errors.New("no voter answers at the endpoints")
}

// spread is how many endpoints connections are spread over.
func (s *server) spread(mode string) int { return len(s.candidates(mode)) }

// admit says why the cluster must not be loaded, if it must not. It is given the
// time of a few looks to get into order.
func (s *server) admit(ctx context.Context, c Config) (cluster.Verdict, error) {
	deadline := time.Now().Add(c.Cluster.DialTimeout)
	for {
		v := s.look(ctx)
		err := admissible(v, c)
		if err == nil {
			err = s.spare(ctx, v, c)
		}
		if err == nil {
			all := s.candidates(AllEndpoints)
			s.mu.Lock()
			s.admitted = all
			s.mu.Unlock()
		}
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return v, err
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// admissible says why a cluster in this state must not be loaded.
func admissible(v cluster.Verdict, c Config) error {
	var dead []string
	for _, f := range v.Failed {
		if slices.Contains(c.Cluster.Endpoints, f.Endpoint) {
			dead = append(dead, fmt.Sprintf("endpoint %s: %s: %s", f.Endpoint, f.Failure.Reason, f.Failure.Text))
		}
	}
	switch {
	case len(dead) > 0:
		return errors.New(strings.Join(dead, "\n"))
	case v.HasQuorum.OK && !v.HasQuorum.V:
		return errors.New("the cluster has no quorum")
	case !v.HasQuorum.OK:
		return fmt.Errorf("it is not known whether the cluster has a quorum: %s", v.QuorumUnknown)
	}
	return nil
}

// spare says why a cluster that could be loaded should not be.
func (s *server) spare(ctx context.Context, v cluster.Verdict, c Config) error {
	if c.Fuse.QuotaShare > 0 {
		s.learnQuotas(ctx, v)
	}
	quotas := s.quotas(v, c.Cluster.QuotaBytes)
	if err := c.Fuse.blown(v, quotas); err != nil {
		return fmt.Errorf("the cluster is in no state to be loaded: %w", err)
	}
	c.warnUntold(v, quotas)
	return nil
}

// watch looks at the cluster until ctx ends, moves connections after the leader
// and ends the run when the fuse blows.
func (s *server) watch(ctx context.Context, f *fleet) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	before := s.changes()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
		v := s.look(ctx)
		if err := f.c.Fuse.blown(v, s.quotas(v, f.c.Cluster.QuotaBytes)); err != nil {
			f.fail(fuseError{err})
			return
		}
		if now := s.changes(); now != before {
			before = now
			if f.c.Fuse.LeaderChange {
				f.fail(fuseError{errors.New("the leader changed")})
				return
			}
		}
		if f.c.EndpointMode != AllEndpoints {
			f.retarget()
		}
	}
}
