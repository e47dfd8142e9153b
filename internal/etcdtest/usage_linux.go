package etcdtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Usage is what a process has taken of the machine.
type Usage struct {
	CPU time.Duration // since its start
	RSS int64         // resident bytes, now
}

// UsageOf asks the system about a process. It knows the CPU to the nanosecond,
// where /proc/<pid>/stat has hundredths of a second.
func UsageOf(pid int) (Usage, error) {
	var u Usage
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err == nil && len(threads) == 0 {
		err = errors.New("no such process, or no schedstat")
	}
	if err != nil {
		return u, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	for _, file := range threads {
		b, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // the thread has ended
		}
		ran, _, _ := bytes.Cut(b, []byte(" "))
		ns, parseErr := strconv.ParseInt(string(ran), 10, 64)
		if err := errors.Join(err, parseErr); err != nil {
			return u, fmt.Errorf("usage of process %d: %w", pid, err)
		}
		u.CPU += time.Duration(ns)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return u, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return u, fmt.Errorf("usage of process %d: statm says %q", pid, b)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return u, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	u.RSS = pages * int64(os.Getpagesize())
	return u, nil
}
