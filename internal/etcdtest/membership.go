package etcdtest

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// AddLearner adds a learner, starts it and waits until it serves.
func (c *Cluster) AddLearner(ctx context.Context) (*Member, error) {
	return c.grow(ctx, true)
}

// AddMember adds a voting member, starts it and waits until it serves.
func (c *Cluster) AddMember(ctx context.Context) (*Member, error) {
	return c.grow(ctx, false)
}

func (c *Cluster) grow(ctx context.Context, learner bool) (*Member, error) {
	i := len(c.Members())
	name := fmt.Sprintf("m%d", i)
	if i < len(c.o.Names) {
		name = c.o.Names[i]
	}
	m, err := c.newMember(i, name, c.o.clientPort(i))
	if err != nil {
		return nil, err
	}
	m.learner, m.state = learner, "existing"
	id, err := c.add(ctx, m.peerURL(), learner)
	if err != nil {
		return nil, err
	}
	c.addMember(m)
	m.setID(id)
	if err := m.Launch(); err != nil {
		return nil, err
	}
	return m, m.await(ctx, m.serves)
}

// AddUnstartedVoter adds a voting member that has no process and returns its
// ID. From then on it counts for the quorum.
func (c *Cluster) AddUnstartedVoter(ctx context.Context) (uint64, error) {
	addr, err := freeport.Addr()
	if err != nil {
		return 0, err
	}
	peerURL := c.peerScheme() + addr
	id, err := c.add(ctx, peerURL, false)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unstarted = append(c.unstarted, unstarted{id, peerURL})
	return id, nil
}

// add puts a member into the list, through any member that can do it.
func (c *Cluster) add(ctx context.Context, peerURL string, learner bool) (uint64, error) {
	var id uint64
	err := c.through(ctx, func(ctx context.Context, cl *clientv3.Client) error {
		add := cl.MemberAdd
		if learner {
			add = cl.MemberAddAsLearner
		}
		resp, err := add(ctx, []string{peerURL})
		if err == nil {
			id = resp.Member.ID
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add member %s: %w", peerURL, err)
	}
	return id, nil
}

// RemoveMember takes member i out of the list. Its process ends by itself a
// moment later, and its data cannot be used again.
func (c *Cluster) RemoveMember(ctx context.Context, i int) error {
	m := c.Member(i)
	err := c.through(ctx, func(ctx context.Context, cl *clientv3.Client) error {
		_, err := cl.MemberRemove(ctx, m.ID())
		return err
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removed = true
	return nil
}

// Promote makes a voter of learner i, waiting until it has caught up.
func (c *Cluster) Promote(ctx context.Context, i int) error {
	m := c.Member(i)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := c.through(ctx, func(ctx context.Context, cl *clientv3.Client) error {
			_, err := cl.MemberPromote(ctx, m.ID())
			return err
		})
		if err == nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.learner = false
			return nil
		}
		if pause(ctx) != nil {
			return fmt.Errorf("promote %s: %w", m.name, err)
		}
	}
}

// through runs f with a client of the leader, past any proxy. What changes the
// cluster may take several rounds of votes, hence the limit.
func (c *Cluster) through(ctx context.Context, f func(context.Context, *clientv3.Client) error) error {
	i, err := c.WaitLeader(ctx)
	if err != nil {
		return err
	}
	return c.Member(i).call(ctx, 5*callTimeout, f)
}
