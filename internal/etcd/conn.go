package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// maxAnswer bounds an answer of etcd. 4 MiB is a member list of tens of
	// thousands; etcd's own client would take 2 GiB.
	maxAnswer = 4 << 20
	// maxBackoff bounds the pause between attempts to connect, so that a member
	// that returns is seen within seconds.
	maxBackoff = 3 * time.Second
	// smallBuffer: our messages are tiny, and there may be hundreds of
	// connections.
	smallBuffer = 4 << 10
)

// errAddressRefused: a member list advertises an address that is not dialled.
var errAddressRefused = errors.New("advertised address is not dialled: link-local, loopback or unspecified")

// endpoint is one address with its one persistent connection.
type endpoint struct {
	url        string
	configured bool
	wanted     cluster.ID // for one that was learned: whose it should be

	client      *clientv3.Client
	conn        *grpc.ClientConn
	kv          pb.KVClient
	maintenance pb.MaintenanceClient
	cluster     pb.ClusterClient
	lease       pb.LeaseClient
	login       *login // nil without a password
	flight      inFlight

	mu       sync.Mutex       // guards what follows
	last     cluster.Identity // who answered before; zero when it keeps changing
	balanced bool             // different members answer here
	learner  bool
	lastRead time.Time // when a round's confirming read was sent
	connErr  error     // why the last attempt to connect failed; nil when connected
}

// dial prepares the endpoint; the connection comes and goes by itself.
func (c *Client) dial(rawURL string, configured bool, wanted cluster.ID) (*endpoint, error) {
	e := &endpoint{url: rawURL, configured: configured, wanted: wanted}
	opts := []grpc.DialOption{
		grpc.WithContextDialer(e.dialer(c.opts.Cluster.DialTimeout, c.allowLoopback)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxBackoff},
			MinConnectTimeout: c.opts.Cluster.DialTimeout,
		}),
		grpc.WithReadBufferSize(smallBuffer), grpc.WithWriteBufferSize(smallBuffer),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithUnaryInterceptor(c.count), // in place of clientv3's, which retries
		grpc.WithDisableServiceConfig(),
	}
	cfg := clientv3.Config{
		Endpoints: []string{rawURL}, Logger: c.opts.Zap, Context: c.ctx,
		DialTimeout: c.opts.Cluster.DialTimeout, DialOptions: opts,
		// Pings find a host that vanished while a call is waiting. Without a
		// call none is sent: etcd would close the connection over them.
		DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 5 * time.Second,
	}
	if strings.HasPrefix(rawURL, "https://") {
		cfg.TLS = c.trust.clientConfig(rawURL)
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithTransportCredentials(&handshaker{
			TransportCredentials: credentials.NewTLS(cfg.TLS), e: e,
		}))
	}
	client, err := clientv3.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", rawURL, err)
	}
	e.client, e.conn = client, client.ActiveConnection()
	e.kv, e.maintenance = pb.NewKVClient(e.conn), pb.NewMaintenanceClient(e.conn)
	e.cluster, e.lease = pb.NewClusterClient(e.conn), pb.NewLeaseClient(e.conn)
	if c.opts.Cluster.Auth.Enabled() && (configured || strings.HasPrefix(rawURL, "https://") || !c.secure) {
		e.login = newLogin(c.opts.Cluster.Auth, pb.NewAuthClient(e.conn))
	}
	return e, nil
}

func (e *endpoint) close() { _ = e.client.Close() }

// count is every call's interceptor. clientv3 installs one that retries up to a
// hundred times; a monitor wants the first answer.
func (c *Client) count(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	c.stats.rpc(method)
	return invoke(ctx, method, req, reply, cc, opts...)
}

// authorize puts the token on a call, if there is one.
func (e *endpoint) authorize(ctx context.Context) context.Context {
	if e.login == nil {
		return ctx
	}
	if t := e.login.current(); t != "" {
		return metadata.AppendToOutgoingContext(ctx, "token", t)
	}
	return ctx
}

// fail classifies the error of a call to this endpoint.
func (e *endpoint) fail(err error, since time.Time) *cluster.Failure {
	e.mu.Lock()
	conn := e.connErr
	e.mu.Unlock()
	if e.conn.GetState() == connectivity.Ready {
		conn = nil
	}
	return failure(err, conn, time.Since(since))
}

func (e *endpoint) setConnErr(err error) {
	e.mu.Lock()
	e.connErr = err
	e.mu.Unlock()
}

// dialer dials TCP and remembers why it failed. The addresses of endpoints that
// were learned are checked after the name is resolved, where they cannot change
// any more.
func (e *endpoint) dialer(timeout time.Duration, loopback bool) func(context.Context, string) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	if !e.configured {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return allowed(address, loopback)
		}
	}
	return func(ctx context.Context, _ string) (net.Conn, error) {
		u, err := url.Parse(e.url)
		if err != nil {
			return nil, err
		}
		conn, err := d.DialContext(ctx, "tcp", u.Host)
		e.setConnErr(err)
		if err != nil {
			return nil, err
		}
		return &firstRead{Conn: conn, e: e}, nil
	}
}

// allowed refuses addresses that a member list must not make us dial.
func allowed(address string, loopback bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if i := strings.IndexByte(host, '%'); i >= 0 {
		host = host[:i] // a zone
	}
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
		h.e.setConnErr(err)
		return nil, nil, err
	}
	return &firstRead{Conn: conn, e: h.e}, info, nil
}

func (h *handshaker) Clone() credentials.TransportCredentials {
	return &handshaker{TransportCredentials: h.TransportCredentials.Clone(), e: h.e}
}

// firstRead remembers why a connection broke before it brought a byte. With TLS
// 1.3 the server's refusal of our certificate arrives only there, as an alert
// to be read, while our own first write may already fail.
type firstRead struct {
	net.Conn
	e    *endpoint
	mu   sync.Mutex // guards seen
	seen bool
}

func (f *firstRead) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	f.mu.Lock()
	first := !f.seen
	f.seen = f.seen || n > 0
	f.mu.Unlock()
	if first && n == 0 && err != nil {
		f.e.setConnErr(readErr(err))
	}
	return n, err
}

func (f *firstRead) Write(b []byte) (int, error) {
	n, err := f.Conn.Write(b)
	if err != nil {
		if _, isTLS := f.Conn.(*tls.Conn); isTLS {
			_ = f.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, _ = f.Read(make([]byte, 1)) // an alert that is waiting is remembered
		}
	}
	return n, err
}

func readErr(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the connection was closed before a byte was answered: %w", err)
	}
	return err
}
