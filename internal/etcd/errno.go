package etcd

import (
	"errors"
	"slices"
	"syscall"
)

// winsock are the numbers that Windows gives what happens to connections. The
// constants of package syscall are none of them there; elsewhere nothing else
// has these numbers.
var winsock = map[syscall.Errno]syscall.Errno{
	syscall.EACCES:       10013,
	syscall.ENETUNREACH:  10051,
	syscall.ECONNABORTED: 10053,
	syscall.ECONNRESET:   10054,
	syscall.ETIMEDOUT:    10060,
	syscall.ECONNREFUSED: 10061,
	syscall.EHOSTUNREACH: 10065,
}

// isErrno reports whether the system failed for one of these reasons.
func isErrno(err error, of ...syscall.Errno) bool {
	var no syscall.Errno
	return errors.As(err, &no) && no != 0 && slices.ContainsFunc(of, func(want syscall.Errno) bool {
		return no == want || no == winsock[want]
	})
}
