package benchmark

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// gatewayHash is hunter2, as bcrypt has it at its least cost.
const gatewayHash = "$2a$04$.LyIgqVxmpdbMqgvxYn9VuWmME4urzvhIRyB0m2oLTsv170LVkFCG"

// startTool runs a pinned tool for the test.
func startTool(t *testing.T, name string, args ...string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "../tools/build.sh", name)
	var errs bytes.Buffer
	build.Stderr = &errs
	path, err := build.Output()
	if err != nil {
		t.Fatalf("tools/build.sh %s: %v\n%s", name, err, errs.String())
	}
	var logs bytes.Buffer
	cmd := exec.Command(strings.TrimSpace(string(path)), args...)
	cmd.Stdout, cmd.Stderr = &logs, &logs
	etcdtest.OK(t, etcdtest.StartCommand(cmd))
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", name, logs.String())
		}
	})
}

// gateway starts a real Pushgateway behind TLS and a password, and returns the
// way in.
func gateway(t *testing.T) (g Gateway, read func(path string) string) {
	t.Helper()
	dir := t.TempDir()
	ca, err := etcdtest.NewCA(dir, "gateway")
	etcdtest.OK(t, err)
	pair, err := ca.Issue(etcdtest.Cert{Name: "gateway", Hosts: []string{"127.0.0.1"}})
	etcdtest.OK(t, err)
	web, password := filepath.Join(dir, "web.yml"), filepath.Join(dir, "password")
	etcdtest.OK(t, os.WriteFile(web, fmt.Appendf(nil, "tls_server_config: {cert_file: %q, key_file: %q}\nbasic_auth_users: {bench: %q}\n",
		pair.CertFile, pair.KeyFile, gatewayHash), 0o600))
	etcdtest.OK(t, os.WriteFile(password, []byte("hunter2\n"), 0o600))
	addr, err := freeport.Addr()
	etcdtest.OK(t, err)
	startTool(t, "pushgateway", "--web.listen-address="+addr, "--web.config.file="+web, "--log.level=error")
	g = Gateway{URL: "https://" + addr, Username: "bench", PasswordFile: password, CAFile: ca.File}
	client, err := g.client()
	etcdtest.OK(t, err)
	read = func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL+path, nil)
		etcdtest.OK(t, err)
		resp, err := client.Do(req)
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		etcdtest.OK(t, err)
		return string(body)
	}
	etcdtest.Eventually(t, 20*time.Second, "the Pushgateway to answer", func() bool { return read("/-/ready") != "" })
	return g, read
}

// sampleReport is one with something of everything.
func sampleReport() Report {
	s := newSample(fineDigits)
	for i := range 1000 {
		s.add(time.Duration(i+1) * 100 * time.Microsecond)
	}
	r := Report{Schema: Schema, Cluster: "prod/eu 1", Type: Write, Throughput: 1234, Latency: s.distribution(true)}
	r.Operations = Operations{Succeeded: 1000, Failed: 3, NeverSent: 2}
	r.Kinds = []KindReport{{Name: "write", Throughput: 1234}}
	r.Errors = []ErrorReport{{Kind: "write", Code: "Unavailable", Count: 2}, {Kind: "read", Code: "Unavailable", Count: 1}}
	r.SLOs = SLO{WriteThroughput: 2000, P99Seconds: 0.5}.judge(r, SLO{})
	return r
}

