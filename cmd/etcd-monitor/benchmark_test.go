package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// commandLine runs a command line and returns its exit code and output.
func commandLine(ctx context.Context, line string, more ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = runContext(ctx, append(strings.Fields(line), more...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestBenchmarkMistakes(t *testing.T) {
	for line, says := range map[string]string{
		"benchmark fly":                                      "fly",
		"benchmark write --ops=none":                         `--ops: "none" is not a whole number`,
		"benchmark write --ops=-1":                           "--ops: -1 is not within",
		"benchmark write --ops=5 --duration=5s --rate=x":     "--rate",
		"benchmark mixed --read-ratio=1.5":                   "read ratio: 1.5 is not within 0 to 1",
		"benchmark write --key-size=8":                       "key size: 8 is not within",
		"benchmark write --key-prefix=/registry":             "no place of ours",
		"benchmark write --keys=normal":                      `"normal" is none of sequential, uniform, zipf`,
		"benchmark write --endpoint-mode=some":               "endpoint mode",
		"benchmark write --slo-profile=gold":                 "--slo-profile",
		"benchmark write --engine=warp":                      `--engine: "warp" is none of auto, h2, grpc`,
		"benchmark write --format=xml":                       `--format: "xml" is none of text, json`,
		"benchmark write --find-from=abc":                    `--find-from: "abc" is not a number`,
		"benchmark write --find-most=-1":                     "--find-most: -1 is not within",
		"benchmark write --find-step=10":                     `--find-step: "10" is not a duration like 10s`,
		"benchmark compare a b --allowed=abc":                `--allowed: "abc" is not a number`,
		"benchmark write --pushgateway.expected-interval=5x": `--pushgateway.expected-interval: "5x" is not a duration`,
		"benchmark write --pushgateway.delete":               "--pushgateway.delete: there is no Pushgateway",
		"benchmark write --push-required":                    "--push-required: there is no Pushgateway",
		"benchmark write --cluster=other":                    `there is no "other", only default`,
		"benchmark write --timeout=5":                        `--timeout: "5" is not a duration`,
		"benchmark compare only-one":                         "AFTER",
		"--run-benchmark --benchmark-type=fly":               "--benchmark-type",
		"--run-benchmark --benchmark-ops=0":                  "--benchmark-ops",
		"benchmark write --endpoints=http://":                "--endpoints",
		"benchmark watch --value-size=4":                     "value size",
		"benchmark write --pushgateway.url=gateway:9091":     "--pushgateway.url: is not a URL like https://",
	} {
		code, _, errs := commandLine(t.Context(), line)
		if code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%s: exit %d without %q:\n%s", line, code, says, errs)
		}
	}
}

// TestBenchmarkMistakesInVariables: a variable is named by its flag.
func TestBenchmarkMistakesInVariables(t *testing.T) {
	for name, says := range map[string]string{
		"INSECURE_SKIP_VERIFY": `--pushgateway.insecure-skip-verify: "x" is neither true nor false`,
		"EXPECTED_INTERVAL":    `--pushgateway.expected-interval: "x" is not a duration`,
	} {
		t.Setenv("ETCD_MONITOR_PUSHGATEWAY_"+name, "x")
		code, _, errs := commandLine(t.Context(), "benchmark write --endpoints=127.0.0.1:1")
		if code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%s: exit %d without %q:\n%s", name, code, says, errs)
		}
		etcdtest.OK(t, os.Unsetenv("ETCD_MONITOR_PUSHGATEWAY_"+name))
	}
}

// TestBenchmark: the verb on real etcd, by each of its exit codes.
func TestBenchmark(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	endpoints := "--endpoints=" + c.Member(0).Endpoint()
	dir := t.TempDir()
	stored := filepath.Join(dir, "a.json")
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(stored); err != nil {
			t.Errorf("pushed before it is stored: %v", err)
		}
		http.Error(w, "go away", http.StatusForbidden)
	}))
	defer refuses.Close()
	for _, test := range []struct {
		line string
		code int
		says []string // on either output
	}{
		{"benchmark write --engine=grpc --ops=500", exitOK, []string{"write on cluster default, engine grpc", "500 operations", "closed loop", "bottleneck"}},
		{"--run-benchmark --benchmark-type=mixed --benchmark-ops=1000", exitOK, []string{"mixed on cluster default", "self-check", "1000 operations", "SLO read_throughput: info"}},
		{"benchmark read --engine=h2 --ops=500 --key-space=100 --slo-p99-ms=60000 --slo-error-rate=0", exitOK, []string{"SLO p99_latency: PASS", "SLO error_rate: PASS"}},
		{"benchmark read --engine=h2 --ops=500 --key-space=100 --slo-read-throughput=1e9", exitMissed, []string{"SLO read_throughput: FAIL", "a target was missed"}},
		{"benchmark write --engine=h2 --ops=500 --timeout=1ms --value-size=500000 --max-error-rate=0 --fuse-quota-share=0", exitErrors, []string{"of the operations failed"}},
		{"benchmark write --engine=h2 --duration=1s --rate=200 --pushgateway.url=" + refuses.URL + " --push-required --output=" + stored, exitNotPushed, []string{"open loop: 200 operations/s", "403", "not pushed"}},
		{"benchmark write --engine=h2 --ops=500 --pushgateway.url=" + refuses.URL, exitOK, []string{"warning", "403"}},
		{"benchmark write --engine=h2 --endpoints=localhost:1", exitFailed, []string{"localhost:1", "refused"}},
	} {
		line := test.line
		if !strings.Contains(line, "--endpoints") {
			line += " " + endpoints
		}
		code, out, errs := commandLine(t.Context(), line)
		if code != test.code {
			t.Errorf("%s: exit %d, want %d", line, code, test.code)
		}
		for _, says := range test.says {
			if !strings.Contains(out+errs, says) {
				t.Errorf("%s: without %q:\n%s%s", line, says, out, errs)
			}
		}
	}
	var r benchmark.Report
	text, err := os.ReadFile(stored)
	etcdtest.OK(t, err)
	etcdtest.OK(t, json.Unmarshal(text, &r))
	if r.Schema != benchmark.Schema || r.Operations.Succeeded != 200 || r.Schedule == nil {
		t.Errorf("stored: %s, %+v, %+v", r.Schema, r.Operations, r.Schedule)
	}
}

