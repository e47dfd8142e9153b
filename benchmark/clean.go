package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// removeAtOnce is how many keys one call removes. etcd does nothing else in the
// meantime, so it must be milliseconds.
const removeAtOnce = 500

// clean removes everything that the run wrote, and proves it. Its error says
// what is left, and where.
func (f *fleet) clean(ctx context.Context, k keyspace, limit time.Duration) error {
	if f.c.Keep {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := f.cleanOnce(ctx, k, 0)
	for try := 1; err != nil && ctx.Err() == nil; try++ {
		// As after an election, or when a member went away.
		f.server.look(ctx)
		pause(ctx, 200*time.Millisecond)
		if next := f.cleanOnce(ctx, k, try); next == nil || ctx.Err() == nil {
			err = next
		}
	}
	if err != nil {
		return fmt.Errorf("keys may be left below %q (etcdctl del --prefix %s): %w", k.prefix, k.prefix, err)
	}
	return nil
}

func (f *fleet) cleanOnce(ctx context.Context, k keyspace, first int) error {
	a, err := f.newAsker(ctx, first)
	if err != nil {
		return err
	}
	defer a.close()
	for _, l := range f.links {
		if err := l.revoke(a); err != nil {
			return err
		}
	}
	count := &pb.RangeRequest{Key: []byte(k.prefix), RangeEnd: k.end(), CountOnly: true}
	for {
		answer, err := a.ask(Range, count)
		if err != nil {
			return err
		}
		left := int64(field(answer, rangeCount))
		if left == 0 {
			return nil
		}
		// The keys are numbers in order: parts of the range are parts of them.
		for from := int64(0); left > 0; from += removeAtOnce {
			if ctx.Err() != nil {
				return fmt.Errorf("%d keys are left: %w", left, context.Cause(ctx))
			}
			answer, err := a.ask(DeleteRange, &pb.DeleteRangeRequest{Key: k.key(from), RangeEnd: k.before(from + removeAtOnce)})
			if err != nil {
				return err
			}
			left -= int64(field(answer, deletedCount))
			if from > f.c.highest() {
				return errors.New("there are keys that the run did not write")
			}
		}
	}
}

// revoke ends the leases that are left.
func (l *link) revoke(a *asker) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.ops {
		if id := l.ops[i].lease; id != 0 {
			_, err := a.ask(LeaseRevoke, &pb.LeaseRevokeRequest{ID: id})
			if err != nil && a.call.Code != codes.NotFound { // it has run out
				return fmt.Errorf("revoke lease %x: %w", id, err)
			}
			l.ops[i].lease = 0
		}
	}
	return nil
}
