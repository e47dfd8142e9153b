package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// reasons are why endpoints gave no Status, by endpoint.
func reasons(v cluster.Verdict) map[string]cluster.Reason {
	all := map[string]cluster.Reason{}
	for _, f := range v.Failed {
		all[f.Endpoint] = f.Failure.Reason
	}
	return all
}

// allFailed checks that no endpoint gave a Status, every one for that reason.
func allFailed(t *testing.T, v cluster.Verdict, endpoints []string, want cluster.Reason) {
	t.Helper()
	got := reasons(v)
	for _, e := range endpoints {
		if got[e] != want {
			t.Errorf("%s failed because of %q, want %q: %+v", e, got[e], want, v.Failed)
		}
	}
}

// unknowable checks that the verdict claims nothing about the cluster: neither
// a quorum nor the lack of one, neither a member that is up nor one that is not.
func unknowable(t *testing.T, v cluster.Verdict, want cluster.Unknown) {
	t.Helper()
	unknownQuorum(t, v, want)
	for _, m := range v.Members {
		if m.Up.OK {
			t.Errorf("member %s up is %v, want it unknown", m.Label, m.Up.V)
		}
	}
}

func unknownQuorum(t *testing.T, v cluster.Verdict, want cluster.Unknown) {
	t.Helper()
	if v.HasQuorum.OK || v.QuorumUnknown != want {
		t.Errorf("has quorum is %v because of %q, want it unknown because of %q", v.HasQuorum, v.QuorumUnknown, want)
	}
}

// healthy tells whether a cluster of that many voters is all well.
func healthy(v cluster.Verdict, voters int) bool {
	return v.Up && v.HasQuorum == cluster.Known(true) && v.Leader.Leader != 0 &&
		v.Voters == cluster.Known(voters) && v.VotersConfirmed == cluster.Known(voters) &&
		v.SplitBrain.Leaders == cluster.Known(false) && v.SplitBrain.ClusterID == cluster.Known(false)
}

// wantHealthy observes once and fails the test unless all is well.
func wantHealthy(t testing.TB, c *Client, voters int) cluster.Verdict {
	t.Helper()
	v := judge(t, c)
	if !healthy(v, voters) {
		t.Fatalf("not healthy with %d voters: %s", voters, summary(v))
	}
	return v
}

// summary is what a failed test wants to tell of a verdict.
func summary(v cluster.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "up %v, quorum %v %q, leader %+v, voters %v, up %v, confirmed %v, stale %v, split %+v",
		v.Up, v.HasQuorum, v.QuorumUnknown, v.Leader, v.Voters, v.VotersUp, v.VotersConfirmed, v.MembershipStale, v.SplitBrain)
	for _, m := range v.Members {
		fmt.Fprintf(&b, "\n  member %s: configured %v, up %v, confirmed %v, permissions %v, read %+v",
			m.Label, m.Configured, m.Up, m.Confirmed, m.Permissions, m.Read)
	}
	for _, f := range v.Failed {
		fmt.Fprintf(&b, "\n  failed %+v", f)
	}
	return b.String()
}

