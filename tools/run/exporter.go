package main

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

// exporter is the running exporter.
type exporter struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func startExporter(o options, endpoint, listen string, stderr io.Writer) (*exporter, error) {
	args := append([]string{"serve", "--endpoints=" + endpoint, "--web.listen-address=" + listen}, o.flags...)
	cmd := exec.Command(o.exporter, args...)
	cmd.Env = environ(os.Environ())
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := etcdtest.StartCommand(cmd); err != nil {
		return nil, fmt.Errorf("start the exporter: %w", err)
	}
	e := &exporter{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(e.done)
	}()
	return e, nil
}

// environ leaves out what would lead the exporter to another cluster.
func environ(all []string) []string {
	var kept []string
	for _, kv := range all {
		if !strings.HasPrefix(kv, "ETCDCTL_") && !strings.HasPrefix(kv, "ETCD_MONITOR_") {
			kept = append(kept, kv)
		}
	}
	return kept
}

// awaitReady waits until the exporter is ready, as it says itself at url.
func (e *exporter) awaitReady(ctx context.Context, url string) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ready(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-e.done:
			return e.ended()
		case <-ctx.Done():
			return fmt.Errorf("wait for the exporter: %w", err)
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

// ended is the error of an exporter that ended by itself.
func (e *exporter) ended() error {
	return fmt.Errorf("the exporter ended by itself (%v)", e.cmd.ProcessState)
}

// stop ends the exporter in good order, or at once if that takes too long, and
// waits for its end.
func (e *exporter) stop() {
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-e.done:
			return
		case <-time.After(stopLimit):
		}
	} else if errors.Is(err, os.ErrProcessDone) {
		<-e.done
		return
	}
	_ = e.cmd.Process.Kill() // can only fail if it has ended
	<-e.done
}
