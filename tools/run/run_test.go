package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

// TestMain makes an exporter of this binary when it is called like one.
func TestMain(m *testing.M) {
	etcdtest.Main()
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(fakeExporter(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// fakeExporter is not ready the first time it is asked, prints its flags and
// ends when it is told to, or by itself with the flag --end.
func fakeExporter(args []string) int {
	fmt.Println("exporter:", strings.Join(args, " "))
	if slices.Contains(args, "--end") {
		return 7
	}
	asked := false
	http.HandleFunc("/-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !asked {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		asked = true
	})
	fmt.Println(http.ListenAndServe(strings.TrimPrefix(args[1], "--web.listen-address="), nil))
	return 1
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args, want string // want: the options, or what the error has in it
	}{
		{"", "{bin/etcd-monitor [2379 22379 32379] :8080 []}"},
		{"--exporter x --client-ports 1,0, --listen-address [::1]:9", `"" is no port`},
		{"--exporter x --client-ports 1,0 --listen-address [::1]:9", "{x [1 0] [::1]:9 []}"},
		{"-- --log.level=debug", "{bin/etcd-monitor [2379 22379 32379] :8080 [--log.level=debug]}"},
		{"bin/etcd-monitor", `unexpected argument "bin/etcd-monitor"`},
		{"--client-ports 65536", `--client-ports: "65536" is no port`},
		{"--listen-address 8080", `--listen-address: "8080" is not [host]:port`},
		{"--listen-address :http", `--listen-address: "http" is no port`},
		{"--nonsense", "not defined"},
	} {
		o, err := parse(strings.Fields(test.args), io.Discard)
		got := fmt.Sprint(o)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%q: %s, want %s", test.args, got, test.want)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"-h"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-listen-address") {
		t.Errorf("help: %v, %s", err, &help)
	}
}

func TestGuide(t *testing.T) {
	var out bytes.Buffer
	guide(&out, "http://localhost:8080", []member{
		{"m0", "http://127.0.0.1:2379", 100, false}, {"m1", "http://127.0.0.1:22379", 101, true}, {"m2", "http://127.0.0.1:32379", 102, false},
	})
	for _, want := range []string{
		"http://localhost:8080/\n", "curl -s http://localhost:8080/metrics | grep ^etcd_monitor_cluster\n",
		"m1      http://127.0.0.1:22379  101  yes", "kill -STOP 102", "kill -CONT 102", "kill -STOP 101", "Ctrl-C",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &out)
		}
	}
}

// screen is what a run has printed so far.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

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

func TestRun(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	defer busy.Close()
	_, port, err := net.SplitHostPort(busy.Addr().String())
	etcdtest.OK(t, err)

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, code := &screen{}, make(chan int)
	args := []string{"--exporter", os.Args[0], "--client-ports", port + ",0,0", "--listen-address", "127.0.0.1:" + port, "--", "--more"}
	go func() { code <- run(ctx, args, out, out) }()
	etcdtest.Eventually(t, time.Minute, "the guide is shown", func() bool { return strings.Contains(out.String(), "Ctrl-C") })
	urls := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`).FindAllStringSubmatch(out.String(), -1)
	interrupt()
	if got := <-code; got != 0 {
		t.Errorf("exit code is %d", got)
	}

	m := regexp.MustCompile(`exporter: --endpoints=(\S+) --web.listen-address=\S+ --more\n`).FindStringSubmatch(out.String())
	if m == nil || !strings.Contains(out.String(), "m0      http://"+m[1]) {
		t.Errorf("the exporter was not started with the first member only: %q", m)
	}
	for _, note := range []string{"client port " + port + " is not", "cannot listen on 127.0.0.1:" + port} {
		if !strings.Contains(out.String(), note) {
			t.Errorf("%q was not said", note)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	for _, url := range urls {
		if err := local.Free(url[1]); err != nil {
			t.Errorf("%s is still there: %v", url[1], err)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRunFails(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"exporter ends", []string{"--exporter", os.Args[0], "--", "--end"}, 1, "the exporter ended by itself (exit status 7)"},
		{"no exporter", []string{"--exporter", "no/such/file"}, 1, "make build makes it"},
		{"no program", []string{"--exporter", tmp}, 1, "start the exporter"},
		{"usage", []string{"--client-ports", "x"}, 2, "is no port"},
	} {
		var out screen
		args := append([]string{"--client-ports", "0", "--listen-address", "127.0.0.1:0"}, test.args...)
		if code := run(t.Context(), args, &out, &out); code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit code %d, output:\n%s", test.name, code, &out)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
