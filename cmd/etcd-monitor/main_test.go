package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// TestMistakes: each names the flag, costs no stack trace and exits with 2.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	pem := filepath.Join(dir, "x.pem")
	if err := os.WriteFile(pem, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--nonsense", 2, "unknown long flag '--nonsense'"},
		{"--endpoint=a:1", 2, "did you mean --endpoints?"},
		{"frobnicate", 2, "frobnicate"},
		{"--endpoints=http://", 2, "--endpoints: endpoint \"http://\": no host"},
		{"--endpoints=a:0", 2, "--endpoints: endpoint \"a:0\": port"},
		{"--endpoints=a:70000", 2, "port \"70000\" is not one of 1 to 65535"},
		{"--endpoints=localhost:2379:1", 2, "--endpoints"},
		{"--endpoints=ftp://a:1", 2, "scheme \"ftp\" is neither http nor https"},
		{"--endpoints=", 2, "--endpoints: no endpoint given"},
		{"--endpoints=http://root:hunter2@a:1", 2, "user and password do not belong in an endpoint"},
		{"--dial-timeout=5", 2, "--dial-timeout: \"5\" has no unit (write 5s)"},
		{"--dial-timeout=0s", 2, "--dial-timeout: \"0s\" is less than 10ms"},
		{"--metrics-interval=0s", 2, "--metrics-interval: \"0s\" is less than 1s"},
		{"--health-check-interval=1e9h", 2, "--health-check-interval"},
		{"--max-latency-ms=NaN", 2, "--max-latency-ms: \"NaN\" is not a positive number"},
		{"--max-latency-ms=abc", 2, "--max-latency-ms: \"abc\" is not a number"},
		{"--max-db-size-mb=-1", 2, "--max-db-size-mb: \"-1\" is not a positive number"},
		{"--min-available-nodes=x", 2, "--min-available-nodes: \"x\" is not a whole number"},
		{"--max-leader-changes=0", 2, "--max-leader-changes"},
		{"--api-port=99999", 2, "--api-port: \"99999\" is not within 1 to 65535"},
		{"--api-port=9 --web.listen-address=:1", 2, "--web.listen-address and --api-host or --api-port say the same thing"},
		{"--web.external-url=monitor", 2, "--web.external-url"},
		{"--log.level=foo", 2, "--log.level: \"foo\" is none of debug, info, warn, error"},
		{"--log.format=xml", 2, "--log.format"},
		{"benchmark read --log.level=info", 2, "belongs to another command"},
		{"--collector.quorun", 2, "did you mean --collector.quorum?"},
		{"--collector.timeout=-1s", 2, "--collector.timeout"},
		{"--probe.samples=0", 2, "--probe.samples: \"0\" is not within 1 to 100"},
		{"--probe.key-prefix=/registry/x", 2, "--probe.key-prefix: \"/registry/x\" is no place of ours"},
		{"--cacert=" + dir + "/absent", 2, "--cacert: "},
		{"--cert=" + pem, 2, "--cert: needs --key"},
		{"--key=" + pem, 2, "--key: needs --cert"},
		{"--username=u", 2, "--username: needs --password-file"},
		{"--cluster.name=", 2, "--cluster.name"},
		{"--cacert=" + pem, 2, "--cacert: " + pem + ": no certificate in it"},
		{"--web.config.file=" + pem, 1, pem},
		{"--web.listen-address=nonsense", 1, "nonsense"},
	} {
		var out, errs bytes.Buffer
		code := runContext(t.Context(), strings.Fields(c.args), &out, &errs)
		text := errs.String()
		if code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.says, text)
		}
		if strings.Contains(text, "goroutine") || strings.Contains(text, "hunter2") {
			t.Errorf("%s: a stack or a secret in\n%s", c.args, text)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"--help", "--endpoints"},
		{"serve --help", "--[no-]probe.write"},
		{"--version", "etcd-monitor, version"},
		{"version", "etcd-monitor, version"},
	} {
		var out, errs bytes.Buffer
		code := runContext(t.Context(), strings.Fields(c.args), &out, &errs)
		if all := out.String() + errs.String(); code != 0 || !strings.Contains(all, c.says) {
			t.Errorf("%s: exit %d without %q:\n%s", c.args, code, c.says, all)
		}
	}
}

// TestUnreachableIsNoReasonToExit runs the document's command line against
// nothing at all, and stops it in good order.
func TestUnreachableIsNoReasonToExit(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	logs := &buffer{}
	code := make(chan int, 1)
	go func() {
		code <- runContext(ctx, strings.Fields("--endpoints=localhost:1 --api-host=127.0.0.1 --api-port="+freePort(t)+
			" --health-check-interval=30s --metrics-interval=10s --max-latency-ms=50 --dial-timeout=1s"), io.Discard, logs)
	}()
	address := regexp.MustCompile(`msg=listening address=(\S+)`)
	var url string
	await(t, "the log to say where it listens", func() bool {
		m := address.FindStringSubmatch(logs.String())
		if m != nil {
			url = "http://" + m[1]
		}
		return m != nil
	})
	await(t, "readiness", func() bool { status, _ := get(t, url+"/-/ready"); return status == http.StatusOK })
	_, body := get(t, url+"/metrics")
	for _, line := range []string{
		`etcd_monitor_cluster_up{cluster="default"} 0`,
		`etcd_monitor_cluster_quorum_unknown{cluster="default",reason="no_answer"} 1`,
		`etcd_monitor_threshold{cluster="default",name="max_latency_seconds"} 0.05`,
		`etcd_monitor_member_unreachable{cluster="default",member="",endpoint="http://localhost:1",reason="refused"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if _, page := get(t, url+"/"); !strings.Contains(page, "no endpoint answers") {
		t.Errorf("the page does not say that nobody answers:\n%s", page)
	}
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit %d after an interrupt:\n%s", c, logs)
	}
	if !strings.Contains(logs.String(), "msg=stopped") {
		t.Errorf("the log does not end in good order:\n%s", logs)
	}
}

// TestEnvironment: our own variables stand for flags, etcdctl's fill in where
// neither is given.
func TestEnvironment(t *testing.T) {
	usage := func(args ...string) string {
		var out, errs bytes.Buffer
		runContext(t.Context(), args, &out, &errs)
		return errs.String()
	}
	t.Setenv("ETCDCTL_ENDPOINTS", "b:0")
	if got := usage(); !strings.Contains(got, `ETCDCTL_ENDPOINTS: endpoint "b:0"`) {
		t.Errorf("ETCDCTL_ENDPOINTS is not used: %s", got)
	}
	t.Setenv("ETCD_MONITOR_ENDPOINTS", "c:0")
	if got := usage(); !strings.Contains(got, `ETCD_MONITOR_ENDPOINTS: endpoint "c:0"`) {
		t.Errorf("ETCD_MONITOR_ENDPOINTS does not win over ETCDCTL_ENDPOINTS: %s", got)
	}
	if got := usage("--endpoints=d:0"); !strings.Contains(got, `--endpoints: endpoint "d:0"`) {
		t.Errorf("the flag does not win: %s", got)
	}
	t.Setenv("ETCDCTL_CACERT", "/does/not/exist")
	if got := usage("--endpoints=d:1"); !strings.Contains(got, "ETCDCTL_CACERT: /does/not/exist: no such file") {
		t.Errorf("ETCDCTL_CACERT is not used: %s", got)
	}
}

type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func freePort(t *testing.T) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(freeport.For(t))
	return port
}
