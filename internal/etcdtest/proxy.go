package etcdtest

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// proxy passes connections on to one member, as the network's state allows.
type proxy struct {
	net     *network
	ln      net.Listener
	target  string // host:port
	callee  int    // the member behind it
	dialler int    // client or anyPeer
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) serve() {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return // closed
		}
		p.net.wg.Go(func() { p.pass(in) })
	}
}

// pass connects to the member and copies both ways until both have ended.
func (p *proxy) pass(in net.Conn) {
	c := &conn{net: p.net, callee: p.callee, dialler: p.dialler, in: in, gone: make(chan struct{})}
	if !p.net.track(c) {
		reset(in)
		return
	}
	defer p.net.forget(c)
	defer c.abort()
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer reset(out)
	from, to := in, out
	if p.dialler == anyPeer && p.net.tls != nil {
		// Who dials is said inside the encryption.
		from, to = tls.Server(in, p.net.tls), tls.Client(out, p.net.tls)
	}
	var sniff *sniffer
	if p.dialler == anyPeer {
		sniff = &sniffer{}
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.copy(to, from, sniff) })
	wg.Go(func() { c.copy(from, to, nil) })
	wg.Wait()
}

// conn is one connection through a proxy. The network's lock guards peerID and
// stream, which become known with the first request.
type conn struct {
	net             *network
	callee, dialler int
	peerID          string // of the member that dials, as it writes it
	stream          bool   // carries raft's messages from callee to dialler

	in   net.Conn
	once sync.Once
	gone chan struct{} // closed by abort
}

// abort ends the connection at once.
func (c *conn) abort() {
	c.once.Do(func() {
		reset(c.in)
		close(c.gone)
	})
}

// chunk is bytes on their way, and when they came.
type chunk struct {
	data []byte
	at   time.Time
}

// copy delivers what src sends to dst, late or not at all as the network says,
// and then its end. A peer's requests are looked at by sniff on their way.
func (c *conn) copy(dst, src net.Conn, sniff *sniffer) {
	queue := make(chan chunk, 256) // what a delayed link holds
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.read(src, sniff, queue) })
	for ch := range queue {
		if !c.allowed(ch.at) {
			break
		}
		if len(ch.data) == 0 { // the end of what src sends
			if half, ok := dst.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
				return
			}
			break
		}
		if _, err := dst.Write(ch.data); err != nil {
			break
		}
	}
	c.abort()
	reset(dst)
	reset(src)
	for range queue { // lets read go on to its end
	}
}

// read queues what src sends, and an empty chunk for its end.
func (c *conn) read(src net.Conn, sniff *sniffer, queue chan<- chunk) {
	defer close(queue)
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if sniff.feed(buf[:n]) {
				c.net.identify(c, sniff.from, sniff.stream)
			}
			queue <- chunk{bytes.Clone(buf[:n]), time.Now()}
		}
		if err != nil {
			queue <- chunk{nil, time.Now()}
			return
		}
	}
}

// allowed waits until bytes that came at a time may be delivered; false if the
// connection has ended before.
func (c *conn) allowed(at time.Time) bool {
	for {
		fault, delay, changed := c.net.look(c)
		wait := time.Until(at.Add(delay))
		var due <-chan time.Time
		switch {
		case fault == Cut:
			return false
		case fault == Blackhole:
		case wait <= 0:
			return true
		default:
			due = time.After(wait)
		}
		select {
		case <-due:
		case <-changed:
		case <-c.gone:
			return false
		}
	}
}
