package faults

import (
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

const quota = 64 << 20

// storage: what clients do to the data.
func storage() []*scenario {
	return []*scenario{
		{
			name: "no space", fault: "the database is full (NOSPACE)", cluster: etcdtest.Options{Members: 3, QuotaBytes: 16 << 20}, quick: true,
			inject: func(r *rig) { etcdtest.OK(r, r.RaiseNoSpace(r.ctx)) },
			must:   []string{"EtcdAlarmActive/critical", "EtcdDatabaseNearQuota/critical", "EtcdServerDatabaseNearQuota/critical", "EtcdServerAlarmActive/critical"},
			may: []string{
				"EtcdDatabaseNearQuota/warning", "EtcdServerDatabaseNearQuota/warning", "EtcdDatabaseFillingUp/warning", "EtcdServerDatabaseFillingUp/warning",
				"EtcdGRPCErrorBudgetBurn/warning", "EtcdGRPCErrorBudgetBurn/critical",
			},
		},
		{
			name: "near quota", fault: "the database reaches 85 % of its quota", cluster: etcdtest.Options{Members: 3, QuotaBytes: quota},
			inject: func(r *rig) {
				cl := r.Client(r.T)
				value := strings.Repeat("v", 64<<10)
				for i := 0; ; i++ {
					_, err := cl.Put(r.ctx, fmt.Sprint("etcdtest/", i), value)
					etcdtest.OK(r, err)
					st, err := r.Member(0).Status(r.ctx)
					etcdtest.OK(r, err)
					if st.DbSize > quota*85/100 {
						return
					}
				}
			},
			must: []string{"EtcdDatabaseNearQuota/warning", "EtcdServerDatabaseNearQuota/warning"},
			may:  []string{"EtcdDatabaseFillingUp/warning", "EtcdServerDatabaseFillingUp/warning"},
		},
		{
			name: "fragmented", fault: "most of a database of 300 MB is compacted away", cluster: three(),
			inject: func(r *rig) {
				cl := r.Client(r.T)
				value := strings.Repeat("v", 1<<20)
				var revision int64
				for range 300 {
					resp, err := cl.Put(r.ctx, "one", value)
					etcdtest.OK(r, err)
					revision = resp.Header.Revision
				}
				_, err := cl.Compact(r.ctx, revision, clientv3.WithCompactPhysical())
				etcdtest.OK(r, err)
			},
			must: []string{"EtcdDatabaseFragmented/info", "EtcdServerDatabaseFragmented/info"},
			// 300 MB at once are work, and so is taking them away.
			may: with(elected, "EtcdSlowApplies/warning", "EtcdServerSlowApplies/warning", "EtcdBackendCommitSlow/warning", "EtcdServerBackendCommitSlow/warning"),
		},
		{
			name: "compaction stopped", fault: "after a compaction, 15 000 writes and no further one", cluster: three(),
			inject: func(r *rig) {
				cl := r.Client(r.T)
				resp, err := cl.Put(r.ctx, "one", "1")
				etcdtest.OK(r, err)
				_, err = cl.Compact(r.ctx, resp.Header.Revision)
				etcdtest.OK(r, err)
				r.wait(5 * interval) // it is known as compacted
				// Two hours are four minutes here: writes go on for as long.
				for range 60 {
					etcdtest.OK(r, r.Put(r.ctx, 250, 16))
					r.wait(interval)
				}
			},
			must: []string{"EtcdCompactionStalled/warning"},
		},
		{
			name: "slow watcher", fault: "a client watches and does not read", cluster: three(),
			inject: func(r *rig) {
				for w := range 4 {
					stream, err := pb.NewWatchClient(r.Client(r.T, r.Member(0).Endpoint()).ActiveConnection()).Watch(r.ctx)
					etcdtest.OK(r, err)
					etcdtest.OK(r, stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{
						CreateRequest: &pb.WatchCreateRequest{Key: []byte("etcdtest/"), RangeEnd: []byte("etcdtest0"), StartRevision: 1, WatchId: int64(w + 1)},
					}}))
				}
				// Far more than connections and buffers hold, far less than the quota.
				etcdtest.OK(r, r.Put(r.ctx, 6000, 64<<10))
			},
			must: []string{"EtcdSlowWatchers/warning", "EtcdServerSlowWatchers/warning"},
			may:  with(elected, "EtcdDatabaseFillingUp/warning", "EtcdSlowApplies/warning", "EtcdServerSlowApplies/warning", "EtcdBackendCommitSlow/warning", "EtcdServerBackendCommitSlow/warning", "EtcdWALFsyncSlow/warning", "EtcdServerWALFsyncSlow/warning"),
		},
		{
			name: "idle and loaded", fault: "nothing; 200 writes a second", cluster: three(),
			inject: func(r *rig) {
				for range 12 {
					etcdtest.OK(r, r.Put(r.ctx, 1000, 256))
					r.wait(interval)
				}
			},
			heal: func(*rig) {},
		},
	}
}
