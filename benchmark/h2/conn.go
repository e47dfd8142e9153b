package h2

import (
	"errors"
	"net"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// conn is one HTTP/2 connection. Sender, receiver and the goroutine that writes
// a backlog share what its lock guards; none keeps the lock while it waits.
type conn struct {
	net     net.Conn // TLS over records over sock, or sock
	sock    *socket
	records *records // nil without TLS
	timeout time.Duration
	tick    time.Duration // how often deadlines are looked at
	pings   Engine        // with its defaults filled in

	sent []*benchmark.Call // the sender's: not flushed yet
	buf  []byte            // the receiver's: what was read, up to filled
	fill int

	mu      sync.Mutex // guards what follows
	out     []byte     // frames for the next write
	spare   []byte     // the other buffer
	writing bool       // somebody is between taking out and having written it
	framer  *http2.Framer
	encoder encoder
	decoder decoder
	peer    settings
	window  int64  // what the peer lets us send on the connection
	taken   uint32 // what the peer sent on it and does not know to be taken
	urgent  bool   // out has what the peer may wait for
	owed    int    // bytes of answers to pings and settings, since no backlog was seen
	streams map[uint32]*stream
	next    int64     // stream ID of the next call
	queue   []*stream // wait for their turn: limits of the peer, a backlog
	blocked []*stream // wait for a window to send the rest
	free    []*stream
	ended   []*benchmark.Call
	greeted bool  // the peer's settings have arrived
	leaving error // no more calls are accepted, those that run may end
	err     error // the connection is over
	health  health
}

// streams of a connection have odd numbers of 31 bits.
const lastStream = 1<<31 - 1

// longAgo is a deadline that has passed: it ends a read that waits.
var longAgo = time.Unix(1, 0)

var (
	errEnded     = errors.New("the server closed the connection")
	errExhausted = errors.New("the connection has used up its stream numbers")
)

func newConn(sock *socket, u *url.URL, t benchmark.Target, e Engine) *conn {
	c := &conn{
		net: sock, sock: sock, timeout: t.Timeout, tick: tickFor(t.Timeout), pings: e.withDefaults(),
		buf:  make([]byte, readBuffer),
		peer: defaultSettings, window: initialWindow, next: 1,
		streams: make(map[uint32]*stream, t.InFlight),
	}
	c.framer = http2.NewFramer(appender{c}, nil)
	c.encoder.init(u, t)
	c.decoder.init()
	sock.onDrained(c.drained)
	return c
}

// appender lets the framer, which writes what is rare, append to out.
type appender struct{ c *conn }

func (a appender) Write(p []byte) (int, error) {
	a.c.out = append(a.c.out, p...)
	return len(p), nil
}

// Send implements benchmark.Conn.
func (c *conn) Send(call *benchmark.Call) { c.sent = append(c.sent, call) }

// Flush implements benchmark.Conn.
func (c *conn) Flush() {
	now := time.Now()
	c.mu.Lock()
	before := len(c.ended)
	for _, call := range c.sent {
		call.Code, call.Message, call.Unsent = codes.OK, "", false
		call.Response = call.Response[:0]
		c.start(call, now)
	}
	clear(c.sent)
	c.sent = c.sent[:0]
	c.flush()
	wake := len(c.ended) > before
	c.mu.Unlock()
	if wake {
		_ = c.net.SetReadDeadline(longAgo)
	}
}

// flush writes what is in out. The caller holds the lock, which is free while
// the system copies.
func (c *conn) flush() {
	for len(c.out) > 0 && !c.writing && c.err == nil {
		p := c.out
		c.out, c.writing = c.spare[:0], true
		c.mu.Unlock()
		_, err := c.net.Write(p)
		c.mu.Lock()
		c.spare, c.writing = p, false
		if err != nil {
			c.die(lost(err))
		}
		if len(c.queue) > 0 || len(c.blocked) > 0 {
			c.proceed()
		}
	}
}

// drained goes on after a backlog, or gives up: it is called by who wrote it.
func (c *conn) drained(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.die(lost(err))
		return
	}
	c.proceed()
	c.flush()
}

// Receive implements benchmark.Conn.
func (c *conn) Receive(done []*benchmark.Call) ([]*benchmark.Call, error) {
	for {
		c.mu.Lock()
		if n := len(c.ended); n > 0 {
			done = append(done, c.ended...)
			clear(c.ended)
			c.ended = c.ended[:0]
			c.mu.Unlock()
			return done, nil
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return done, err
		}
		c.read()
	}
}

// Close implements benchmark.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	if c.err == nil && c.greeted {
		_ = c.framer.WriteGoAway(0, http2.ErrCodeNo, nil)
		c.flush()
	}
	c.die(net.ErrClosed)
	c.mu.Unlock()
	c.sock.wait.Wait()
	return nil
}

// die ends the connection and the calls that are left, for the first reason that
// is given. The caller holds the lock.
func (c *conn) die(reason error) {
	if c.err != nil {
		return
	}
	c.err = reason
	now := time.Now()
	for _, s := range c.queue {
		c.hand(s, outcome{codes.Unavailable, reason.Error(), true}, now)
	}
	for _, s := range c.streams {
		c.hand(s, outcome{codes.Unavailable, reason.Error(), false}, now)
	}
	clear(c.streams)
	c.queue, c.blocked, c.out, c.spare = nil, nil, nil, nil
	_ = c.net.Close()
}
