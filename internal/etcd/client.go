package etcd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

const (
	localTimeout        = 2 * time.Second // Status, MemberList: answered from memory
	linearizableTimeout = 5 * time.Second // two elections and some slack
	// lookAgainTimeout bounds the questions that follow up on a first look.
	lookAgainTimeout = 2 * time.Second
	// maxMembers bounds how many members of a member list are looked at.
	maxMembers = 200
	// maxLearned bounds how many endpoints a member list can make us dial.
	maxLearned = 32
)

// Options of a Client. Zero timeouts and limits mean the defaults.
type Options struct {
	Cluster config.Cluster
	Logger  *slog.Logger
	Zap     *logging.ZapLogger // for the etcd client; one for all clients, each own costs 0.5 MB

	// OnRound, if set, is called once at the end of each round, before anybody
	// who waits for it goes on. Rounds may overlap.
	OnRound func(cluster.Observation)

	LocalTimeout        time.Duration // of Status and MemberList; 2 s
	LinearizableTimeout time.Duration // of the confirming read; 5 s
	MaxMembers          int           // of a member list that are looked at; 200

	resolver *net.Resolver // the system's if nil; tests have their own
}

// Client watches one logical cluster over one persistent connection per
// endpoint. It is safe for concurrent use.
type Client struct {
	opts   Options
	trust  *trust
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	rounds rounds
	stats  stats
	secure atomic.Bool // every configured endpoint is https
	// allowLoopback: a configured endpoint is on this host, so members
	// advertised at the loopback are those of this host.
	allowLoopback atomic.Bool
	closing       sync.WaitGroup // of endpoints that are no longer asked

	mu        sync.Mutex // guards what follows
	endpoints []*endpoint
	list      []cluster.ListedMember // of a confirmed member, last known
	claim     cluster.Claim          // confirmed in the last round
	rivals    []cluster.ID           // the clusters of the last round that had several
	lister    string                 // URL of the endpoint to ask for the member list
	quotas    map[cluster.ID]quota
	fetch     map[string]*source     // by URL
	digests   map[string]DigestState // by URL
	closed    bool

	advertised   []Advertised
	advertisedAt time.Time
}

// New prepares a client and dials in the background. A cluster that cannot be
// reached is no error; files that cannot be read are.
func New(o Options) (*Client, error) {
	if o.LocalTimeout <= 0 {
		o.LocalTimeout = localTimeout
	}
	if o.LinearizableTimeout <= 0 {
		o.LinearizableTimeout = linearizableTimeout
	}
	if o.MaxMembers <= 0 {
		o.MaxMembers = maxMembers
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	trust, err := newTrust(o.Cluster.TLS, o.Logger.With("cluster", o.Cluster.Name))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{
		opts: o, trust: trust, ctx: ctx, cancel: cancel, quotas: map[cluster.ID]quota{},
		fetch: map[string]*source{}, digests: map[string]DigestState{},
	}
	c.stats.init()
	c.rounds.start = c.startRound
	c.rounds.grace = roundGrace
	if err := c.SetEndpoints(o.Cluster.Endpoints); err != nil {
		c.Close()
		return nil, fmt.Errorf("cluster %s: %w", o.Cluster.Name, err)
	}
	return c, nil
}

// Close ends all calls and connections.
func (c *Client) Close() {
	c.cancel()
	c.rounds.wait()
	c.mu.Lock()
	defer c.closing.Wait()
	defer c.mu.Unlock()
	for _, e := range c.endpoints {
		e.close()
	}
	for _, s := range c.fetch {
		s.client.CloseIdleConnections()
	}
	c.endpoints, c.closed = nil, true
}

// Observe returns a round that began after Observe was called, shared with
// whoever else is waiting. When ctx ends first, it returns what is known by
// then, with the unanswered calls as timeouts; of the youngest round under way if
// its own could not begin.
func (c *Client) Observe(ctx context.Context) cluster.Observation {
	return c.rounds.get(ctx)
}

// current endpoints, in a stable order: configured, then learned.
func (c *Client) current() []*endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.endpoints)
}
