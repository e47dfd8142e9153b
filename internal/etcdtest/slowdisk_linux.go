package etcdtest

import (
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// disk lets the system tell us of every fdatasync of this process, which is
// what etcd's log and its database wait for, and holds it up. That needs no
// privilege, and no other file system.
type disk struct {
	mu    sync.Mutex // guards what follows
	told  bool       // the system tells us
	delay time.Duration
}

// slow makes each fdatasync of this process take longer from now on.
func (d *disk) slow(delay time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.told {
		listener, err := listenFdatasync()
		if err != nil {
			return err
		}
		d.told = true
		go d.serve(listener)
	}
	d.delay = delay
	return nil
}

// listenFdatasync installs a filter of system calls in all threads, and returns
// the descriptor that tells of those that it catches.
func listenFdatasync() (int, error) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// Whoever filters may not gain privileges later. It holds for the threads
	// that the filter is copied to as well.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("renounce new privileges: %w", err)
	}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH)
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return 0, fmt.Errorf("filter system calls: %w", errno)
	}
	return int(fd), nil
}

// caught is struct seccomp_notif.
type caught struct {
	id         uint64
	pid, flags uint32
	nr, arch   uint32
	ip         uint64
	args       [6]uint64
}

// verdict is struct seccomp_notif_resp.
type verdict struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// serve lets each caught call go on after the delay.
func (d *disk) serve(listener int) {
	for {
		var c caught // the system wants zeros
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&c)))
		switch errno {
		case 0:
		case unix.EINTR, unix.ENOENT, unix.EAGAIN: // the caller was interrupted, and calls again
			continue
		default:
			fatal(fmt.Errorf("hear of system calls: %w", errno))
		}
		d.mu.Lock()
		delay := d.delay
		d.mu.Unlock()
		time.AfterFunc(delay, func() {
			v := verdict{id: c.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
			// It fails if the caller is gone, which is as well.
			_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&v)))
		})
	}
}
