package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Put writes n keys with values of size bytes, one after the other.
func (c *Cluster) Put(ctx context.Context, n, size int) error {
	cl, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	value := strings.Repeat("v", size)
	for i := range n {
		if _, err := cl.Put(ctx, fmt.Sprintf("etcdtest/put/%d", i), value); err != nil {
			return fmt.Errorf("put %d of %d: %w", i, n, err)
		}
	}
	return nil
}

// Load keeps workers busy with writing values of size bytes until the function
// that it returns is called, which tells how many writes succeeded. Failed ones
// are tried again.
func (c *Cluster) Load(t testing.TB, workers, size int) (stop func() int) {
	t.Helper()
	cl := c.Client(t)
	ctx, cancel := context.WithCancel(t.Context())
	value := strings.Repeat("v", size)
	var written atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			key := fmt.Sprintf("etcdtest/load/%d", w)
			for ctx.Err() == nil {
				if _, err := cl.Put(ctx, key, value); err == nil {
					written.Add(1)
				} else if pause(ctx) != nil {
					return
				}
			}
		})
	}
	return func() int {
		cancel()
		wg.Wait()
		return int(written.Load())
	}
}

// RaiseNoSpace writes until there is no space and returns when every running
// voter has raised the NOSPACE alarm and knows that all have. It needs a small
// Options.QuotaBytes: 16 MiB take less than a second.
func (c *Cluster) RaiseNoSpace(ctx context.Context) error {
	if c.o.QuotaBytes <= 0 {
		return errors.New("the cluster was started without Options.QuotaBytes")
	}
	voters := c.voters()
	if len(voters) == 0 {
		return errors.New("no voter runs")
	}
	if err := voters[0].fill(ctx, int(min(c.o.QuotaBytes/8, 1<<20))); err != nil {
		return err
	}
	for _, m := range voters {
		if err := m.raise(ctx); err != nil {
			return err
		}
	}
	return each(voters, func(m *Member) error {
		return m.await(ctx, func(ctx context.Context) error { return m.alarms(ctx, len(voters)) })
	})
}

// voters are those that run.
func (c *Cluster) voters() []*Member {
	var all []*Member
	for _, m := range c.Members() {
		if m.Running() && !m.isLearner() {
			all = append(all, m)
		}
	}
	return all
}

// raise proposes the member's alarm, as it does itself when it is asked to write
// and finds itself full. Asking it would not always do: members' files differ by
// a few pages, and after the first alarm no file grows.
func (m *Member) raise(ctx context.Context) error {
	err := m.call(ctx, 5*callTimeout, func(ctx context.Context, cl *clientv3.Client) error {
		_, err := pb.NewMaintenanceClient(cl.ActiveConnection()).Alarm(ctx, &pb.AlarmRequest{
			Action: pb.AlarmRequest_ACTIVATE, MemberID: m.ID(), Alarm: pb.AlarmType_NOSPACE,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("raise alarm of %s: %w", m.name, err)
	}
	return nil
}

// fill writes through the member until it has no space.
func (m *Member) fill(ctx context.Context, size int) error {
	value := strings.Repeat("v", size)
	cl, err := m.c.Dial(ctx, m.direct())
	if err != nil {
		return err
	}
	defer cl.Close()
	for i := 0; ; i++ {
		_, err := cl.Put(ctx, fmt.Sprintf("etcdtest/fill/%s/%d", m.name, i), value)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("fill %s: %w", m.name, err)
		}
	}
}

func (m *Member) alarms(ctx context.Context, want int) error {
	status, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if got := strings.Count(strings.Join(status.Errors, " "), "NOSPACE"); got < want {
		return fmt.Errorf("%d of %d members have no space", got, want)
	}
	return nil
}

// DisarmNoSpace takes back all alarms; what fills the space is not removed, so
// that the next write raises them again.
func (c *Cluster) DisarmNoSpace(ctx context.Context) error {
	err := c.through(ctx, func(ctx context.Context, cl *clientv3.Client) error {
		_, err := cl.AlarmDisarm(ctx, &clientv3.AlarmMember{})
		return err
	})
	if err != nil {
		return fmt.Errorf("disarm: %w", err)
	}
	return nil
}
