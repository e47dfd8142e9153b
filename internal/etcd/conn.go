package etcd

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// maxAnswer bounds an answer of etcd. 4 MiB is a member list of tens of
	// thousands; etcd's own client would take 2 GiB.
	maxAnswer = 4 << 20
	// maxHeaders bounds the headers of an answer, where its error text is.
	maxHeaders = 64 << 10
	// maxBackoff bounds the pause between attempts to connect, so that a member
	// that returns is seen within seconds.
	maxBackoff = 3 * time.Second
	// smallBuffer: our messages are tiny, and there may be hundreds of
	// connections.
	smallBuffer = 4 << 10
)

// endpoint is one address with its one persistent connection.
type endpoint struct {
	url        string
	configured bool
	wanted     cluster.ID // for one that was learned: whose it should be

	dial        func(context.Context) (net.Conn, error)
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
	// quotaUntold: the member's Status does not tell its quota.
	quotaUntold bool
	lastRead    time.Time // when a round's confirming read was sent
	attempt     attempt
}

// dial prepares the endpoint; the connection comes and goes by itself.
func (c *Client) dial(rawURL string, configured bool, wanted cluster.ID) (*endpoint, error) {
	e := &endpoint{url: rawURL, configured: configured, wanted: wanted}
	e.dial = c.dialer(e)
	opts := []grpc.DialOption{
		grpc.WithContextDialer(e.connect),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxBackoff},
			MinConnectTimeout: c.opts.Cluster.DialTimeout,
		}),
		grpc.WithMaxHeaderListSize(maxHeaders),
		grpc.WithReadBufferSize(smallBuffer), grpc.WithWriteBufferSize(smallBuffer),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithUnaryInterceptor(e.intercept(&c.stats)), // in place of clientv3's, which retries
		grpc.WithDisableServiceConfig(),
	}
	cfg := clientv3.Config{
		Endpoints: []string{rawURL}, Logger: c.opts.Zap, Context: c.ctx,
		DialTimeout: c.opts.Cluster.DialTimeout, DialOptions: opts,
		// Pings find a host that vanished while a call is waiting. Without a
		// call none is sent: etcd would close the connection over them.
		DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 5 * time.Second,
	}
	if e.secure() {
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
	// A password goes in the clear to none but those whom the operator named.
	if c.opts.Cluster.Auth.Enabled() && (configured || e.secure()) {
		e.login = newLogin(c.opts.Cluster.Auth, pb.NewAuthClient(e.conn))
	}
	return e, nil
}

func (e *endpoint) close() { _ = e.client.Close() }

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
