package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// callTimeout bounds one call; what is awaited calls again.
	callTimeout = 2 * time.Second
	rootUser    = "root"
)

// ErrNoLeader says that no member proved to be the leader.
var ErrNoLeader = errors.New("no leader")

// Dial connects a client to the endpoints, or to all members if none are given,
// with whatever the cluster asks of clients. The caller closes it.
func (c *Cluster) Dial(ctx context.Context, endpoints ...string) (*clientv3.Client, error) {
	if len(endpoints) == 0 {
		endpoints = c.Endpoints()
	}
	return c.dial(ctx, c.rootPassword(), endpoints)
}

func (c *Cluster) rootPassword() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.password
}

// dial is Dial, as root if there is a password.
func (c *Cluster) dial(ctx context.Context, password string, endpoints []string) (*clientv3.Client, error) {
	cfg := clientv3.Config{
		Context:     ctx,
		Endpoints:   endpoints,
		TLS:         c.TLSConfig(),
		DialTimeout: callTimeout,
		Logger:      zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			// A member that starts is awaited; a second between two attempts
			// would be most of the time a start takes.
			Backoff:           backoff.Config{BaseDelay: pollInterval, Multiplier: 1.5, MaxDelay: 10 * pollInterval},
			MinConnectTimeout: callTimeout,
		})},
	}
	if password != "" {
		cfg.Username, cfg.Password = rootUser, password
	}
	cl, err := clientv3.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", endpoints, err)
	}
	return cl, nil
}

// Client is Dial for a test, which closes the client at its end.
func (c *Cluster) Client(t testing.TB, endpoints ...string) *clientv3.Client {
	t.Helper()
	// The test's context ends before its cleanups, which may want to read.
	cl, err := c.Dial(context.WithoutCancel(t.Context()), endpoints...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	return cl
}

// direct is where the member listens, past any proxy.
func (m *Member) direct() string { return m.c.clientScheme() + m.clientAddr }

// call runs f with a client of this member alone and a time limit.
func (m *Member) call(ctx context.Context, limit time.Duration, f func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if m.isLearner() && m.c.rootPassword() != "" {
		return m.callLearner(ctx, f)
	}
	cl, err := m.c.Dial(ctx, m.direct())
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, cl), cl.Close())
}

// Status asks the member, past any proxy, for its status.
func (m *Member) Status(ctx context.Context) (*clientv3.StatusResponse, error) {
	var status *clientv3.StatusResponse
	err := m.call(ctx, callTimeout, func(ctx context.Context, cl *clientv3.Client) error {
		var err error
		status, err = cl.Status(ctx, m.direct())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("status of %s: %w", m.name, err)
	}
	m.setID(status.Header.MemberId)
	return status, nil
}

// Read asks the member, past any proxy, for a read that needs a quorum.
func (m *Member) Read(ctx context.Context) error {
	err := m.call(ctx, callTimeout, func(ctx context.Context, cl *clientv3.Client) error {
		_, err := cl.Get(ctx, "etcdtest")
		return err
	})
	if err != nil {
		return fmt.Errorf("read through %s: %w", m.name, err)
	}
	return nil
}

func (m *Member) answers(ctx context.Context) error {
	_, err := m.Status(ctx)
	return err
}

// serves tells whether the member does all that it can do, and learns its ID.
func (m *Member) serves(ctx context.Context) error {
	var opts []clientv3.OpOption
	if m.isLearner() {
		opts = append(opts, clientv3.WithSerializable())
	}
	return m.call(ctx, callTimeout, func(ctx context.Context, cl *clientv3.Client) error {
		resp, err := cl.Get(ctx, "etcdtest", opts...)
		if err == nil {
			m.setID(resp.Header.MemberId)
		}
		return err
	})
}

// setID learns the member's ID, by which the proxies know who dials.
func (m *Member) setID(id uint64) {
	m.mu.Lock()
	m.id = id
	m.mu.Unlock()
	m.c.net.introduce(id, m.index)
}

// Leader is the index of the member that says it leads and proves it by a read
// that needs a quorum. The error is ErrNoLeader if there is none.
func (c *Cluster) Leader(ctx context.Context) (int, error) {
	members := c.Members()
	leads := make([]bool, len(members))
	_ = each(members, func(m *Member) error {
		if !m.Running() {
			return nil
		}
		status, err := m.Status(ctx)
		leads[m.index] = err == nil && status.Leader == status.Header.MemberId && m.Read(ctx) == nil
		return nil
	})
	for i, yes := range leads {
		if yes {
			return i, nil
		}
	}
	return -1, ErrNoLeader
}

// WaitLeader waits for a leader as Leader means it, for a minute at most. The
// error wraps ErrNoLeader when that time or ctx ends first.
func (c *Cluster) WaitLeader(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		i, err := c.Leader(ctx)
		if err == nil {
			return i, nil
		}
		if stop := pause(ctx); stop != nil {
			return -1, fmt.Errorf("wait for a leader: %w: %w", err, stop)
		}
	}
}
