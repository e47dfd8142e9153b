package local

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// MemberPort is the wanted port, or 0 for any one, said aloud, if the wanted
// one cannot be had. Free tells whether one can.
func MemberPort(want int, free func(addr string) error, stdout io.Writer) (int, error) {
	if want == 0 {
		return 0, nil
	}
	err := free(net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err == nil {
		return want, nil
	}
	fmt.Fprintf(stdout, "NOTE: client port %d is not to be had (%v): that member gets another one, see below\n", want, err)
	return 0, nil
}

// Addr is the wanted address for what, or one with a port that is free, said
// aloud, if the wanted one cannot be had.
func Addr(what, want string, free func(addr string) error, stdout io.Writer) (string, error) {
	host, port, err := SplitAddr(want)
	if err != nil {
		return "", err
	}
	var taken error
	if port != 0 {
		if taken = free(want); taken == nil {
			return want, nil
		}
	}
	for range 20 {
		local, err := freeport.Addr()
		if err != nil {
			return "", err
		}
		_, port, err := net.SplitHostPort(local)
		if err != nil {
			return "", err
		}
		addr := net.JoinHostPort(host, port)
		if err := free(addr); err != nil {
			taken = err
			continue
		}
		if taken != nil {
			fmt.Fprintf(stdout, "NOTE: %s cannot listen on %s (%v): it listens on %s\n", what, want, taken, addr)
		}
		return addr, nil
	}
	return "", fmt.Errorf("find a port for %s on %q: %w", what, host, taken)
}

// Free tells why nothing of ours can listen on an address.
func Free(addr string) error {
	// Some systems let two listen on one port, at different addresses of the
	// machine; the second would answer nobody who says localhost.
	if conn, err := net.DialTimeout("tcp", reachable(addr), time.Second); err == nil {
		return errors.Join(errors.New("somebody listens there"), conn.Close())
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return ln.Close()
}

// reachable is an address that reaches who listens on addr.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

// URL is what a browser on this machine opens.
func URL(listen string) string { return "http://" + reachable(listen) }

// ParsePort reads the number of a port.
func ParsePort(s string) (int, error) {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no port", s)
	}
	return int(port), nil
}

// SplitAddr reads [host]:port.
func SplitAddr(addr string) (host string, port int, err error) {
	host, s, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not [host]:port", addr)
	}
	port, err = ParsePort(s)
	return host, port, err
}
