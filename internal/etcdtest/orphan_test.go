//go:build unix

package etcdtest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestMembersDieWithTheirParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentEnv+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	OK(t, err)
	OK(t, StartCommand(cmd))
	var pids []int
	var addrs []string
	for in := bufio.NewScanner(out); len(pids) < 3 && in.Scan(); {
		var pid int
		var addr string
		if _, err := fmt.Sscan(in.Text(), &pid, &addr); err != nil {
			t.Fatalf("the parent says %q: %v", in.Text(), err)
		}
		pids, addrs = append(pids, pid), append(addrs, addr)
	}
	if len(pids) != 3 {
		t.Fatalf("the parent started %v", pids)
	}
	// A frozen member cannot see that its parent is gone; the kernel can.
	OK(t, syscall.Kill(pids[0], syscall.SIGSTOP))
	OK(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for i, pid := range pids {
		Eventually(t, limit, fmt.Sprintf("process %d is gone", pid), func() bool { return gone(pid, addrs[i]) })
	}
}

// gone tells whether a process neither listens nor exists, except as a corpse
// that nobody has buried yet.
func gone(pid int, addr string) bool {
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return syscall.Kill(pid, 0) != nil || (err == nil && bytes.Contains(stat, []byte(") Z ")))
}
