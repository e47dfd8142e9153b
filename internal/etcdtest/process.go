package etcdtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
)

// process is a started member, gateway or proxy.
type process struct {
	cmd  *exec.Cmd
	life io.WriteCloser // the child sees its end when we are gone, and obeys what is written
	log  string         // path of what it writes
	done chan struct{}  // closed when it has ended
}

// launch runs etcd with args: the binary, or ourselves if binary is empty.
func launch(binary string, args []string, logPath string) (*process, error) {
	env := environ()
	if binary == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this binary: %w", err)
		}
		raw, err := json.Marshal(append([]string{"etcd"}, args...))
		if err != nil {
			return nil, fmt.Errorf("encode arguments: %w", err)
		}
		binary, args, env = self, nil, append(env, argsEnv+"="+string(raw))
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer log.Close() // the child has a copy
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	if err := StartCommand(cmd); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), life.Close())
	}
	p := &process{cmd: cmd, life: life, log: logPath, done: make(chan struct{})}
	go p.wait()
	return p, nil
}

// environ is our environment without what etcd would take for flags.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ETCD_") {
			env = append(env, kv)
		}
	}
	return env
}

func (p *process) wait() {
	_ = p.cmd.Wait() // closes the pipe; how it ended is in cmd.ProcessState
	close(p.done)
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends the process at once, frozen or not, and waits for its end.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process %d: %w", p.cmd.Process.Pid, err)
	}
	<-p.done
	return nil
}

// errPortTaken marks a start that failed because somebody else was faster.
var errPortTaken = errors.New("port taken")

// died tells how a process ended that was meant to run.
func (p *process) died() error {
	tail := logTail(p.log)
	err := fmt.Errorf("etcd ended (%v); its log ends with:\n%s", p.cmd.ProcessState, tail)
	if strings.Contains(tail, "address already in use") {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return err
}

// logTail returns the last lines of a log, or why there are none.
func logTail(path string) string {
	const lines = 15
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	var all []string
	for line := range strings.Lines(string(raw)) {
		// What a wrong flag is told about the right ones would hide its error.
		if usage := strings.HasPrefix(line, "  "); !usage && line != "\n" {
			all = append(all, line)
		}
	}
	return strings.Join(all[max(0, len(all)-lines):], "")
}

// spawner starts commands on one thread that never ends. Where the kernel ends
// children with their parent, it means by parent the thread that started them,
// and Go ends threads as it likes.
var spawner = sync.OnceValue(func() chan<- spawn {
	in := make(chan spawn)
	go func() {
		runtime.LockOSThread()
		for s := range in {
			s.err <- s.cmd.Start()
		}
	}()
	return in
})

type spawn struct {
	cmd *exec.Cmd
	err chan<- error
}

// StartCommand starts cmd so that it does not outlive this process (on Linux,
// whatever ends us) and does not get the signals that a terminal sends to us.
// The error is that of cmd.Start.
func StartCommand(cmd *exec.Cmd) error {
	cmd.SysProcAttr = childAttr()
	err := make(chan error)
	spawner() <- spawn{cmd, err}
	return <-err
}