// TestBenchmarkInterrupted: Ctrl-C and SIGTERM are told apart, what was measured
// is printed and marked.
func TestBenchmarkInterrupted(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	for cause, code := range map[string]int{"interrupt signal received": exitInterrupted, "terminated signal received": exitTerminated} {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			etcdtest.Eventually(t, 20*time.Second, "the load to begin", func() bool { return c.Handled(t, "Put") > 0 })
			cancel(errors.New(cause))
		}()
		got, out, errs := commandLine(ctx, "benchmark write --engine=h2 --rate=200 --duration=1m --format=json --endpoints="+c.Member(0).Endpoint())
		var r benchmark.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil || !r.Interrupted || got != code {
			t.Errorf("%s: exit %d, want %d; %v, interrupted %v\n%s", cause, got, code, err, r.Interrupted, errs)
		}
		cancel(nil)
	}
}

func TestBenchmarkCompare(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, rate int64) string {
		r := benchmark.Report{Schema: benchmark.Schema, Type: benchmark.Write, Duration: 20}
		for i := range 20 {
			r.Series = append(r.Series, benchmark.Point{At: float64(i), Seconds: 1, Ops: rate + int64(i%3)})
		}
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		etcdtest.OK(t, err)
		etcdtest.OK(t, r.WriteJSON(f))
		etcdtest.OK(t, f.Close())
		return path
	}
	before, same, slower := write("before.json", 1000), write("same.json", 1001), write("slower.json", 700)
	for _, test := range []struct {
		after string
		code  int
		says  string
	}{
		{same, exitOK, "+0.1 %"},
		{slower, exitMissed, "WORSE"},
		{filepath.Join(dir, "absent.json"), exitFailed, "absent.json"},
	} {
		code, out, errs := commandLine(t.Context(), "benchmark compare", before, test.after)
		if code != test.code || !strings.Contains(out+errs, test.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s%s", test.after, code, test.code, test.says, out, errs)
		}
	}
	other := filepath.Join(dir, "other.json")
	etcdtest.OK(t, os.WriteFile(other, []byte(`{"schema": "something/9"}`), 0o600))
	if code, _, errs := commandLine(t.Context(), "benchmark compare", before, other); code != exitFailed || !strings.Contains(errs, "something/9") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestGatewaySecret: a password in the URL of the Pushgateway is refused before
