package etcd

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// FuzzReadDigest: whatever an exposition says, its digest is bounded, ordered and
// without a series twice.
func FuzzReadDigest(f *testing.F) {
	f.Add(exposition)
	f.Add(`etcd_server_id{server_id="`)
	f.Add("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"x\"} -1\nprocess_open_fds 1e400\n")
	f.Add("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"1\"} 1\netcd_disk_wal_fsync_duration_seconds_bucket{le=\"1.0\"} 2\n")
	f.Add("etcd_disk_wal_fsync_duration_seconds_sum NaN\nprocess_open_fds\t7 1700000000000\n")
	f.Add("etcd_network_peer_round_trip_time_seconds_count{To=\"a\\\\\\n\\\"\xff\",} 4\n")
	f.Add("grpc_server_handled_total{grpc_code=\"OK\",grpc_code=\"OK\"} 1 # {} 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, _, err := readDigest(strings.NewReader(text))
		if err != nil {
			return
		}
		series := len(d.Values) + len(d.Histograms)
		for _, h := range d.Histograms {
			series += len(h.Buckets)
			wantLabels(t, h.Labels)
			if !slices.IsSortedFunc(h.Buckets, func(a, b cluster.DigestBucket) int { return cmp.Or(cmp.Compare(a.Upper, b.Upper), -1) }) {
				t.Errorf("buckets %v", h.Buckets)
			}
			if math.IsNaN(h.Sum) {
				t.Errorf("the sum of %s is not a number", h.Name)
			}
		}
		if series > maxDigestSeries {
			t.Errorf("%d series", series)
		}
		seen := map[string]bool{}
		for _, v := range d.Values {
			wantLabels(t, v.Labels)
			key := v.Name + "\x00" + strings.Join(v.Labels, "\x00")
			if seen[key] || math.IsNaN(v.Value) {
				t.Errorf("%+v", v)
			}
			seen[key] = true
		}
	})
}

func wantLabels(t *testing.T, values []string) {
	t.Helper()
	for _, l := range values {
		if l != cluster.SafeLabel(l) {
			t.Errorf("label value %q", l)
		}
	}
}

// FuzzFindQuota: a quota is a positive number of bytes, or there is none.
func FuzzFindQuota(f *testing.F) {
	for _, seed := range []string{"2.147483648e+09", "0", "-1", "NaN", "+Inf", "1e300", "x", "5 1700000000000", ""} {
		f.Add("# TYPE " + quotaMetric + " gauge\n" + quotaMetric + " " + seed + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := findQuota(strings.NewReader(text))
		if err == nil && !(v > 0 && (v <= maxBytes || math.IsInf(v, 1))) {
			t.Errorf("%q gives a quota of %v", text, v)
		}
	})
}

// FuzzFailure: every error has one of the reasons, and a text that can be shown.
func FuzzFailure(f *testing.F) {
	for _, s := range says {
		f.Add(s.text, uint32(codes.Unknown), uint8(0))
	}
	f.Add("etcdserver: mvcc: database space exceeded", uint32(codes.ResourceExhausted), uint8(0))
	f.Add(strings.Repeat("\xff", 2*maxText), uint32(99), uint8(1))
	for i := range connErrors {
		f.Add("connection error", uint32(codes.Unavailable), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text string, code uint32, conn uint8) {
		err := status.Error(codes.Code(code), text)
		if err == nil {
			err = errors.New(text)
		}
		got := failure(err, connErrors[int(conn)%len(connErrors)](text), time.Second)
		if !slices.Contains(cluster.Reasons, got.Reason) {
			t.Errorf("%q of %d fails because of %q", text, code, got.Reason)
		}
		if !utf8.ValidString(got.Text) || len(got.Text) > 3*maxText+3 {
			t.Errorf("%q is told as %q", text, got.Text)
		}
		if got.Reason.TLS() && status.Code(err) != codes.Unavailable && status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%q of %d: a call that was answered failed in the handshake", text, code)
		}
	})
}

