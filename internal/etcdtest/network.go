package etcdtest

import (
	"crypto/tls"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// Fault says how a link is broken.
type Fault int

// The ways in which a link breaks.
const (
	// Cut closes connections and refuses new ones, which both ends notice.
	Cut Fault = iota + 1
	// Blackhole lets connections be and delivers nothing, until it is healed,
	// as a network does that drops packets.
	Blackhole
)

// Who dials, when it is no member.
const (
	client  = -1 // a client of the cluster
	anyPeer = -2 // a peer that has not said yet which one it is
)

// hop is a direction between two members, or from a client to a member.
type hop struct{ from, to int }

// network is the proxies of a cluster and what is wrong with the links.
type network struct {
	tls *tls.Config // of peers; nil for plain HTTP

	mu      sync.Mutex // guards what follows
	ids     map[string]int
	faults  map[hop]Fault
	delays  map[int]time.Duration // of a client's link, by member
	delay   time.Duration         // of every peer link, each way
	changed chan struct{}         // closed and replaced with each change
	conns   map[*conn]struct{}
	proxies []*proxy
	wg      sync.WaitGroup
}

func newNetwork() *network {
	return &network{
		ids: map[string]int{}, faults: map[hop]Fault{}, delays: map[int]time.Duration{},
		changed: make(chan struct{}), conns: map[*conn]struct{}{},
	}
}

// introduce tells which member has an ID, which is what peers call themselves.
func (n *network) introduce(id uint64, index int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids[strconv.FormatUint(id, 16)] = index
}

// change alters the state, closes the connections that are cut now and wakes
// whatever waits.
func (n *network) change(alter func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	alter()
	for c := range n.conns {
		if n.faultOf(c) == Cut {
			c.abort()
		}
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// faultOf tells what is wrong with a connection. It counts in which direction
// the connection carries raft's messages: a stream is dialled by the receiver.
// The caller holds mu.
func (n *network) faultOf(c *conn) Fault {
	dialler, known := n.diallerOf(c)
	if !known {
		return n.faultOfAll(c.callee)
	}
	if c.stream {
		return n.faults[hop{c.callee, dialler}]
	}
	return n.faults[hop{dialler, c.callee}]
}

// faultOfAll is for the few requests of peers that name no sender (versions,
// lease renewals): they go through unless nobody gets through to the member.
func (n *network) faultOfAll(callee int) Fault {
	worst := Fault(0)
	for _, from := range slices.Sorted(maps.Values(n.ids)) {
		if from == callee {
			continue
		}
		f := n.faults[hop{from, callee}]
		if f == 0 {
			return 0
		}
		worst = max(worst, f)
	}
	return worst
}

func (n *network) diallerOf(c *conn) (int, bool) {
	if c.dialler == client {
		return client, true
	}
	i, known := n.ids[c.peerID]
	return i, known
}

// look returns what holds for a connection now and what tells of a change.
func (n *network) look(c *conn) (Fault, time.Duration, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delay := n.delay
	if c.dialler == client {
		delay = n.delays[c.callee]
	}
	return n.faultOf(c), delay, n.changed
}

// identify notes who dials a connection, and closes it if that link is cut.
func (n *network) identify(c *conn, peerID string, stream bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c.peerID, c.stream = peerID, stream
	if n.faultOf(c) == Cut {
		c.abort()
	}
}

// track keeps a connection to be closed later; false if it is cut already or
// there is no network any more.
func (n *network) track(c *conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil || n.faultOf(c) == Cut {
		return false
	}
	n.conns[c] = struct{}{}
	return true
}

func (n *network) forget(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}

// listen opens a proxy on port (0: any) in front of a member's address.
func (n *network) listen(port int, target string, callee, dialler int) (*proxy, error) {
	open := freeport.Listen
	if port != 0 {
		open = func() (net.Listener, error) { return net.Listen("tcp", freeport.Loopback(port)) }
	}
	ln, err := open()
	if err != nil {
		return nil, err
	}
	p := &proxy{net: n, ln: ln, target: target, callee: callee, dialler: dialler}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.proxies = append(n.proxies, p)
	n.wg.Go(p.serve)
	return p, nil
}

// close ends all proxies and waits for their goroutines.
func (n *network) close() {
	n.mu.Lock()
	for _, p := range n.proxies {
		_ = p.ln.Close()
	}
	for c := range n.conns {
		c.abort()
	}
	n.conns = nil
	n.mu.Unlock()
	n.wg.Wait()
}

// reset makes the kernel send a reset instead of a polite end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