// anything runs, and is not repeated.
func TestGatewaySecret(t *testing.T) {
	for _, url := range []string{"http://u:s3cret@127.0.0.1:9091", "https://s3cret@gateway", "u:s3cret@gateway:9091", "http://u:s3cret@gateway:port"} {
		for _, byVariable := range []bool{false, true} {
			line := "benchmark write --endpoints=127.0.0.1:1"
			if byVariable {
				t.Setenv("ETCD_MONITOR_PUSHGATEWAY_URL", url)
			} else {
				line += " --pushgateway.url=" + url
			}
			code, out, errs := commandLine(t.Context(), line)
			if code != exitUsage || !strings.Contains(errs, "--pushgateway.url") || strings.Contains(out+errs, "s3cret") {
				t.Errorf("%s, by variable %v: exit %d\n%s%s", url, byVariable, code, out, errs)
			}
			if strings.Contains(url, "//u:s3cret@1") && !strings.Contains(errs, "--pushgateway.password-file") {
				t.Errorf("without what to do instead: %s", errs)
			}
			etcdtest.OK(t, os.Unsetenv("ETCD_MONITOR_PUSHGATEWAY_URL"))
		}
	}
}

// TestBenchmarkOutput: a file that cannot be written is noticed before anything
// is measured, and costs nothing of what was measured if it is only later.
func TestBenchmarkOutput(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "none", "x.json"), dir} {
		code, _, errs := commandLine(t.Context(), "benchmark write --endpoints=127.0.0.1:1 --output="+path)
		if code != exitFailed || !strings.Contains(errs, "--output: ") || strings.Contains(errs, "refused") {
			t.Errorf("%s: exit %d\n%s", path, code, errs)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}

	pushes := 0
	accepts := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pushes++ }))
	defer accepts.Close()
	r := benchmark.Report{Schema: benchmark.Schema, Type: benchmark.Write, Cluster: "prod"}
	r.Operations.Succeeded = 4711
	for _, test := range []struct {
		name, output string
		failed       int64
		stdout       io.Writer
		code         int
		says         string
	}{
		{"no directory any more", filepath.Join(dir, "none", "x.json"), 0, &bytes.Buffer{}, exitFailed, "--output: "},
		{"and errors", filepath.Join(dir, "none", "x.json"), 4711, &bytes.Buffer{}, exitErrors, "--output: "},
		{"nobody reads", filepath.Join(dir, "x.json"), 0, brokenPipe{}, exitFailed, "standard output: " + io.ErrClosedPipe.Error()},
	} {
		r.Operations.Failed = test.failed
		f := &benchmarkFlags{output: test.output, format: "text"}
		var errs bytes.Buffer
		code := fail(&errs, f.finish(t.Context(), r, benchmark.Gateway{URL: accepts.URL}, nil, test.stdout, &errs))
		if code != test.code || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%s: exit %d, want %d with %q:\n%s", test.name, code, test.code, test.says, errs.String())
		}
		if out, ok := test.stdout.(*bytes.Buffer); ok && !strings.Contains(out.String(), "4711") {
			t.Errorf("%s: printed %q", test.name, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x.json")); err != nil || pushes != 3 {
		t.Errorf("%d pushes of 3, stored: %v", pushes, err)
	}
}

// brokenPipe is where nobody reads.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestBenchmarkFindsEndpoints: those that a file names, and an error that names
// the key where there are none.
func TestBenchmarkFindsEndpoints(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		etcdtest.OK(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	targets := write("targets.yml", "- targets: ['"+c.Endpoints()[0]+"']\n")
	file := write("file.yml", "clusters:\n  - {name: prod, file: "+targets+"}\n")
	code, out, errs := commandLine(t.Context(), "benchmark write --engine=h2 --ops=100 --config.file="+file)
	if code != exitOK || !strings.Contains(out, "write on cluster prod") {
		t.Errorf("file: exit %d\n%s%s", code, out, errs)
	}
	dns := write("dns.yml", "clusters:\n  - {name: prod, dns_srv: nothing.invalid}\n")
	code, _, errs = commandLine(t.Context(), "benchmark write --config.file="+dns)
	if code != exitFailed || !strings.Contains(errs, "cluster prod: dns_srv: ") {
		t.Errorf("dns_srv: exit %d\n%s", code, errs)
	}
}

// TestBenchmarkPushesFailure: that a cluster could not be measured is pushed,
// whether or not an engine was to be chosen first.
func TestBenchmarkPushesFailure(t *testing.T) {
	for _, engine := range []string{"auto", "h2"} {
		pushes := make(chan string, 10)
		gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { pushes <- r.Method }))
		code, _, errs := commandLine(t.Context(), "benchmark write --endpoints=127.0.0.1:1 --dial-timeout=100ms --engine="+engine+" --pushgateway.url="+gateway.URL)
		gateway.Close()
		close(pushes)
		if got := <-pushes; code != exitFailed || got != http.MethodPost {
			t.Errorf("%s: exit %d, pushed %q\n%s", engine, code, got, errs)
		}
	}
}
