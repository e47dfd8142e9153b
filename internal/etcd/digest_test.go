package etcd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

const exposition = `# HELP etcd_server_proposals_pending x
etcd_server_id{server_id="8e9e05c52164694d"} 1
etcd_server_proposals_pending 3
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.002"} 5
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 2
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 7
etcd_disk_wal_fsync_duration_seconds_sum 0.5
etcd_disk_wal_fsync_duration_seconds_count 7
etcd_network_peer_round_trip_time_seconds_bucket{To="a1",le="0.1"} 4
etcd_network_peer_round_trip_time_seconds_count{To="a1"} 4
grpc_server_handled_total{grpc_code="OK",grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"} 11
grpc_server_handled_total{grpc_code="Aborted",grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"} 0
grpc_server_handled_total{grpc_code="Canceled",grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 2
grpc_server_started_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 5
grpc_server_started_total{grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"} 99
process_max_fds NaN
unknown_metric{a="\"}"} 1
`

func TestReadDigest(t *testing.T) {
	d, member, err := readDigest(strings.NewReader(exposition))
	if err != nil || member != 0x8e9e05c52164694d {
		t.Fatalf("member %v, err %v", member, err)
	}
	want := []cluster.DigestValue{
		{Name: "active_streams", Value: 3},
		{Name: "grpc_requests_total", Labels: []string{"etcdserverpb.KV", "Range", "OK"}, Value: 11},
		{Name: "grpc_requests_total", Labels: []string{"etcdserverpb.Watch", "Watch", "Canceled"}, Value: 2},
		{Name: "proposals_pending", Value: 3},
	}
	if !slices.EqualFunc(d.Values, want, func(a, b cluster.DigestValue) bool {
		return a.Name == b.Name && slices.Equal(a.Labels, b.Labels) && a.Value == b.Value
	}) {
		t.Errorf("values %+v", d.Values)
	}
	if len(d.Histograms) != 2 || d.Histograms[1].Name != "wal_fsync_duration_seconds" {
		t.Fatalf("histograms %+v", d.Histograms)
	}
	wal := d.Histograms[1]
	if wal.Count != 7 || wal.Sum != 0.5 || !slices.Equal(wal.Buckets, []cluster.DigestBucket{{Upper: 0.001, Count: 2}, {Upper: 0.002, Count: 5}}) {
		t.Errorf("wal fsync %+v", wal)
	}
	if rtt := d.Histograms[0]; !slices.Equal(rtt.Labels, []string{"a1"}) || rtt.Count != 4 {
		t.Errorf("round trip %+v", rtt)
	}
	if _, _, err := readDigest(strings.NewReader("go_goroutines 1\n")); err == nil {
		t.Error("an exposition of somebody else made a digest")
	}
}

// TestDigestIsBounded: a member that tells endless combinations costs no more
// than the limit.
func TestDigestIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(exposition)
	for i := range 10_000 {
		b.WriteString(`grpc_server_handled_total{grpc_code="` + strings.Repeat("x", i%50) + strings.Repeat("y", i/50) + `"} 1` + "\n")
	}
	d, _, err := readDigest(strings.NewReader(b.String()))
	if err != nil || !d.Truncated || len(d.Values) > maxDigestSeries {
		t.Errorf("%d values, truncated %v, err %v", len(d.Values), d.Truncated, err)
	}
}

func BenchmarkReadDigest(b *testing.B) {
	e := etcdtest.New(b, etcdtest.Options{Members: 1})
	c := &Client{}
	c.opts.Cluster.DialTimeout = time.Second
	body, err := c.newSource(e.Endpoints()[0], 0, nil).open(b.Context())
	etcdtest.OK(b, err)
	text, err := io.ReadAll(body)
	etcdtest.OK(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = readDigest(strings.NewReader(string(text)))
	}
}

// TestDigestOfRealMembers: fetched, shared with who reads along, and told to be
// whose it is.
func TestDigestOfRealMembers(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{MetricsListener: true})
	etcdtest.OK(t, e.Put(t.Context(), 20, 100))
	for name, alter := range map[string]func(*Options){
		"client port":       func(*Options) {},
		"separate listener": func(o *Options) { o.Cluster.MetricsURLs = metricsBases(e) },
	} {
		c := watch(t, e.Endpoints(), alter)
		judge(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		c.RefreshDigests(ctx, time.Second, make(chan struct{}, 8))
		cancel()
		seen := map[cluster.ID]bool{}
		for _, d := range c.Digests() {
			seen[d.Member] = true
			if d.Failure != nil || len(d.Digest.Histograms) < 2 || valueOf(d.Digest, "proposals_committed") < 20 {
				t.Errorf("%s: %s: failure %+v, %d values, %d histograms", name, d.URL, d.Failure, len(d.Digest.Values), len(d.Digest.Histograms))
			}
		}
		for _, m := range e.Members() {
			if !seen[cluster.ID(m.ID())] {
				t.Errorf("%s: no digest of %s", name, m.Name())
			}
		}
		readAlong(t, c, cluster.ID(e.Member(0).ID()))
		readLate(t, c, cluster.ID(e.Member(0).ID()))
	}
}

