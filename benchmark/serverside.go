package benchmark

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// ServerReport is what the members did while they were measured, by their own
// metrics from before and after.
type ServerReport struct {
	Members       []MemberReport `json:"members"`
	LeaderChanges int            `json:"leader_changes"` // as seen during the run
	Reconnects    int            `json:"reconnects"`     // connections lost and made again
	Moves         int            `json:"moves"`          // connections that followed the leader
	Client        ClientReport   `json:"client"`
}

// ClientReport is about the process that made the load.
type ClientReport struct {
	CPUSeconds *float64 `json:"cpu_seconds"`
	CPUPerOp   *float64 `json:"cpu_seconds_per_operation"`
	Cores      int      `json:"cores"` // it may use
	// HostBusy is the share of this host's processors in use, by whomever.
	HostBusy *float64 `json:"host_busy_ratio"`
	SameHost bool     `json:"same_host"`
}

// MemberReport is about one member during the measurement. What the member does
// not tell is null.
type MemberReport struct {
	Member         string   `json:"member"`
	Leader         bool     `json:"leader"` // at the end
	FsyncP99       *float64 `json:"wal_fsync_p99_seconds"`
	FsyncBusy      *float64 `json:"wal_fsync_busy_ratio"` // share of the time
	CommitP99      *float64 `json:"backend_commit_p99_seconds"`
	PeerP99        *float64 `json:"peer_round_trip_p99_seconds"` // the slowest peer's
	CPUCores       *float64 `json:"cpu_cores"`                   // in use, on average
	CPULimit       *float64 `json:"cpu_limit_cores"`             // that it may use
	Committed      *float64 `json:"proposals_committed"`
	FailedProposal *float64 `json:"proposals_failed"`
	SlowApplies    *float64 `json:"slow_applies"`
	DBSizeBytes    *int64   `json:"db_size_bytes"` // at the end
}

// snapshot is what members told of themselves at one moment.
type snapshot struct {
	digests map[cluster.ID]cluster.Digest
}

// snapshot asks every member. One that does not tell is missing.
func (s *server) snapshot(ctx context.Context) snapshot {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	snap := snapshot{digests: map[cluster.ID]cluster.Digest{}}
	s.client.RefreshDigests(ctx, 0, make(chan struct{}, 8))
	for _, d := range s.client.Digests() {
		if d.Failure == nil && d.Member != 0 {
			snap.digests[d.Member] = d.Digest
		}
	}
	return snap
}

// report compares two snapshots.
func (s *server) report(before, after snapshot, v cluster.Verdict) ServerReport {
	r := ServerReport{Members: []MemberReport{}, Client: ClientReport{Cores: runtime.GOMAXPROCS(0)}}
	for _, m := range v.Members {
		a, okBefore := before.digests[m.ID]
		b, okAfter := after.digests[m.ID]
		mr := MemberReport{Member: m.Label, Leader: m.ID == v.Leader.Leader}
		if m.Status != nil && m.Status.DBSize.OK {
			mr.DBSizeBytes = &m.Status.DBSize.V
		}
		if okBefore && okAfter {
			mr.compare(a, b, b.At.Sub(a.At).Seconds())
		}
		r.Members = append(r.Members, mr)
	}
	slices.SortFunc(r.Members, func(a, b MemberReport) int { return cmp.Compare(a.Member, b.Member) })
	return r
}

func (m *MemberReport) compare(a, b cluster.Digest, wall float64) {
	fsync := histogramBetween(a, b, "wal_fsync_duration_seconds")
	m.FsyncP99 = fsync.quantile(0.99)
	if fsync.count > 0 && wall > 0 {
		busy := fsync.sum / wall
		m.FsyncBusy = &busy
	}
	m.CommitP99 = histogramBetween(a, b, "backend_commit_duration_seconds").quantile(0.99)
	m.PeerP99 = histogramBetween(a, b, "peer_round_trip_duration_seconds").quantile(0.99)
	m.Committed = between(a, b, "proposals_committed")
	m.FailedProposal = between(a, b, "proposals_failed_total")
	m.SlowApplies = between(a, b, "slow_applies_total")
	if limit, ok := valueOf(b, "gomaxprocs"); ok {
		m.CPULimit = &limit
	}
	if cpu := between(a, b, "cpu_seconds_total"); cpu != nil && wall > 0 {
		cores := *cpu / wall
		m.CPUCores = &cores
	}
}

// valueOf is a metric without labels in a digest.
func valueOf(d cluster.Digest, name string) (float64, bool) {
	for _, v := range d.Values {
		if v.Name == name {
			return v.Value, true
		}
	}
	return 0, false
}

// between is how much a counter grew; nil when it is not told or began anew.
func between(a, b cluster.Digest, name string) *float64 {
	from, ok1 := valueOf(a, name)
	to, ok2 := valueOf(b, name)
	if !ok1 || !ok2 || to < from {
		return nil
	}
	grown := to - from
	return &grown
}

// grown is what a histogram gained; of several series with one name, their sum.
type grown struct {
	upper  []float64
	counts []uint64 // cumulative
	count  uint64
	sum    float64
}

func histogramBetween(a, b cluster.Digest, name string) grown {
	var g grown
	for _, after := range b.Histograms {
		if after.Name != name {
			continue
		}
		var before cluster.DigestHistogram
		for _, h := range a.Histograms {
			if h.Name == name && slices.Equal(h.Labels, after.Labels) {
				before = h
			}
		}
		if after.Count < before.Count {
			continue // the member was started anew
		}
		if g.upper == nil {
			for _, bucket := range after.Buckets {
				g.upper = append(g.upper, bucket.Upper)
			}
			g.counts = make([]uint64, len(g.upper))
		}
		for i, bucket := range after.Buckets {
			n := bucket.Count
			if i < len(before.Buckets) {
				n -= min(n, before.Buckets[i].Count)
			}
			if i < len(g.counts) {
				g.counts[i] += n
			}
		}
		g.count += after.Count - before.Count
		g.sum += after.Sum - before.Sum
	}
	return g
}

// quantile is the upper end of the bucket in which it lies: that is what is
// known. It is nil when the sample is too small, or when it lies above the
// highest bucket, which has no end.
func (g grown) quantile(q float64) *float64 {
	if float64(g.count)*(1-q) < 1-1e-9 {
		return nil
	}
	for i, n := range g.counts {
		if float64(n) >= q*float64(g.count) {
			return &g.upper[i]
		}
	}
	return nil
}