// What etcd of one version or another says, and what it means. The texts are
// those of real members.
func TestReasonOfAnswers(t *testing.T) {
	for _, test := range []struct {
		code codes.Code
		text string
		want cluster.Reason
	}{
		{codes.InvalidArgument, "etcdserver: user name is empty", cluster.ReasonAuth},
		{codes.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password", cluster.ReasonAuth},
		{codes.Unauthenticated, "etcdserver: invalid auth token", cluster.ReasonAuth},
		{codes.InvalidArgument, "etcdserver: revision of auth store is old", cluster.ReasonAuth},
		{codes.PermissionDenied, "etcdserver: permission denied", cluster.ReasonDenied},
		{codes.Unknown, "auth: permission denied", cluster.ReasonDenied}, // 3.4 and 3.5
		{codes.Unavailable, "dial tcp 192.0.2.1:2379: connect: permission denied", cluster.ReasonUnreachable},
		{codes.Unavailable, "etcdserver: no leader", cluster.ReasonNoLeader},
		{codes.Unavailable, "etcdserver: request timed out", cluster.ReasonTimeout},
		{codes.Unavailable, "etcdserver: request timed out, possibly due to previous leader failure", cluster.ReasonTimeout},
		{codes.Unknown, "context deadline exceeded", cluster.ReasonTimeout}, // 3.4
		{codes.DeadlineExceeded, "received context error while waiting for new LB policy update", cluster.ReasonTimeout},
		{codes.ResourceExhausted, "etcdserver: mvcc: database space exceeded", cluster.ReasonNoSpace},
		{codes.ResourceExhausted, "grpc: received message larger than max (5000000 vs. 4194304)", cluster.ReasonTooLarge},
		{codes.Unimplemented, "unknown service etcdserverpb.Maintenance", cluster.ReasonUnimplemented},
		{codes.Internal, "grpc: failed to unmarshal the received message", cluster.ReasonInvalid},
		{codes.Unavailable, "error reading from server: EOF", cluster.ReasonUnreachable},
		{codes.Aborted, "what a later etcd may say", cluster.ReasonOther},
	} {
		if got := failure(status.Error(test.code, test.text), nil, time.Second); got.Reason != test.want {
			t.Errorf("%v %q is %q, want %q", test.code, test.text, got.Reason, test.want)
		}
	}
}

// Why a connection was not to be had is known by type.
func TestReasonOfConnections(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, test := range []struct {
		err  error
		want cluster.Reason
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "etcd.example", IsNotFound: true}), cluster.ReasonDNS},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "etcd.example", IsTimeout: true}), cluster.ReasonDNS},
		{dial(syscall.ECONNREFUSED), cluster.ReasonRefused},
		{dial(syscall.EHOSTUNREACH), cluster.ReasonUnreachable},
		{dial(syscall.EACCES), cluster.ReasonUnreachable},
		{dial(syscall.EPERM), cluster.ReasonUnreachable},
		{dial(syscall.ETIMEDOUT), cluster.ReasonTimeout},
		{dial(os.NewSyscallError("connectex", syscall.Errno(10061))), cluster.ReasonRefused}, // Windows
		{dial(os.NewSyscallError("connectex", syscall.Errno(10060))), cluster.ReasonTimeout},
		{context.DeadlineExceeded, cluster.ReasonTimeout},
		{fmt.Errorf("%w: %w", errUnusable, io.EOF), cluster.ReasonUnreachable},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, cluster.ReasonTLSUnknownCA},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "etcd.example"}, cluster.ReasonTLSNameMismatch},
		{x509.CertificateInvalidError{Reason: x509.Expired}, cluster.ReasonTLSExpired},
		{x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}, cluster.ReasonTLS},
		{dial(tls.AlertError(42)), cluster.ReasonTLSClientCertRejected},  // bad certificate
		{dial(tls.AlertError(45)), cluster.ReasonTLSClientCertRejected},  // expired certificate
		{dial(tls.AlertError(48)), cluster.ReasonTLSClientCertRejected},  // unknown CA
		{dial(tls.AlertError(116)), cluster.ReasonTLSClientCertRejected}, // certificate required
		{dial(tls.AlertError(40)), cluster.ReasonTLS},                    // handshake failure
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, cluster.ReasonTLS},
		{errHTTP1, cluster.ReasonInvalid},
		{errTLSPort, cluster.ReasonTLS},
		{errors.New("what a later Go may say"), cluster.ReasonUnreachable},
	} {
		err := status.Error(codes.Unavailable, "last connection error: whatever gRPC makes of it")
		got := failure(err, test.err, time.Second)
		if got.Reason != test.want || got.Text != test.err.Error() {
			t.Errorf("%v is %q %q, want %q", test.err, got.Reason, got.Text, test.want)
		}
	}
}

// A server may say anything, at any length; it ends up in logs and on a page.
func TestFailureTextIsBounded(t *testing.T) {
	f := failure(status.Error(codes.Internal, "\xff"+strings.Repeat("x", 1<<20)), nil, 0)
	if len(f.Text) > maxText+10 || strings.ToValidUTF8(f.Text, "") != f.Text {
		t.Errorf("text of %d bytes: %q", len(f.Text), f.Text[:10])
	}
}

// A connection that this host, or a proxy's, is not permitted to make confirms
// nothing, though etcd refuses a read in the same words once it is confirmed.
func TestConnectionThatIsNotPermitted(t *testing.T) {
	f := fake.New(t, 1)
	f.Server(0).Tell(fake.Script{Before: func(context.Context, string) error {
		return status.Error(codes.Unavailable, "connection error: dial tcp 192.0.2.1:2379: connect: permission denied")
	}})
	c := watch(t, f.Endpoints())
	v := judge(t, c)
	if v.Up || v.HasQuorum.OK {
		t.Errorf("nobody answers, and it is up: %s", summary(v))
	}
	allFailed(t, v, f.Endpoints(), cluster.ReasonUnreachable)
	if got := fetchFailure(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.EACCES}, 0); got.Reason != cluster.ReasonUnreachable {
		t.Errorf("metrics that cannot be reached are %q", got.Reason)
	}
}

// Windows has numbers of its own for a server that ends a connection.
func TestHungUpOnEverySystem(t *testing.T) {
	for _, no := range []syscall.Errno{syscall.ECONNRESET, 10054} {
		if err := (&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("wsarecv", no)}); !hungUp(err) {
			t.Errorf("%v is not taken for a server that hung up", err)
		}
	}
}
