package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

func TestFaster(t *testing.T) {
	got := faster("  for: 1m\n  keep_firing_for: 1h\n  description: for: ever\n")
	if want := "  for: 10s\n  keep_firing_for: 5m\n  description: for: ever\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"--prometheus-address=x", `--prometheus-address: "x" is not [host]:port`},
		{"--nothing", "not defined"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), strings.Fields(test.args), strings.NewReader(""), &out, &out); code != 2 || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit code %d, %s", test.args, code, &out)
		}
	}
}

// The whole system starts, does what it is told and leaves nothing behind.
func TestDemo(t *testing.T) {
	tmp := t.TempDir()
	exporter := filepath.Join(t.TempDir(), "etcd-monitor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exporter, "../../cmd/etcd-monitor").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := []string{"--root=../..", "--exporter=" + exporter}
	for _, name := range []string{"prometheus", "alertmanager", "pushgateway"} {
		path, err := exec.CommandContext(t.Context(), "../../tools/build.sh", name).Output()
		if err != nil {
			t.Fatalf("tools/build.sh %s: %v", name, err)
		}
		args = append(args, fmt.Sprintf("--%s=%s", name, strings.TrimSpace(string(path))))
	}
	for _, name := range []string{"listen", "prometheus", "alertmanager", "pushgateway"} {
		args = append(args, "--"+name+"-address=127.0.0.1:0")
	}
	t.Setenv("TMPDIR", tmp)
	out := &screen{}
	stdin := strings.NewReader("members\nkill 1\nmembers\nkill 7\nkill x\nrestart 1\nisolate 2\nheal\nwhat\n\nquit\n")
	if code := run(t.Context(), args, stdin, out, out); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"bottleneck:", "leads", "stopped", "kill which member? 0, 1 or 2", `"x" is no number`, `what is "what"?`, "stopping"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not said", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// screen takes what several print.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

var _ io.Writer = &screen{}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}
