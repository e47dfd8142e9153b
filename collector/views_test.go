package collector

import (
	"math"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// The words in which views are written: what each endpoint of a cluster said,
// from which cluster.Judge makes the verdict that a scrape shows.

const theCluster cluster.ID = 0xcdf818194e3a8c32

// Three members, as etcd would number them.
var (
	m1 = cluster.ListedMember{ID: 0x8211f1d0f64f3269, Name: "m1", ClientURLs: []string{"http://m1:2379"}}
	m2 = cluster.ListedMember{ID: 0x91bc3c398fb3c146, Name: "m2", ClientURLs: []string{"http://m2:2379"}}
	m3 = cluster.ListedMember{ID: 0xfd422379fda50e48, Name: "m3", ClientURLs: []string{"http://m3:2379"}}
)

var roundStart = time.Unix(1_700_000_000, 0)

// answer is what one endpoint said.
type answer struct{ cluster.Answer }

// served: Status answered, and the linearizable read was served. m1 leads.
func served(m cluster.ListedMember) answer {
	who := cluster.Identity{Cluster: theCluster, Member: m.ID}
	return answer{cluster.Answer{
		Endpoint: m.ClientURLs[0], Configured: true, Last: who,
		Status: &cluster.Status{
			ClusterID: who.Cluster, MemberID: who.Member, Leader: m1.ID, Term: 4,
			Version: "3.6.16", StorageVersion: "3.6.0",
			RaftIndex: cluster.Known[uint64](1000), Applied: cluster.Known[uint64](998),
			Revision: cluster.Known[int64](700),
			DBSize:   cluster.Known[int64](64 << 20), DBInUse: cluster.Known[int64](48 << 20),
			Quota:            cluster.Known[float64](2 << 30),
			DowngradeEnabled: cluster.Known(false),
			Took:             2 * time.Millisecond,
		},
		Read: cluster.Read{
			Outcome: cluster.ReadServed, From: who, Term: 4,
			Revision: cluster.Known[int64](700), Took: 3 * time.Millisecond,
		},
	}}
}

// gone: nothing listens there any more.
func gone(m cluster.ListedMember) answer { return failed(m, cluster.ReasonRefused, time.Millisecond) }

// failed: nothing was answered, for that reason, after that time.
func failed(m cluster.ListedMember, why cluster.Reason, after time.Duration) answer {
	f := cluster.Failure{Reason: why, Text: "it says so", After: after}
	a := served(m)
	a.Status, a.StatusFailure = nil, &f
	a.Read = cluster.Read{Outcome: cluster.ReadFailed, Failure: f}
	return a
}

// leaderless: it is there, knows no leader, and its read waited in vain.
func leaderless(m cluster.ListedMember) answer {
	return served(m).status(func(st *cluster.Status) { st.Leader = 0 }).hangs()
}

func (a answer) hangs() answer {
	a.Read = cluster.Read{
		Outcome: cluster.ReadFailed,
		Failure: cluster.Failure{Reason: cluster.ReasonTimeout, After: 5 * time.Second},
	}
	return a
}

func (a answer) status(change func(*cluster.Status)) answer {
	st := *a.Status
	change(&st)
	a.Status = &st
	return a
}

// observed is the view of a cluster of those members whose endpoints said that,
// as it is before anything was counted. The first that answers tells the list.
func observed(name string, list []cluster.ListedMember, said ...answer) View {
	o := cluster.Observation{
		Cluster: name, Start: roundStart, End: roundStart.Add(7 * time.Millisecond), Remembered: list,
	}
	for _, a := range said {
		o.Answers = append(o.Answers, a.Answer)
		if a.Status != nil && o.Lists == nil {
			o.Lists = []cluster.MemberList{{
				Endpoint: a.Endpoint, Cluster: theCluster, From: a.Status.MemberID, Members: list,
			}}
		}
	}
	v := cluster.Judge(o)
	return View{
		Verdict:    v,
		Thresholds: config.Thresholds(nil).Effective(v.Voters.V, v.Voters.OK),
		Rounds:     12,
		RPCs: map[string]uint64{
			"Maintenance/Status": 36, "KV/Range": 36, "Cluster/MemberList": 12, "Auth/Authenticate": 0,
		},
		SnapshotAge: 8 * time.Millisecond,
	}
}

// withHistory adds what outlives a round: an election that was seen, growth,
// windows of latencies, a comparison of the data.
func (v View) withHistory() View {
	before := v.Verdict
	before.Leader = cluster.Claim{Leader: m2.ID, Term: 3}
	before.Start = roundStart.Add(-time.Minute)
	v.Track, _ = cluster.Track{}.Next(before)
	v.Track, _ = v.Track.Next(v.Verdict)

	v.Growth = map[cluster.ID]cluster.Growth{m1.ID: {Size: 1024, InUse: 1000}, m2.ID: {}}
	v.Quotas = map[cluster.ID]Quota{m3.ID: {Bytes: math.Inf(1), Source: "metrics"}}
	samples := make([]float64, 0, 100)
	for ms := range 100 {
		samples = append(samples, float64(ms+1)/1000)
	}
	v.Latency = []Latency{
		{Member: "m1", Op: "read_linearizable", Latency: cluster.LatencyOf(samples)},
		{Member: "m1", Op: "read_serializable", Latency: cluster.LatencyOf(samples[:9])},
	}
	hashes := []cluster.Hash{
		{Member: m1.ID, Label: "m1", Hash: 1, Revision: 690, CompactRevision: 500},
		{Member: m2.ID, Label: "m2", Hash: 1, Revision: 690, CompactRevision: 500},
	}
	v.Hash = &HashReport{At: roundStart, Hashes: hashes, Mismatch: cluster.Diverged(hashes)}
	v.Rejected = []Rejected{{Member: "m3", Field: "dbSize", Count: 2}}
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	v.Certificates = []Certificate{
		{Endpoint: "https://m1:2379", Kind: "server", Subject: "CN=m1", NotAfter: roundStart.Add(24 * time.Hour)},
		{File: "/etc/etcd/ca.pem", Kind: "ca", Subject: "CN=ca", NotAfter: never},
	}
	return v
}

// withDigest adds m1's own metrics, one series of each, and a failure of m2.
func (v View) withAdvertised() View {
	v.Advertised = []Advertised{
		{Member: "m1", URL: "http://m1:2379", Reachable: true},
		{Member: "m2", URL: "http://127.0.0.1:2379"},
	}
	return v
}

func (v View) withDigest() View {
	d := Digest{Member: "m1", Endpoint: "http://m1:2379"}
	d.At = roundStart
	for i, f := range digestFamilies {
		name := strings.TrimPrefix(f.name, "etcd_monitor_member_")
		labels := map[int][]string{
			2: {},
			3: {m2.ID.String()}, // of a round trip: the peer
			5: {"KV", "Range", "OK"},
		}[len(f.labels)]
		switch {
		case f == digestTime, f == digestTruncated, f == digestError:
		case f.kind == dto.MetricType_HISTOGRAM:
			d.Histograms = append(d.Histograms, cluster.DigestHistogram{
				Name: name, Labels: labels, Count: 3, Sum: 0.25,
				Buckets: []cluster.DigestBucket{{Upper: 0.001, Count: 1}, {Upper: 0.002, Count: 2}},
			})
		default:
			d.Values = append(d.Values, cluster.DigestValue{Name: name, Labels: labels, Value: float64(i)})
		}
	}
	d.Values = append(d.Values, cluster.DigestValue{Name: "compact_revision", Value: 512})
	v.Digests = []Digest{d, {Member: "m2", Endpoint: "http://m2:2379", Failure: cluster.ReasonDenied}}
	return v
}
