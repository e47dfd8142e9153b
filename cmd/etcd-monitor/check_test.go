package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a command line to its end.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runContext(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestCheckConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "monitor.yml")
	for _, c := range []struct {
		name, text     string
		args           []string
		code           int
		stdout, stderr string // with FILE for the file
	}{
		{
			name: "good", text: "clusters:\n  - {name: a, endpoints: [a:1]}\n  - {name: b, endpoints: [b:1]}\n",
			stdout: "SUCCESS: FILE is valid (2 clusters)\n",
		},
		{
			name: "good, with a warning", text: "api: {cors: {enabled: true}}\n",
			stdout: "SUCCESS: FILE is valid (1 cluster)\n",
			stderr: "FILE:1:23: warning: api.cors.enabled: not active in this version: pages of other origins are not let in\n",
		},
		{
			name: "everything that is wrong at once",
			text: "clusters:\n  - endpoints: [a:1]\n    tls: {cert_fil: x}\n  - {name: b, endpoints: a:1}\n" +
				"monitoring:\n  metrics_interval: 10\n  thresholds: {max_error_rate: 5}\n",
			args: []string{"--api-port=0"}, code: 1,
			stderr: "FILE:2:5: clusters[0].name: the cluster has no name\n" +
				"FILE:3:11: clusters[0].tls.cert_fil: unknown key (did you mean \"cert_file\"?)\n" +
				"FILE:4:26: clusters[1].endpoints: expected a list of texts, got \"a:1\"\n" +
				"FILE:6:21: monitoring.metrics_interval: \"10\" has no unit (write 10s)\n" +
				"FILE:7:32: monitoring.thresholds.max_error_rate: \"5\" is not within 0 to 1 (write 0.05 for 5%)\n" +
				"etcd-monitor: --api-port: \"0\" is not within 1 to 65535\n",
		},
		{name: "empty", text: "", code: 1, stderr: "FILE:1:1: the file is empty\n"},
		{
			name: "a flag about one of several", text: "clusters: [{name: a, endpoints: [a:1]}]", args: []string{"--endpoints=b:1"}, code: 1,
			stderr: "etcd-monitor: --endpoints: is about one cluster, and FILE lists several under clusters\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, file, c.text)
			for _, form := range [][]string{{"check", "config", file}, {"check", "config", "--config.file=" + file}} {
				code, out, errs := command(t, append(form, c.args...)...)
				out, errs = strings.ReplaceAll(out, file, "FILE"), strings.ReplaceAll(errs, file, "FILE")
				if code != c.code || out != c.stdout || errs != c.stderr {
					t.Errorf("exit %d\n%s%s, want %d\n%s%s", code, out, errs, c.code, c.stdout, c.stderr)
				}
			}
		})
	}
	code, _, errs := command(t, "check", "config", file+".none")
	if code != 1 || errs != file+".none: no such file or directory\n" {
		t.Errorf("no file: exit %d, %s", code, errs)
	}
	if code, _, errs = command(t, "check", "config", file, "--config.file=other"); code != 2 || !strings.Contains(errs, "give one of them") {
		t.Errorf("two files: exit %d, %s", code, errs)
	}
}

// TestCheckConfigPrint: of each value, where it comes from, the strongest first.
func TestCheckConfigPrint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "monitor.yml")
	write(t, file, "etcd:\n  name: mine\n  endpoints: [a:1]\n  auth: {username: u, password: hunter2}\n"+
		"monitoring: {health_check_interval: 20s, metrics_interval: 20s, hash_interval: 1h}\nbackup: {max_age: 24h}\n")
	t.Setenv("ETCD_MONITOR_METRICS_INTERVAL", "30s")
	t.Setenv("ETCD_MONITOR_HEALTH_CHECK_INTERVAL", "30s")
	t.Setenv("ETCD_MONITOR_PROBE_SAMPLES", "") // as good as none
	t.Setenv("ETCDCTL_ENDPOINTS", "c:1")       // the file says which cluster
	code, out, errs := command(t, "check", "config", "--print", "--health-check-interval=40s", file)
	if code != 0 || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	for _, line := range []string{
		`etcd.name: "mine" # ` + file + ":2:9",
		`etcd.endpoints: ["http://a:1"] # ` + file + ":3:14",
		`etcd.auth.password: <secret> # ` + file + ":4:33",
		`etcd.dial_timeout: 5s # default`,
		`monitoring.health_check_interval: 40s # --health-check-interval`,
		`monitoring.metrics_interval: 30s # ETCD_MONITOR_METRICS_INTERVAL`,
		`monitoring.hash_interval: 1h # ` + file + ":5:80",
		`monitoring.probe.samples: 10 # default`,
		`backup.max_age: 1d # ` + file + ":6:19, not active in this version",
	} {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("lacks %s", line)
		}
	}
	if strings.Contains(out, "hunter2") || t.Failed() {
		t.Errorf("printed:\n%s", out)
	}
	t.Setenv("ETCD_MONITOR_CONFIG_FILE", file)
	if _, again, _ := command(t, "check", "config", "--print", "--health-check-interval=40s"); again != out {
		t.Errorf("with the file in a variable:\n%s", again)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	next := file + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}