// connErrors make what a connection last failed of.
var connErrors = []func(text string) error{
	func(string) error { return nil },
	func(s string) error { return errors.New(s) },
	func(s string) error { return &net.DNSError{Err: s, Name: s} },
	func(s string) error { return &net.OpError{Op: s, Err: io.EOF} },
	func(s string) error { return x509.HostnameError{Certificate: &x509.Certificate{}, Host: s} },
	func(s string) error { return x509.CertificateInvalidError{Reason: x509.Expired, Detail: s} },
	func(s string) error { return tls.RecordHeaderError{Msg: s} },
	func(s string) error { return errors.Join(tls.AlertError(42), errors.New(s)) },
}

// FuzzAlarms: what is read of Status.errors is an alarm that was written there.
func FuzzAlarms(f *testing.F) {
	f.Add("memberID:1015601955066404270  alarm:CORRUPT")
	f.Add("memberID:1015601955066404270 alarm:NOSPACE ")
	f.Add("etcdserver: no leader")
	f.Add("memberID:99999999999999999999 alarm:NOSPACE")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range alarmsOf([]string{text, text}) {
			if !strings.Contains(text, "alarm:") || !strings.Contains(text, a.Type) || strings.Trim(a.Type, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
				t.Errorf("%q is alarm %+v", text, a)
			}
		}
	})
}

// FuzzVersion: what is at least one version is at least any lesser one.
func FuzzVersion(f *testing.F) {
	for _, seed := range []string{"3.6.6", "3.7.0-rc.1", "3.6", "", "3.6.+6", "3.6.99999999999999999999", "-", "3.6.-1"} {
		f.Add(seed, uint8(3), uint8(6), uint8(6))
	}
	f.Fuzz(func(t *testing.T, s string, major, minor, patch uint8) {
		if atLeast(s, int(major), int(minor), int(patch)) && !atLeast(s, 0, 0, 0) {
			t.Errorf("%q is at least %d.%d.%d and not 0.0.0", s, major, minor, patch)
		}
		if v := version(s); v != cluster.SafeLabel(v) {
			t.Errorf("version %q is kept as %q", s, v)
		}
	})
}

