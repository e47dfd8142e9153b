//go:build unix

package h2

import "syscall"

// writeNow writes what the socket, which does not block, takes at once. An error
// counts as nothing written: the goroutine that writes the rest will meet it.
func writeNow(fd uintptr, p []byte) int {
	n, err := syscall.Write(int(fd), p)
	if err != nil {
		return 0
	}
	return n
}