// The metrics of a member that took another one's place are its own, as soon as
// the former one has left.
func TestDigestOfReplacedMember(t *testing.T) {
	var serves atomic.Value
	base := fake.Handler(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.ReplaceAll(exposition, "8e9e05c52164694d", serves.Load().(string)))
	})
	f := fake.New(t, 2)
	c := watch(t, f.Endpoints()[:1], func(o *Options) { o.Cluster.MetricsURLs = []string{base} })
	refreshed := func() DigestState {
		judge(t, c)
		c.RefreshDigests(t.Context(), 0, make(chan struct{}, 1))
		return c.Digests()[0]
	}
	serves.Store("a001")
	if d := refreshed(); d.Member != 0xa001 || d.Failure != nil {
		t.Fatalf("the member's digest is %+v", d)
	}
	serves.Store("a00f")
	if d := refreshed(); d.Member != 0xa001 || d.Failure == nil || d.Failure.Reason != cluster.ReasonWrongMember {
		t.Errorf("a stranger's metrics are %+v", d)
	}
	f.Server(0).Tell(fake.Script{List: func(r *pb.MemberListResponse) { r.Members[1].ID = 0xa00f }})
	if d := refreshed(); d.Member != 0xa00f || d.Failure != nil {
		t.Errorf("the digest of the member in its place is %+v", d)
	}
}

// Metrics URLs do not say whose metrics they serve. Who wants those of a member
// finds out, and does not wait for a URL where nobody answers.
func TestMetricsURLsWithoutDigests(t *testing.T) {
	f := fake.New(t, 3)
	f.Expose(exposition + quotaMetric + " 1e+09\n")
	for _, s := range f.Servers() {
		s.Tell(fake.Script{Status: func(r *pb.StatusResponse) { r.Version = "3.5.30" }})
	}
	urls := append(f.Endpoints(), "http://"+silent(t).Addr().String())
	c := watch(t, f.Endpoints(), func(o *Options) { o.Cluster.MetricsURLs = urls })
	judge(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), linearizableTimeout-time.Second)
	defer cancel()
	for _, s := range f.Servers() {
		body, err := c.OpenMetrics(ctx, cluster.ID(s.ID))
		etcdtest.OK(t, err)
		text, err := io.ReadAll(body)
		etcdtest.OK(t, err)
		etcdtest.OK(t, body.Close())
		if own := fmt.Sprintf("{server_id=%q}", cluster.ID(s.ID)); !strings.Contains(string(text), own) {
			t.Errorf("%s: the exposition is not its own: %.200s", s.Name, text)
		}
	}

	c = watch(t, f.Endpoints(), func(o *Options) { o.Cluster.MetricsURLs = urls })
	judge(t, c)
	etcdtest.Eventually(t, 10*time.Second, "the quota of every member is known", func() bool {
		c.RefreshQuotas(t.Context())
		for _, s := range f.Servers() {
			if q, ok := c.MetricsQuota(cluster.ID(s.ID)); !ok || q != 1e9 {
				return false
			}
		}
		return true
	})
}

// readAlong reads a member's metrics and expects a newer digest from that.
func readAlong(t *testing.T, c *Client, member cluster.ID) {
	t.Helper()
	before := digestOf(c, member).Digest.At
	body, err := c.OpenMetrics(t.Context(), member)
	etcdtest.OK(t, err)
	text, err := io.ReadAll(body)
	etcdtest.OK(t, err)
	etcdtest.OK(t, body.Close())
	if !strings.Contains(string(text), "etcd_server_has_leader 1") {
		t.Errorf("no exposition of etcd: %.200s", text)
	}
	if after := digestOf(c, member).Digest.At; !after.After(before) {
		t.Error("reading along renewed no digest")
	}
	half, err := c.OpenMetrics(t.Context(), member)
	etcdtest.OK(t, err)
	_, err = half.Read(make([]byte, 100))
	etcdtest.OK(t, err)
	at := digestOf(c, member).Digest.At
	etcdtest.OK(t, half.Close())
	if digestOf(c, member).Digest.At != at {
		t.Error("a reading that stopped half way made a digest")
	}
}

// readLate reads a member's metrics to their end after a newer digest came, which
// stays: counters never go back.
func readLate(t *testing.T, c *Client, member cluster.ID) {
	t.Helper()
	late, err := c.OpenMetrics(t.Context(), member)
	etcdtest.OK(t, err)
	c.RefreshDigests(t.Context(), 0, make(chan struct{}, 8))
	newer := digestOf(c, member).Digest.At
	_, err = io.Copy(io.Discard, late)
	etcdtest.OK(t, err)
	etcdtest.OK(t, late.Close())
	if at := digestOf(c, member).Digest.At; at != newer {
		t.Errorf("a digest %v older took the place of a newer one", newer.Sub(at))
	}
}

func digestOf(c *Client, member cluster.ID) DigestState {
	for _, d := range c.Digests() {
		if d.Member == member {
			return d
		}
	}
	return DigestState{}
}

func valueOf(d cluster.Digest, name string) float64 {
	for _, v := range d.Values {
		if v.Name == name {
			return v.Value
		}
	}
	return -1
}

func metricsBases(e *etcdtest.Cluster) []string {
	var urls []string
	for _, m := range e.Members() {
		urls = append(urls, strings.TrimSuffix(m.MetricsURL(), "/metrics"))
	}
	return urls
}
