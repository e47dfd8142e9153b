package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// Hashes asks every member for the hash of its keyspace at one common revision,
// the lowest that any of them has. It reads the whole keyspace of each and
// needs root where authentication is on. Members that fail are missing from the
// result and named in the error.
func (c *Client) Hashes(ctx context.Context, v cluster.Verdict) ([]cluster.Hash, error) {
	var revision int64
	label := map[cluster.ID]string{}
	for _, m := range v.Members {
		if m.Status == nil || !m.Status.Revision.OK || m.Learner {
			continue // a learner refuses
		}
		label[m.ID] = m.Label
		if r := m.Status.Revision.V; revision == 0 || r < revision {
			revision = r
		}
	}
	if revision == 0 {
		return nil, errors.New("no member tells its revision")
	}
	var (
		mu     sync.Mutex // guards what follows
		hashes []cluster.Hash
		errs   []error
		wg     sync.WaitGroup
	)
	for _, e := range c.targets() {
		wg.Go(func() {
			var resp *pb.HashKVResponse
			err := e.call(ctx, func(ctx context.Context) (err error) {
				resp, err = e.maintenance.HashKV(ctx, &pb.HashKVRequest{Revision: revision})
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			id := cluster.ID(resp.GetHeader().GetMemberId())
			if err != nil || label[id] == "" {
				errs = append(errs, fmt.Errorf("endpoint %s: %w", e.url, errors.Join(err, ctx.Err())))
				return
			}
			hashes = append(hashes, cluster.Hash{
				Member: id, Label: label[id], Hash: resp.GetHash(),
				Revision: revision, CompactRevision: resp.GetCompactRevision(),
			})
		})
	}
	wg.Wait()
	return hashes, errors.Join(errs...)
}
