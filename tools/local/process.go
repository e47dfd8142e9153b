// Package local runs programs on this machine for people who try etcd-monitor:
// what make run and make demo have in common.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

const (
	pollInterval = 100 * time.Millisecond
	stopLimit    = 10 * time.Second
)

// Process is a program that runs beside us and ends with us.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Start runs a program; name is for messages. What it prints goes to output. Its
// environment is ours without what would lead it to another cluster.
func Start(name, binary string, args []string, output io.Writer) (*Process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Env = Environ(os.Environ())
	cmd.Stdout, cmd.Stderr = output, output
	if err := etcdtest.StartCommand(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(p.done)
	}()
	return p, nil
}

// PID is its process ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when it has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Environ leaves out what would lead an exporter to another cluster.
func Environ(all []string) []string {
	var kept []string
	for _, kv := range all {
		if !strings.HasPrefix(kv, "ETCDCTL_") && !strings.HasPrefix(kv, "ETCD_MONITOR_") {
			kept = append(kept, kv)
		}
	}
	return kept
}

// AwaitReady waits until it answers at url with 200.
func (p *Process) AwaitReady(ctx context.Context, url string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ready(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return p.Ended()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", p.name, err)
		}
	}
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}

// Ended is the error of a program that ended by itself.
func (p *Process) Ended() error {
	return fmt.Errorf("%s ended by itself (%v)", p.name, p.cmd.ProcessState)
}

// Stop ends it in good order, or at once if that takes too long, and
// waits for its end.
func (p *Process) Stop() {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-p.done:
			return
		case <-time.After(stopLimit):
		}
	} else if errors.Is(err, os.ErrProcessDone) {
		<-p.done
		return
	}
	_ = p.cmd.Process.Kill() // can only fail if it has ended
	<-p.done
}
