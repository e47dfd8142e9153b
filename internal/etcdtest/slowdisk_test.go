package etcdtest

import (
	"errors"
	"runtime"
	"testing"
	"time"
)

// TestSlowDisk: what is written waits for the disk, and for no longer than the
// disk is slow.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Members: 1, Fsync: true})
	m := c.Member(0)
	const delay = 300 * time.Millisecond
	err := m.SlowDisk(delay)
	if runtime.GOOS != "linux" {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("on %s: %v", runtime.GOOS, err)
		}
		return
	}
	OK(t, err)
	cl, err := c.Dial(t.Context())
	OK(t, err)
	defer cl.Close()
	put := func() time.Duration {
		start := time.Now()
		_, err := cl.Put(t.Context(), "key", "value")
		OK(t, err)
		return time.Since(start)
	}
	if took := put(); took < delay {
		t.Errorf("a write took %v on a disk that takes %v", took, delay)
	}
	OK(t, m.SlowDisk(0))
	Eventually(t, 20*time.Second, "a write that the disk does not hold up", func() bool { return put() < delay })

	OK(t, m.SlowDisk(time.Minute))
	OK(t, m.Restart(t.Context()))
	Eventually(t, 20*time.Second, "a write after a restart", func() bool { return put() < delay })
	OK(t, m.Kill())
	if err := m.SlowDisk(delay); err == nil {
		t.Error("the disk of a killed member became slow")
	}
}
