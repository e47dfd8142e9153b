package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

var (
	// errAddressRefused: a member list advertises an address that is not dialled.
	errAddressRefused = errors.New("advertised address is not dialled: link-local, loopback, multicast or unspecified")
	errHTTP1          = errors.New("an HTTP/1 server answers, not etcd's gRPC")
	errTLSPort        = errors.New("the port speaks TLS, the endpoint is http")
	errPlainPort      = errors.New("the port does not speak TLS, the endpoint is https")
	errUnusable       = errors.New("the connection was closed before it was usable")
	errResolving      = errors.New("the name server does not answer")
)

// attempt is the last attempt to connect.
type attempt struct {
	began     time.Time
	resolving bool                                   // the host's name, still
	err       error                                  // why it failed; nil while it has not
	waiting   map[*context.CancelCauseFunc]time.Time // calls that wait for a connection, since when
}

// connectError is the failed attempt that ended a call. It stays with the call:
// the next attempt may have begun by the time that somebody asks why.
type connectError struct{ err error }

func (e connectError) Error() string { return e.err.Error() }

// GRPCStatus is what gRPC itself would have made of it.
func (e connectError) GRPCStatus() *status.Status {
	return status.New(codes.Unavailable, e.err.Error())
}

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
			return failed
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
	e.attempt.began, e.attempt.resolving, e.attempt.err = time.Now(), true, nil
}

// resolved: the name has become an address.
func (e *endpoint) resolved() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attempt.resolving = false
}

// failedToConnect keeps the first reason of an attempt, which is the cause of
// the later ones, and ends the calls that waited for this attempt.
func (e *endpoint) failedToConnect(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attempt.err == nil {
		e.attempt.err, e.attempt.resolving = err, false
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
	if conn == nil && e.attempt.resolving {
		conn = errResolving
	}
	e.mu.Unlock()
	if own, ok := errors.AsType[connectError](err); ok {
		conn = own.err
	} else if e.conn.GetState() == connectivity.Ready {
		conn = nil
	}
	return failure(err, conn, time.Since(since))
}

// control may refuse an address before it is dialled; nil refuses none.
type control = func(ctx context.Context, network, address string, raw syscall.RawConn) error

// guard checks the addresses of endpoints that were learned, after the name is
// resolved, where they cannot change any more.
func (e *endpoint) guard(loopback bool) control {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		if e.configured {
			return nil
		}
		return allowed(address, loopback)
	}
}

// dialer dials TCP, and notes how far it got.
func (c *Client) dialer(e *endpoint) func(context.Context) (net.Conn, error) {
	guard := e.guard(c.allowLoopback.Load())
	d := net.Dialer{Timeout: c.opts.Cluster.DialTimeout, Resolver: c.opts.resolver}
	d.ControlContext = func(ctx context.Context, network, address string, raw syscall.RawConn) error {
		e.resolved()
		return guard(ctx, network, address, raw)
	}
	var host string // with the zone as it is, which a URL escapes
	if u, err := url.Parse(e.url); err == nil {
		host = u.Host
	}
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", host) }
}

// connect is how gRPC gets a connection.
func (e *endpoint) connect(ctx context.Context, _ string) (net.Conn, error) {
	e.connecting()
	conn, err := e.dial(ctx)
	if err != nil {
		e.failedToConnect(err)
		return nil, err
	}
	if e.secure() {
		return conn, nil // the handshaker watches it
	}
	return &watched{Conn: conn, e: e}, nil
}

func (e *endpoint) secure() bool { return isSecure(e.url) }

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
