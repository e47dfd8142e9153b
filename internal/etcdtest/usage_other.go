//go:build !linux

package etcdtest

import (
	"errors"
	"runtime"
	"time"
)

// Usage is what a process has taken of the machine.
type Usage struct {
	CPU time.Duration // since its start
	RSS int64         // resident bytes, now
}

// UsageOf asks the system about a process.
func UsageOf(int) (Usage, error) {
	return Usage{}, errors.New("what a process uses is not known on " + runtime.GOOS)
}
