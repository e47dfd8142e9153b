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

// taken says that nobody can listen on some addresses.
func taken(addrs ...string) func(string) error {
	return func(addr string) error {
		if slices.Contains(addrs, addr) {
			return errors.New("in use")
		}
		return nil
	}
}

func TestMemberPort(t *testing.T) {
	for _, test := range []struct {
		want, got int
		said      string
	}{{2379, 2379, ""}, {0, 0, ""}, {22379, 0, "22379 is not to be had (in use)"}} {
		var out bytes.Buffer
		got, err := memberPort(test.want, taken("127.0.0.1:22379"), &out)
		if err != nil || got != test.got || !strings.Contains(out.String(), test.said) || (test.said == "") != (out.Len() == 0) {
			t.Errorf("port %d: %d, %v, %q", test.want, got, err, &out)
		}
	}
}

func TestExporterAddr(t *testing.T) {
	for _, test := range []struct {
		want, got string // got is a pattern
		said      string
	}{
		{":8080", `^:8080$`, ""},
		{"127.0.0.1:0", `^127\.0\.0\.1:\d{5}$`, ""},
		{":9090", `^:\d{5}$`, "cannot listen on :9090 (in use): it listens on :"},
	} {
		var out bytes.Buffer
		got, err := exporterAddr(test.want, taken(":9090"), &out)
		if err != nil || !regexp.MustCompile(test.got).MatchString(got) ||
			!strings.Contains(out.String(), test.said) || (test.said == "") != (out.Len() == 0) {
			t.Errorf("%s: %s, %v, %q", test.want, got, err, &out)
		}
	}
	never := func(string) error { return errors.New("no network") }
	if _, err := exporterAddr(":8080", never, io.Discard); err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("error is %v", err)
	}
}

func TestFree(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	port := ln.Addr().(*net.TCPAddr).Port
	for _, addr := range []string{ln.Addr().String(), fmt.Sprintf(":%d", port)} {
		if free(addr) == nil {
			t.Errorf("%s is free while somebody listens", addr)
		}
	}
	etcdtest.OK(t, ln.Close())
	etcdtest.OK(t, free(ln.Addr().String()))
}

func TestURL(t *testing.T) {
	for listen, want := range map[string]string{
		":8080":          "http://localhost:8080",
		"0.0.0.0:8080":   "http://localhost:8080",
		"[::]:8080":      "http://localhost:8080",
		"[::1]:8080":     "http://[::1]:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"example:8080":   "http://example:8080",
	} {
		if got := url(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

func TestEnviron(t *testing.T) {
	got := environ([]string{"HOME=/h", "ETCDCTL_ENDPOINTS=a", "ETCD_MONITOR_ENDPOINTS=b", "ETCD=c"})
	if !slices.Equal(got, []string{"HOME=/h", "ETCD=c"}) {
		t.Errorf("environment is %q", got)
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
		if err := free(url[1]); err != nil {
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