func TestPush(t *testing.T) {
	g, read := gateway(t)
	g.Interval = time.Hour
	r := sampleReport()
	etcdtest.OK(t, g.Push(t.Context(), r, true))
	metrics := read("/metrics")
	const labels = `cluster="prod/eu 1",instance="",job="etcd-monitor-benchmark",type="write"`
	has := func(when string, want bool, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if strings.Contains(metrics, "\n"+line+"\n") != want {
				t.Errorf("%s: /metrics has %q: %v\n%s", when, line, !want, metrics)
			}
		}
	}
	has("after a push", true,
		`etcd_monitor_benchmark_throughput_ops_per_second{`+labels+`} 1234`,
		`etcd_monitor_benchmark_latency_min_seconds{`+labels+`} 0.0001`,
		`etcd_monitor_benchmark_latency_max_seconds{`+labels+`} 0.1`,
		`etcd_monitor_benchmark_operations{`+strings.Replace(labels, ",type", `,result="failure",type`, 1)+`} 3`,
		`etcd_monitor_benchmark_latency_operations{bucket="<1ms",`+labels+`} 9`,
		`etcd_monitor_benchmark_latency_operations{bucket="1-5ms",`+labels+`} 40`,
		`etcd_monitor_benchmark_latency_operations{bucket="100-500ms",`+labels+`} 1`,
		`etcd_monitor_benchmark_errors{`+strings.Replace(labels, ",instance", `,code="Unavailable",instance`, 1)+`} 3`,
		`etcd_monitor_benchmark_slo_met{`+strings.Replace(labels, ",type", `,slo="write_throughput",type`, 1)+`} 0`,
		`etcd_monitor_benchmark_slo_met{`+strings.Replace(labels, ",type", `,slo="p99_latency",type`, 1)+`} 1`,
		`etcd_monitor_benchmark_last_run_success{`+labels+`} 1`,
		`etcd_monitor_benchmark_expected_interval_seconds{`+labels+`} 3600`,
	)
	for line := range strings.Lines(metrics) {
		if name, ok := strings.CutPrefix(line, "# TYPE etcd_monitor_benchmark"); ok && !strings.HasSuffix(strings.TrimSpace(name), " gauge") {
			t.Errorf("no gauge: %s", line)
		}
	}

	// A run that failed keeps the last good figures, and marks them.
	etcdtest.OK(t, g.Push(t.Context(), Report{Cluster: r.Cluster, Type: r.Type}, false))
	metrics = read("/metrics")
	has("after a failure", true, `etcd_monitor_benchmark_last_run_success{`+labels+`} 0`,
		`etcd_monitor_benchmark_throughput_ops_per_second{`+labels+`} 1234`)

	// A later success replaces everything: what is not measured any more goes.
	r.Errors = nil
	etcdtest.OK(t, g.Push(t.Context(), r, true))
	metrics = read("/metrics")
	if strings.Contains(metrics, "etcd_monitor_benchmark_errors{") {
		t.Error("errors of an earlier run are still there")
	}

	// Only the one group is deleted.
	other := r
	other.Type = Read
	etcdtest.OK(t, g.Push(t.Context(), other, true))
	etcdtest.OK(t, g.Delete(t.Context(), r.Cluster, r.Type))
	metrics = read("/metrics")
	has("after the deletion", false, `etcd_monitor_benchmark_throughput_ops_per_second{`+labels+`} 1234`)
	has("after the deletion", true,
		`etcd_monitor_benchmark_throughput_ops_per_second{`+strings.Replace(labels, `"write"`, `"read"`, 1)+`} 1234`)

	wrong := g
	wrong.Username, wrong.PasswordFile = "", ""
	if err := wrong.Push(t.Context(), r, true); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without a password: %v", err)
	}
	wrong = g
	wrong.CAFile = ""
	if err := wrong.Push(t.Context(), r, true); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the CA: %v", err)
	}
	wrong = g
	wrong.Timeout, wrong.URL = 200*time.Millisecond, "https://192.0.2.1:9091"
	if err := wrong.Push(t.Context(), r, true); err == nil {
		t.Error("to nobody: no error")
	}
}

// TestPrometheusScrapesResults: pushed results arrive in a real Prometheus under
// their own labels, and its rules find them.
func TestPrometheusScrapesResults(t *testing.T) {
	addr, err := freeport.Addr()
	etcdtest.OK(t, err)
	startTool(t, "pushgateway", "--web.listen-address="+addr, "--log.level=error")
	rules, err := filepath.Abs("../rules/etcd-monitor.rules.yml")
	etcdtest.OK(t, err)
	example, err := os.ReadFile("../deploy/prometheus/pushgateway.yml")
	etcdtest.OK(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	text := strings.NewReplacer("pushgateway:9091", addr, "15s", "1s", "10s", "1s").Replace(string(example))
	etcdtest.OK(t, os.WriteFile(file, fmt.Appendf([]byte(text), "rule_files: [%q]\n", rules), 0o600))
	listen, err := freeport.Addr()
	etcdtest.OK(t, err)
	startTool(t, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+listen, "--log.level=error")
	g := Gateway{URL: "http://" + addr, Interval: time.Hour}
	etcdtest.Eventually(t, 20*time.Second, "the push to succeed", func() bool { return g.Push(t.Context(), sampleReport(), true) == nil })
	query := func(expr string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listen+"/api/v1/query?query="+url.QueryEscape(expr), nil)
		etcdtest.OK(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	for _, expr := range []string{
		`etcd_monitor_benchmark_throughput_ops_per_second{job="etcd-monitor-benchmark",cluster="prod/eu 1",type="write"} == 1234`,
		`ALERTS{alertname="EtcdBenchmarkSLOViolated",cluster="prod/eu 1",benchmark="write",slo="write_throughput"}`,
	} {
		etcdtest.Eventually(t, 60*time.Second, expr, func() bool {
			return strings.Contains(query(expr), `"prod/eu 1"`)
		})
	}
}

// TestGatewaySecret: no error tells a password that is in the URL.
func TestGatewaySecret(t *testing.T) {
	for _, url := range []string{"http://u:s3cret@127.0.0.1:1", "u:s3cret@127.0.0.1:1", "http://u:s3cret@127.0.0.1:port"} {
		g := Gateway{URL: url}
		for _, err := range []error{g.Push(t.Context(), Report{}, true), g.Delete(t.Context(), "prod", Write)} {
			if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "pushgateway") {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
}
