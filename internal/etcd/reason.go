package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// maxText is how much of a remote error text is kept.
const maxText = 300

// failure classifies why a call failed. What the connection itself last failed
// of (conn, may be nil) is known by type and goes before gRPC's text, which
// differs from run to run for one and the same cause.
func failure(err, conn error, after time.Duration) *cluster.Failure {
	f := &cluster.Failure{Reason: reasonOf(err), Text: shorten(err.Error()), After: after}
	if code := status.Code(err); conn != nil && (code == codes.Unavailable || code == codes.DeadlineExceeded) {
		f.Text = shorten(conn.Error())
		if r := connReason(conn); r != cluster.ReasonOther {
			f.Reason = r
		}
	}
	return f
}

func shorten(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "..."
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// says maps what etcd writes to what it means. The codes changed over the
// versions (3.4 and 3.5 answer Unknown where later ones answer
// PermissionDenied), the texts did not.
var says = []struct {
	text   string
	reason cluster.Reason
}{
	{"permission denied", cluster.ReasonDenied},
	{"user name is empty", cluster.ReasonAuth},
	{"user name not found", cluster.ReasonAuth},
	{"invalid auth token", cluster.ReasonAuth},
	{"authentication failed", cluster.ReasonAuth},
	{"revision of auth store is old", cluster.ReasonAuth},
	{"etcdserver: no leader", cluster.ReasonNoLeader},
	{"database space exceeded", cluster.ReasonNoSpace},
	{"request timed out", cluster.ReasonTimeout},
	{"context deadline exceeded", cluster.ReasonTimeout},
	{"larger than max", cluster.ReasonTooLarge},
	{"frame too large", cluster.ReasonInvalid}, // an HTTP/1 server's answer
	{"no such host", cluster.ReasonDNS},
	{"connection refused", cluster.ReasonRefused},
	{"i/o timeout", cluster.ReasonTimeout},
}

func reasonOf(err error) cluster.Reason {
	text, code := err.Error(), status.Code(err)
	for _, s := range says {
		if !strings.Contains(text, s.text) {
			continue
		}
		if s.reason == cluster.ReasonDenied && code == codes.Unavailable {
			continue // a host or a firewall says so of a connection, etcd never does
		}
		return s.reason
	}
	switch code {
	case codes.DeadlineExceeded:
		return cluster.ReasonTimeout
	case codes.Unauthenticated:
		return cluster.ReasonAuth
	case codes.PermissionDenied:
		return cluster.ReasonDenied
	case codes.Unimplemented:
		return cluster.ReasonUnimplemented
	case codes.ResourceExhausted:
		return cluster.ReasonTooLarge
	case codes.Internal, codes.DataLoss:
		return cluster.ReasonInvalid
	case codes.Unavailable:
		return cluster.ReasonUnreachable
	}
	return cluster.ReasonOther
}

// connReason classifies a failed dial, handshake or first read by type.
func connReason(err error) cluster.Reason {
	var (
		dns     *net.DNSError
		caErr   x509.UnknownAuthorityError
		hostErr x509.HostnameError
		invalid x509.CertificateInvalidError
		alert   tls.AlertError
		record  tls.RecordHeaderError
		netErr  net.Error
	)
	switch {
	case errors.As(err, &dns), errors.Is(err, errResolving):
		return cluster.ReasonDNS
	case errors.As(err, &hostErr):
		return cluster.ReasonTLSNameMismatch
	case errors.As(err, &caErr):
		return cluster.ReasonTLSUnknownCA
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired {
			return cluster.ReasonTLSExpired
		}
		return cluster.ReasonTLS
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls:"):
		return alertReason(err.Error())
	case errors.As(err, &record), errors.Is(err, errTLSPort), errors.Is(err, errPlainPort):
		return cluster.ReasonTLS
	case errors.Is(err, errHTTP1):
		return cluster.ReasonInvalid
	case isErrno(err, syscall.ECONNREFUSED):
		return cluster.ReasonRefused
	case errors.Is(err, errAddressRefused):
		return cluster.ReasonWrongMember // whoever is there, it is not that one
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout(), isErrno(err, syscall.ETIMEDOUT):
		return cluster.ReasonTimeout
	case isErrno(err, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.EHOSTUNREACH, syscall.ENETUNREACH),
		isErrno(err, syscall.EACCES, syscall.EPERM), // a route or a policy of this host
		errors.Is(err, io.EOF), errors.Is(err, errUnusable):
		return cluster.ReasonUnreachable
	}
	return cluster.ReasonOther
}

// alertReason tells alerts about our certificate from others.
func alertReason(text string) cluster.Reason {
	for _, s := range []string{"certificate", "unknown certificate authority", "access denied"} {
		if strings.Contains(text, s) {
			return cluster.ReasonTLSClientCertRejected
		}
	}
	return cluster.ReasonTLS
}
