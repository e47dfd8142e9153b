package etcdtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// errPortTaken marks a start that failed because somebody else was faster.
var errPortTaken = errors.New("port taken")

// Ports come from below the range from which systems take the local ports of
// outgoing connections: the port of a killed member must still be free when it
// starts again, however busy the machine.
const (
	firstPort = 15000
	portCount = 17000
)

// ports is what FreeAddr handed out: two clusters that start at once must not
// be given the same port, which is not yet in use.
var ports = struct {
	sync.Mutex
	given map[int]bool
}{given: map[int]bool{}}

// FreeAddr returns a loopback address where nobody listens.
func FreeAddr() (string, error) {
	ln, err := listen(0)
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// listen opens a listener on a port of the loopback address, or on any free one
// if port is 0.
func listen(port int) (net.Listener, error) {
	if port != 0 {
		return net.Listen("tcp", loopback(port))
	}
	ports.Lock()
	defer ports.Unlock()
	err := errPortTaken
	for range 1000 {
		port = firstPort + rand.IntN(portCount)
		if ports.given[port] {
			continue
		}
		var ln net.Listener
		if ln, err = net.Listen("tcp", loopback(port)); err == nil {
			ports.given[port] = true
			return ln, nil
		}
	}
	return nil, fmt.Errorf("find a free port: %w", err)
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
