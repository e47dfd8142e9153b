package etcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

var (
	// errAddressRefused: a member list advertises an address that is not dialled.
	errAddressRefused = errors.New("advertised address is not dialled: link-local, loopback, multicast or unspecified")
	errHTTP1          = errors.New("an HTTP/1 server answers, not etcd's gRPC")
	errTLSPort        = errors.New("the port speaks TLS, the endpoint is http")
	errUnusable       = errors.New("the connection was closed before it was usable")
)

// attempt is the last attempt to connect.
type attempt struct {
	began   time.Time
	err     error                                  // why it failed; nil while it has not
	waiting map[*context.CancelCauseFunc]time.Time // calls that wait for a connection, since when
}

// connectError is the failed attempt that ended a call.
type connectError struct{ err error }

func (e connectError) Error() string { return e.err.Error() }

// intercept is every call's interceptor. clientv3 installs one that retries up
// to a hundred times; a monitor wants the first answer. But it wants that of
// now: without a connection, the call waits for the outcome of an attempt that
// begins after it, instead of failing for the reason of an earlier one.
func (e *endpoint) intercept(s *stats) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		s.rpc(method)
		if cc.GetState() == connectivity.Ready {
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		ctx, stop := e.untilFailed(ctx)
		defer stop()
		go e.connectNow()
		err := invoke(ctx, method, req, reply, cc, append(opts, grpc.WaitForReady(true))...)
		var failed connectError
		if err != nil && errors.As(context.Cause(ctx), &failed) {
			return status.Error(codes.Unavailable, failed.Error())
		}
		return err
	}
}

// untilFailed is a context that ends when an attempt to connect that begins
// from now on fails.
func (e *endpoint) untilFailed(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attempt.waiting == nil {
		e.attempt.waiting = map[*context.CancelCauseFunc]time.Time{}
	}
	e.attempt.waiting[&cancel] = time.Now()
	return ctx, func() {
		cancel(nil)
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.attempt.waiting, &cancel)
	}
}

func (e *endpoint) connecting() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attempt.began, e.attempt.err = time.Now(), nil
}

// failedToConnect keeps the first reason of an attempt, which is the cause of
// the later ones, and ends the calls that waited for this attempt.
func (e *endpoint) failedToConnect(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attempt.err == nil {
		e.attempt.err = err
	}
	again := false
	for cancel, since := range e.attempt.waiting {
		if e.attempt.began.Before(since) {
			again = true // that one is owed an attempt of its own
			continue
		}
		(*cancel)(connectError{e.attempt.err})
	}
	if again {
		go e.connectNow()
	}
}

// connectNow ends the pause before the next attempt, once the present one is
// over. Only in a pause: outside of one, gRPC's ResetConnectBackoff reads what
// others write.
func (e *endpoint) connectNow() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if e.conn.GetState() == connectivity.Connecting {
		e.conn.WaitForStateChange(ctx, connectivity.Connecting)
	}
	if e.conn.GetState() == connectivity.TransientFailure {
		e.conn.ResetConnectBackoff()
	}
}

// fail classifies the error of a call to this endpoint.
func (e *endpoint) fail(err error, since time.Time) *cluster.Failure {
	e.mu.Lock()
	conn := e.attempt.err
	e.mu.Unlock()
	if e.conn.GetState() == connectivity.Ready {
		conn = nil
	}
	return failure(err, conn, time.Since(since))
}

// guard checks the addresses of endpoints that were learned, after the name is
// resolved, where they cannot change any more.
func (e *endpoint) guard(loopback bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		if e.configured {
			return nil
		}
		return allowed(address, loopback)
	}
}

// dialer dials TCP.
func (e *endpoint) dialer(timeout time.Duration, loopback bool) func(context.Context, string) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout, ControlContext: e.guard(loopback)}
	return func(ctx context.Context, _ string) (net.Conn, error) {
		e.connecting()
		u, err := url.Parse(e.url)
		if err != nil {
			return nil, err
		}
		conn, err := d.DialContext(ctx, "tcp", u.Host)
		if err != nil {
			e.failedToConnect(err)
			return nil, err
		}
		if u.Scheme == "https" {
			return conn, nil // the handshaker watches it
		}
		return &watched{Conn: conn, e: e}, nil
	}
}

// allowed refuses addresses that a member list must not make us dial.
func allowed(address string, loopback bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	host, _, _ = strings.Cut(host, "%") // a zone
	ip := net.ParseIP(host)
	switch {
	case ip == nil, ip.IsUnspecified(), ip.IsLinkLocalUnicast(), ip.IsMulticast(),
		ip.Equal(metadataV6), ip.IsLoopback() && !loopback:
		return fmt.Errorf("%s: %w", host, errAddressRefused)
	}
	return nil
}

// metadataV6 is the IPv6 twin of 169.254.169.254 in a public cloud.
var metadataV6 = net.ParseIP("fd00:ec2::254")

// handshaker remembers why a handshake failed.
type handshaker struct {
	credentials.TransportCredentials
	e *endpoint
}

func (h *handshaker) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		h.e.failedToConnect(err)
		return nil, nil, err
	}
	return &watched{Conn: conn, e: h.e, tls: true}, info, nil
}

func (h *handshaker) Clone() credentials.TransportCredentials {
	return &handshaker{TransportCredentials: h.TransportCredentials.Clone(), e: h.e}
}

// watched remembers why a connection broke before it brought an answer. With
// TLS 1.3 the server's refusal of our certificate arrives only there, as an
// alert to be read, while our own first write may already fail.
type watched struct {
	net.Conn
	e   *endpoint
	tls bool

	mu   sync.Mutex // guards seen
	seen bool       // a byte was read
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	first := !w.seen
	w.seen = w.seen || n > 0
	w.mu.Unlock()
	if !first {
		return n, err
	}
	if n > 0 {
		if odd := sniff(b[:n]); odd != nil {
			w.e.failedToConnect(odd)
		}
	} else if errors.Is(err, io.EOF) {
		w.e.failedToConnect(fmt.Errorf("%w: %w", errUnusable, err))
	} else if err != nil && !errors.Is(err, net.ErrClosed) {
		w.e.failedToConnect(err)
	}
	return n, err
}

// sniff recognizes servers that are not etcd by their first bytes.
func sniff(b []byte) error {
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return errHTTP1
	case len(b) > 2 && b[0] == 21 && b[1] == 3: // a TLS alert
		return errTLSPort
	}
	return nil
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if err != nil && w.tls {
		_ = w.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, _ = w.Read(make([]byte, 1)) // an alert that is waiting is remembered
	}
	return n, err
}

// Close is how gRPC gives up on a connection. One that was in use is closed in
// the end as well; nobody waits for it then.
func (w *watched) Close() error {
	err := w.Conn.Close()
	w.mu.Lock()
	seen := w.seen
	w.mu.Unlock()
	w.e.mu.Lock()
	waiting := len(w.e.attempt.waiting) > 0
	w.e.mu.Unlock()
	if !seen || waiting {
		w.e.failedToConnect(errUnusable)
	}
	return err
}
