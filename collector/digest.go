package collector

import (
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// digestFamilies are the metrics of the digest, all named after the names in
// cluster.Digest.
var digestFamilies = []*family{
	digestHistogram("etcd_monitor_member_wal_fsync_duration_seconds",
		"Time that the member takes to bring its log to the disk. What raft waits for.", "cluster", "member"),
	digestHistogram("etcd_monitor_member_backend_commit_duration_seconds",
		"Time that the member takes to commit its database.", "cluster", "member"),
	digestHistogram("etcd_monitor_member_peer_round_trip_duration_seconds",
		"Round trip from the member to a peer.", "cluster", "member", "peer"),
	gauge("etcd_monitor_member_proposals_committed", "Raft proposals committed, as the member knows. A gauge, as etcd has it.", "cluster", "member"),
	gauge("etcd_monitor_member_proposals_applied", "Raft proposals that the member has applied.", "cluster", "member"),
	gauge("etcd_monitor_member_proposals_pending", "Clients of the member that wait for a proposal.", "cluster", "member"),
	counter("etcd_monitor_member_proposals_failed_total", "Proposals through the member that failed.", "cluster", "member"),
	counter("etcd_monitor_member_slow_applies_total", "Applies that took longer than etcd expects.", "cluster", "member"),
	counter("etcd_monitor_member_slow_reads_total", "Read indexes that took longer than etcd expects.", "cluster", "member"),
	counter("etcd_monitor_member_heartbeat_send_failures_total", "Heartbeats that the member, leading, sent late: its disk or CPU is overloaded.", "cluster", "member"),
	counter("etcd_monitor_member_grpc_requests_total", "Requests that the member has answered. Combinations that never occurred are left out.", "cluster", "member", "service", "method", "code"),
	counter("etcd_monitor_member_cpu_seconds_total", "CPU time of the member's process.", "cluster", "member"),
	gauge("etcd_monitor_member_resident_memory_bytes", "Resident memory of the member's process.", "cluster", "member"),
	gauge("etcd_monitor_member_open_fds", "Open file descriptors of the member's process.", "cluster", "member"),
	gauge("etcd_monitor_member_max_fds", "Limit of file descriptors of the member's process.", "cluster", "member"),
	counter("etcd_monitor_member_network_receive_bytes_total", "Bytes received in the member's network namespace. etcd 3.6 and later.", "cluster", "member"),
	counter("etcd_monitor_member_network_transmit_bytes_total", "Bytes sent in the member's network namespace. etcd 3.6 and later.", "cluster", "member"),
	gauge("etcd_monitor_member_watchers", "Watchers on the member.", "cluster", "member"),
	gauge("etcd_monitor_member_watch_streams", "Watch streams on the member. One carries many watchers.", "cluster", "member"),
	gauge("etcd_monitor_member_active_streams", "Streams on the member that were started and have not ended: watches and leases kept alive. etcd does not tell its connections.", "cluster", "member"),
	gauge("etcd_monitor_member_slow_watchers", "Watchers that are behind and being caught up.", "cluster", "member"),
	gauge("etcd_monitor_member_pending_events", "Events that wait to be sent to watchers.", "cluster", "member"),
	gauge("etcd_monitor_member_keys", "Keys in the member's keyspace.", "cluster", "member"),
	counter("etcd_monitor_member_leases_granted_total", "Leases granted since the member started.", "cluster", "member"),
	counter("etcd_monitor_member_leases_revoked_total", "Leases revoked since the member started.", "cluster", "member"),
	counter("etcd_monitor_member_leases_expired_total", "Leases that expired since the member started.", "cluster", "member"),
	gauge("etcd_monitor_member_defrag_inflight", "Whether a defragmentation is under way on the member. It blocks the member for its length.", "cluster", "member"),
	gauge("etcd_monitor_member_start_time_seconds", "When the member's process started, Unix time.", "cluster", "member"),
	gauge("etcd_monitor_member_gomaxprocs", "CPUs that the member's process can keep busy, as its Go runtime limits it. Recent builds of etcd only.", "cluster", "member"),
	digestTime, digestTruncated, digestError,
}

var (
	digestTime = gauge("etcd_monitor_member_digest_timestamp_seconds",
		"When the member's own metrics were read, Unix time.", "cluster", "member")
	digestTruncated = gauge("etcd_monitor_member_digest_truncated",
		"Whether the member told more series than are kept.", "cluster", "member")
	digestError = gauge("etcd_monitor_member_digest_error",
		"1 while the member's own metrics cannot be read, and why. The member is empty when it is not known whose they are.", "cluster", "member", "endpoint", "reason")
)

// digestByName finds the family of a name in cluster.Digest.
var digestByName = func() map[string]*family {
	m := map[string]*family{}
	for _, f := range digestFamilies {
		m[strings.TrimPrefix(f.name, "etcd_monitor_member_")] = f
	}
	return m
}()

func digestHistogram(name, help string, labels ...string) *family {
	return &family{name, help, dto.MetricType_HISTOGRAM, labels}
}

func collectDigest(s *sink, view *View) {
	peers := map[string]string{}
	for i := range view.Verdict.Members {
		peers[view.Verdict.Members[i].ID.String()] = view.Verdict.Members[i].Label
	}
	for i := range view.Digests {
		d := &view.Digests[i]
		if d.Failure != "" {
			s.add(digestError, 1, d.Member, cluster.SafeEndpoint(d.Endpoint), string(d.Failure))
		}
		if d.At.IsZero() {
			continue
		}
		s.add(digestTime, unix(d.At), d.Member)
		s.add(digestTruncated, bit(d.Truncated), d.Member)
		for _, v := range d.Values {
			if f := digestByName[v.Name]; f != nil {
				s.add(f, v.Value, append([]string{d.Member}, v.Labels...)...)
			}
		}
		for j := range d.Histograms {
			h := &d.Histograms[j]
			labels := []string{d.Member}
			for _, l := range h.Labels {
				if peer, ok := peers[l]; ok {
					l = peer
				}
				labels = append(labels, l)
			}
			if f := digestByName[h.Name]; f != nil {
				s.histogram(f, h, labels...)
			}
		}
	}
}

// histogram adds a classic histogram.
func (s *sink) histogram(f *family, h *cluster.DigestHistogram, labels ...string) {
	d := &dto.Histogram{SampleCount: &h.Count, SampleSum: &h.Sum}
	for i := range h.Buckets {
		d.Bucket = append(d.Bucket, &dto.Bucket{UpperBound: &h.Buckets[i].Upper, CumulativeCount: &h.Buckets[i].Count})
	}
	s.put(f, &dto.Metric{Histogram: d}, labels)
}
