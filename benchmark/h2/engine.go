package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"golang.org/x/net/http2"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// Engine dials connections of this package. The zero value is ready to use.
type Engine struct {
	// PingAfter is how long the peer may be silent while calls are in flight
	// before it is asked for a sign of life: 10 s if 0. etcd ends connections
	// that ask more often than every 5 s.
	PingAfter time.Duration
	// PingTimeout is how long that sign may take: 5 s if 0.
	PingTimeout time.Duration
}

var _ benchmark.Engine = Engine{}

// Name implements benchmark.Engine.
func (Engine) Name() string { return "h2" }

var (
	errNotH2   = errors.New("the server did not agree to HTTP/2 in the TLS handshake")
	errNoHello = errors.New("the server closed the connection before it spoke HTTP/2")
)

// Dial implements benchmark.Engine. The error is that of the network, of the TLS
// handshake or of a server that does not speak HTTP/2.
func (e Engine) Dial(ctx context.Context, t benchmark.Target) (benchmark.Conn, error) {
	u, err := url.Parse(t.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", t.Endpoint, err)
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	c := newConn(newSocket(raw), u, t, e)
	if u.Scheme == "https" {
		if err := c.secure(ctx, u, t.TLS); err != nil {
			_ = raw.Close()
			return nil, err
		}
	}
	if err := c.hello(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// secure does the TLS handshake.
func (c *conn) secure(ctx context.Context, u *url.URL, config *tls.Config) error {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	c.records = newRecords(c.sock)
	conn := tls.Client(c.records, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	if conn.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
		return errNotH2
	}
	c.net = conn
	return nil
}

// hello opens HTTP/2 and waits for the peer's settings: what they are must be
// known before the first call.
func (c *conn) hello(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = c.net.SetReadDeadline(longAgo) })
	defer stop()
	c.mu.Lock()
	c.out = append(c.out, http2.ClientPreface...)
	_ = c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeaders},
	)
	_ = c.framer.WriteWindowUpdate(0, connWindow-initialWindow)
	c.flush()
	c.mu.Unlock()
	for {
		c.read()
		c.mu.Lock()
		greeted, err := c.greeted, c.err
		c.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("no answer to HTTP/2: %w", ctx.Err())
		case errors.Is(err, errEnded):
			return errNoHello
		case err != nil:
			return err
		case greeted:
			if !stop() {
				return fmt.Errorf("no answer to HTTP/2: %w", ctx.Err())
			}
			return c.rearm(time.Now())
		}
	}
}
