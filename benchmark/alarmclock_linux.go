package benchmark

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarmClock sleeps to within tens of microseconds. The runtime's own timers are
// good to a millisecond when the process is otherwise idle, which is the whole
// latency of a small call.
type alarmClock struct {
	file *os.File
	raw  int
}

func newAlarmClock() (*alarmClock, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create timer: %w", err)
	}
	return &alarmClock{os.NewFile(uintptr(fd), "timer"), fd}, nil
}

func (a *alarmClock) sleep(d time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, d.Nanoseconds()))}
	if err := unix.TimerfdSettime(a.raw, 0, &spec, nil); err != nil {
		return
	}
	var expirations [8]byte
	_, _ = a.file.Read(expirations[:]) // parks the goroutine in the poller
}

func (a *alarmClock) close() { _ = a.file.Close() }