// FuzzDialable: a member list makes us dial nothing but http and https URLs with
// a port, without userinfo, and no address that is not for it to name.
func FuzzDialable(f *testing.F) {
	for _, seed := range []string{
		"http://10.0.0.1:2379", "https://ETCD.example:2379", "http://169.254.169.254:80", "http://[::ffff:169.254.169.254]:80",
		"http://[fe80::1%25lo]:2379", "http://a:b@10.0.0.1:1", "unix:///run/etcd", "http://0:1", "http://localhost:1", "http://[::]:1",
		"http://10.0.0.1:2379/../x?y#z", "http://0x7f000001:1", "HTTP://10.0.0.1:1",
	} {
		f.Add(seed, false, false)
		f.Add(seed, true, true)
	}
	f.Fuzz(func(t *testing.T, raw string, loopback, secure bool) {
		c := &Client{}
		c.allowLoopback.Store(loopback)
		c.secure.Store(secure)
		urls := c.dialable([]string{raw})
		if len(urls) == 0 {
			return
		}
		got := urls[0]
		u, err := url.Parse(got)
		if err != nil || u.User != nil || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" ||
			u.Scheme != "https" && (secure || u.Scheme != "http") {
			t.Fatalf("%q gives %q: %v", raw, got, err)
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil && !harmless(addr, loopback) {
			t.Errorf("%q gives %q", raw, got)
		}
	})
}

// FuzzAllowed: an address that is dialled is one that may be.
func FuzzAllowed(f *testing.F) {
	for _, seed := range []string{
		"10.0.0.1:2379", "127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "169.254.169.254:80", "[fe80::1%eth0]:1",
		"[fd00:ec2::254]:80", "224.0.0.1:1", "0.0.0.0:1", "[::]:1", "localhost:1", "", ":1", "[::ffff:0.0.0.0]:1",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, address string, loopback bool) {
		if allowed(address, loopback) != nil {
			return
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		host, _, _ = strings.Cut(host, "%")
		addr, err := netip.ParseAddr(host)
		if err != nil || !harmless(addr, loopback) {
			t.Errorf("%q is dialled: %v", address, err)
		}
	})
}

// harmless is the rule about addresses once more, in other words.
func harmless(addr netip.Addr, loopback bool) bool {
	addr = addr.Unmap()
	return !addr.IsUnspecified() && !addr.IsLinkLocalUnicast() && !addr.IsMulticast() &&
		addr.WithZone("") != netip.MustParseAddr("fd00:ec2::254") && (loopback || !addr.IsLoopback())
}

// FuzzAnswers: whatever etcd sends, what is kept is small and possible.
func FuzzAnswers(f *testing.F) {
	add := func(m proto.Message) {
		b, err := proto.Marshal(m)
		etcdtest.OK(f, err)
		f.Add(b)
	}
	add(plausible())
	add(&pb.StatusResponse{Header: &pb.ResponseHeader{ClusterId: 1, MemberId: 1}, DbSize: -1, RaftIndex: math.MaxUint64, Version: "3.7.3"})
	add(&pb.MemberListResponse{
		Header:  &pb.ResponseHeader{ClusterId: 1, MemberId: 7},
		Members: []*pb.Member{{ID: 7, Name: "a", ClientURLs: []string{"http://127.0.0.1:1"}}, {ID: 7}, {ID: 8, IsLearner: true}},
	})
	f.Add([]byte("\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var st pb.StatusResponse
		if proto.Unmarshal(b, &st) == nil {
			wantPossible(t, &st)
		}
		var list pb.MemberListResponse
		if proto.Unmarshal(b, &list) == nil {
			wantShort(t, &list, 2)
		}
		var read pb.RangeResponse
		if proto.Unmarshal(b, &read) == nil {
			if r := served(&read, time.Second); r.Confirmed() && (r.From.Cluster == 0 || r.From.Member == 0 || r.Revision.OK && r.Revision.V <= 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func wantPossible(t *testing.T, r *pb.StatusResponse) {
	t.Helper()
	s, problem := statusOf(r, time.Second)
	if problem != "" {
		return
	}
	for _, size := range []cluster.Opt[int64]{s.DBSize, s.DBInUse} {
		if size.OK && (size.V < 0 || size.V > maxBytes) {
			t.Errorf("a size of %d", size.V)
		}
	}
	for _, field := range s.Rejected {
		if !slices.Contains(cluster.StatusFields, field) {
			t.Errorf("%q is no field", field)
		}
	}
	if s.ClusterID == 0 || s.MemberID == 0 || s.Quota.OK && !(s.Quota.V > 0) || len(s.Alarms) > maxAlarms ||
		s.Version != cluster.SafeLabel(s.Version) || s.StorageVersion != cluster.SafeLabel(s.StorageVersion) {
		t.Errorf("%+v", s)
	}
}

func wantShort(t *testing.T, r *pb.MemberListResponse, limit int) {
	t.Helper()
	l := membersOf(r, limit)
	if len(l.Members) > limit+1 { // the one that tells is always kept
		t.Errorf("%d members of %d are kept", len(l.Members), limit)
	}
	seen := map[cluster.ID]bool{}
	for _, m := range l.Members {
		if seen[m.ID] || len(m.Name) > maxName || len(m.ClientURLs) > maxURLs {
			t.Errorf("%+v", m)
		}
		seen[m.ID] = true
	}
}

// FuzzCertificates: what is no certificate between those that are is passed over.
func FuzzCertificates(f *testing.F) {
	ca, err := etcdtest.NewCA(f.TempDir(), "ca")
	etcdtest.OK(f, err)
	pem, err := os.ReadFile(ca.File)
	etcdtest.OK(f, err)
	text := string(pem)
	f.Add(text)
	f.Add("# comment\r\n" + text + text)
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + text)
	f.Add("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + text[:len(text)/2])
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range certificatesIn([]byte(text)) {
			if c := certificateOf(x, Certificate{Kind: "ca"}); c.Subject != cluster.SafeLabel(c.Subject) {
				t.Errorf("subject %q", c.Subject)
			}
		}
		if n := len(certificatesIn([]byte(text))); n > strings.Count(text, "-----BEGIN") {
			t.Errorf("%d certificates in %q", n, text)
		}
	})
}
