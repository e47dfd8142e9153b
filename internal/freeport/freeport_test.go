package freeport

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// finderEnv makes the test binary find ports, print them and wait.
const finderEnv = "FREEPORT_FIND"

func TestMain(m *testing.M) {
	if os.Getenv(finderEnv) != "" {
		for range 150 {
			addr, err := Addr()
			if err != nil {
				fmt.Println(err)
			}
			fmt.Println(addr)
		}
		fmt.Println("done")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent is done
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Processes that look for ports at the same time find different ones, although
// nobody listens on them yet, and more than a block of them.
func TestProcesses(t *testing.T) {
	var (
		mu    sync.Mutex
		found = map[string]int{}
		all   sync.WaitGroup
	)
	for i := range 8 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), finderEnv+"=1")
		hold, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = hold.Close(); _ = cmd.Wait() })
		all.Go(func() {
			lines := bufio.NewScanner(out)
			for lines.Scan() && lines.Text() != "done" {
				mu.Lock()
				if other, twice := found[lines.Text()]; twice {
					t.Errorf("%s was found by %d and %d", lines.Text(), other, i)
				}
				found[lines.Text()] = i
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(found) != 8*150 {
		t.Errorf("%d ports", len(found))
	}
	for addr := range found {
		if !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Errorf("found %q", addr)
		}
	}
}

// What is listened on already is not given.
func TestTaken(t *testing.T) {
	addr := For(t)
	own.Lock()
	next := Loopback(own.next)
	last := own.next == own.end
	own.Unlock()
	if last {
		t.Fatal("a block that is used up after a port")
	}
	ln, err := net.Listen("tcp", next)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if got := For(t); got == addr || got == next {
		t.Errorf("found %s after %s, while somebody listens on %s", got, addr, next)
	}
}
