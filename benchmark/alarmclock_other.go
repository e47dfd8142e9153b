//go:build !linux

package benchmark

import "time"

// alarmClock sleeps as well as the runtime's timers do.
type alarmClock struct{}

func newAlarmClock() (*alarmClock, error) { return &alarmClock{}, nil }

func (*alarmClock) sleep(d time.Duration) {
	time.Sleep(d)
}

func (*alarmClock) close() {}
