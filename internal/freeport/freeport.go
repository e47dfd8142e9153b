// Package freeport finds ports of the loopback address for servers of tests and
// of make run: ports that stay free between being found and being listened on,
// and while who listened on them is killed and started again.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Ports come from below the range from which systems take the local ports of
// outgoing connections, and of listeners that want any port. They come in blocks:
// whoever listens on the first port of a block owns the block, so that the tests
// of several packages, which are processes of their own, do not find the same
// port at the same time. Unlike a file, such a claim ends with its process.
const (
	firstPort = 15000
	blocks    = 170
	blockSize = 100
)

// own is what this process has claimed.
var own struct {
	sync.Mutex
	guards    []net.Listener // of its blocks; never closed
	next, end int            // ports that are left of the last block
}

// Listen listens on a free port.
func Listen() (net.Listener, error) {
	own.Lock()
	defer own.Unlock()
	for {
		for own.next < own.end {
			port := own.next
			own.next++ // each is given once
			if ln, err := net.Listen("tcp", Loopback(port)); err == nil {
				return ln, nil
			}
		}
		if err := claim(); err != nil {
			return nil, err
		}
	}
}

// claim takes a block that nobody has. The caller holds own's lock.
func claim() error {
	var taken error
	for _, block := range rand.Perm(blocks) {
		first := firstPort + block*blockSize
		ln, err := net.Listen("tcp", Loopback(first))
		if err != nil {
			taken = err
			continue
		}
		own.guards = append(own.guards, ln)
		own.next, own.end = first+1, first+blockSize
		return nil
	}
	return fmt.Errorf("find a free port: %w", errors.Join(errors.New("every block is taken"), taken))
}

// Addr is an address, host:port, where nobody listens.
func Addr() (string, error) {
	ln, err := Listen()
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// For is Addr for a test, which fails when there is none.
func For(t testing.TB) string {
	t.Helper()
	addr, err := Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// Loopback is the address of a port of this machine, as host:port.
func Loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
