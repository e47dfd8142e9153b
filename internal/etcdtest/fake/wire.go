package fake

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// Wire is what a member does with connections.
type Wire int

// What may be wrong with the wire.
const (
	Serve   Wire = iota
	Refuse       // nobody listens
	Reset        // accepts, and resets at once
	Hang         // accepts, and never says a word
	Trickle      // serves, a byte a second
)

// port hands the connections that it accepts to gRPC or to HTTP/1, if the wire
// is such: as etcd, it serves both at one address. The real listener comes and
// goes; theirs stay.
type port struct {
	addr    string
	rpc     door
	web     door
	closing chan struct{}

	mu     sync.Mutex // guards what follows
	ln     net.Listener
	wire   Wire
	conns  map[net.Conn]bool
	ever   int
	closed bool
}

func openPort() (*port, error) {
	ln, err := freeport.Listen() // not any port: it must be free when the wire is mended
	if err != nil {
		return nil, err
	}
	p := &port{
		addr: ln.Addr().String(), closing: make(chan struct{}), ln: ln, conns: map[net.Conn]bool{},
	}
	p.rpc, p.web = door{p, make(chan net.Conn)}, door{p, make(chan net.Conn)}
	go p.accept(ln)
	return p, nil
}

func (p *port) url() string { return "http://" + p.addr }

func (p *port) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return // closed
		}
		p.take(&conn{Conn: c, p: p})
	}
}

func (p *port) take(c *conn) {
	p.mu.Lock()
	p.ever++
	wire := p.wire
	if p.closed || wire == Reset || wire == Refuse {
		p.mu.Unlock()
		reset(c.Conn)
		return
	}
	p.conns[c] = true
	p.mu.Unlock()
	c.slow = wire == Trickle
	if wire == Hang {
		go c.hang()
		return
	}
	go p.sort(c)
}

// sort looks at the first word of a connection.
func (p *port) sort(c *conn) {
	first := make([]byte, len(http.MethodGet))
	if _, err := io.ReadFull(c.Conn, first); err != nil {
		_ = c.Close()
		return
	}
	c.unread = first
	to := p.rpc
	if string(first) == http.MethodGet {
		to = p.web
	}
	select {
	case to.handed <- c:
	case <-p.closing:
		_ = c.Close()
	}
}

func (p *port) set(w Wire) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w == Refuse && p.wire != Refuse {
		_ = p.ln.Close()
	}
	if w != Refuse && p.wire == Refuse {
		ln, err := net.Listen("tcp", p.addr)
		if err != nil {
			return fmt.Errorf("listen again: %w", err)
		}
		p.ln = ln
		go p.accept(ln)
	}
	p.wire = w
	p.dropAll()
	return nil
}

// dropAll resets every connection. The caller holds mu.
func (p *port) dropAll() {
	for c := range p.conns {
		delete(p.conns, c)
		reset(c.(*conn).Conn)
	}
}

func (p *port) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.closing)
		_ = p.ln.Close()
		p.dropAll()
	}
}

func (p *port) count() (open, ever int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns), p.ever
}

// door is the listener of one protocol.
type door struct {
	*port
	handed chan net.Conn
}

// Accept implements net.Listener.
func (d door) Accept() (net.Conn, error) {
	select {
	case c := <-d.handed:
		return c, nil
	case <-d.closing:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d door) Close() error {
	d.shut()
	return nil
}

// Addr implements net.Listener.
func (d door) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// reset closes without a farewell.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// conn is a connection that is counted while it is open.
type conn struct {
	net.Conn
	p      *port
	slow   bool
	unread []byte // of what was looked at
}

func (c *conn) Read(b []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(b, c.unread)
		c.unread = c.unread[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// hang says nothing until the other end gives up.
func (c *conn) hang() {
	_, _ = io.Copy(io.Discard, c.Conn)
	_ = c.Close()
}

func (c *conn) Write(b []byte) (int, error) {
	if !c.slow {
		return c.Conn.Write(b)
	}
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
		select {
		case <-time.After(time.Second):
		case <-c.p.closing:
			return i + 1, net.ErrClosed
		}
	}
	return len(b), nil
}

func (c *conn) Close() error {
	c.p.mu.Lock()
	delete(c.p.conns, c)
	c.p.mu.Unlock()
	return c.Conn.Close()
}
