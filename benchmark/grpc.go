package benchmark

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// GRPC is the engine that uses grpc-go, as other clients of etcd do. It costs
// the client several times what etcd spends on a read.
func GRPC() Engine { return grpcEngine{} }

type grpcEngine struct{}

func (grpcEngine) Name() string { return "grpc" }

// grpcConn lets goroutines wait for calls, one for each call in flight.
type grpcConn struct {
	conn    *grpc.ClientConn
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	timeout time.Duration
	token   func() string // may be nil

	queued []*Call // by Send
	calls  chan *Call
	ended  chan *Call
	lost   chan struct{} // closed when the connection is

	mu      sync.Mutex // guards what follows
	reason  error      // why it is lost
	waiting int        // calls that Receive has not handed out
	workers int
}

var errConnectionLost = errors.New("the connection was lost")

// Dial implements Engine.
func (grpcEngine) Dial(ctx context.Context, t Target) (Conn, error) {
	c := &grpcConn{
		timeout: t.Timeout, token: t.Token, calls: make(chan *Call, t.InFlight), ended: make(chan *Call, t.InFlight),
		lost: make(chan struct{}),
	}
	u, err := url.Parse(t.Endpoint)
	if err != nil {
		return nil, err
	}
	dial := &onceDialler{}
	creds := insecure.NewCredentials()
	if t.TLS != nil {
		creds = &tellingCredentials{credentials.NewTLS(t.TLS), dial}
	}
	c.conn, err = grpc.NewClient("passthrough:///"+u.Host,
		grpc.WithTransportCredentials(creds), grpc.WithContextDialer(dial.dial),
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(), grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bytesCodec{}), grpc.MaxCallRecvMsgSize(MaxResponse)))
	if err != nil {
		return nil, err
	}
	c.conn.Connect()
	for state := c.conn.GetState(); state != connectivity.Ready; state = c.conn.GetState() {
		if state == connectivity.TransientFailure || !c.conn.WaitForStateChange(ctx, state) {
			_ = c.conn.Close()
			return nil, dial.why(ctx)
		}
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	go c.watch()
	return c, nil
}

// watch notes when the connection is lost. There is no second one: grpc-go would
// make it by itself, and nobody would see the gap.
func (c *grpcConn) watch() {
	c.conn.WaitForStateChange(c.ctx, connectivity.Ready)
	c.lose(errConnectionLost)
}

func (c *grpcConn) lose(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == nil {
		c.reason = reason
		close(c.lost)
	}
}

// Send implements Conn.
func (c *grpcConn) Send(call *Call) { c.queued = append(c.queued, call) }

// Flush implements Conn.
func (c *grpcConn) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting += len(c.queued)
	for _, call := range c.queued {
		if c.reason != nil {
			c.refuse(call)
			continue
		}
		if c.workers < c.waiting && c.workers < cap(c.calls) {
			c.workers++
			go c.work()
		}
		c.calls <- call // there is room for all that may be in flight
	}
	c.queued = c.queued[:0]
}

// refuse ends a call that never leaves. The caller holds the lock.
func (c *grpcConn) refuse(call *Call) {
	call.Code, call.Message, call.Unsent, call.Ended = codes.Unavailable, c.reason.Error(), true, time.Now()
	c.ended <- call
}

// work makes calls until the connection is lost.
func (c *grpcConn) work() {
	for {
		select {
		case call := <-c.calls:
			c.call(call)
			c.ended <- call
		case <-c.lost:
			c.mu.Lock()
			defer c.mu.Unlock()
			for {
				select {
				case call := <-c.calls:
					c.refuse(call)
				default:
					return
				}
			}
		}
	}
}

func (c *grpcConn) call(call *Call) {
	ctx, cancel := context.WithTimeout(c.ctx, c.timeout)
	defer cancel()
	if c.token != nil {
		if token := c.token(); token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "token", token)
		}
	}
	answer := message{call.Response}
	err := c.conn.Invoke(ctx, call.Method.Path(), &message{call.Request}, &answer)
	call.Ended, call.Unsent = time.Now(), false
	call.Response = answer.bytes
	call.Code, call.Message = codes.OK, ""
	if err != nil {
		s := status.Convert(err)
		call.Code, call.Message = s.Code(), s.Message()
	}
	if call.Code == codes.Canceled && c.ctx.Err() != nil {
		call.Code, call.Message = codes.Unavailable, net.ErrClosed.Error()
	}
}

// Receive implements Conn.
func (c *grpcConn) Receive(done []*Call) ([]*Call, error) {
	lost := c.lost
	for {
		select {
		case call := <-c.ended:
			return c.handOut(append(done, call)), nil
		case <-lost:
			if left, reason := c.fate(); left == 0 {
				return done, reason
			}
			lost = nil // what is left will end
		}
	}
}

// handOut adds what has ended meanwhile.
func (c *grpcConn) handOut(done []*Call) []*Call {
	for {
		select {
		case call := <-c.ended:
			done = append(done, call)
			continue
		default:
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waiting -= len(done)
		return done
	}
}

// fate is how many calls are yet to be received, and why the connection is lost.
func (c *grpcConn) fate() (left int, reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting, c.reason
}

// Close implements Conn.
func (c *grpcConn) Close() error {
	c.lose(net.ErrClosed)
	c.cancel()
	return c.conn.Close()
}
