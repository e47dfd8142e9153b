package etcdtest

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// stopped waits until a process that was sent SIGSTOP has stopped: the signal
// is delivered a moment later, and in between the process may still answer.
func stopped(pid int) error {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		// The state follows the name, which is in parentheses and may hold any.
		_, rest, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
		if len(rest) > 0 && rest[0] == 'T' {
			return nil
		}
	}
	return fmt.Errorf("process %d does not stop", pid)
}
