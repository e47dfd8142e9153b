//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestMain lets a test start this binary as the program, or as a member of etcd.
func TestMain(m *testing.M) {
	etcdtest.Main()
	if os.Getenv("RUN_AS_PROGRAM") != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// process is the program, running.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *buffer // what it prints
	url  string
	done chan error
}

// program starts the program and waits until it listens.
func program(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, log: &buffer{}, done: make(chan error, 1)}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(exe, args...) //nolint:noctx // ended by the test
	p.cmd.Env = []string{"RUN_AS_PROGRAM=1", "PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + t.TempDir()}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program printed\n%s", p.log)
		}
	})
	p.url = listening(t, p.log)
	return p
}

var listeningAt = regexp.MustCompile(`msg=listening address=(\S+)|"address":"([^"]+)"[^\n]*"msg":"listening"`)

// listening waits for the log to say where.
func listening(t *testing.T, log *buffer) string {
	t.Helper()
	url := ""
	await(t, "the log to say where it listens", func() bool {
		if m := listeningAt.FindStringSubmatch(log.String()); m != nil {
			url = "http://" + m[1] + m[2]
		}
		return url != ""
	})
	return url
}

// end stops the program and checks that it ends in good order.
func (p *process) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := <-p.done; err != nil {
		p.t.Errorf("ended with %v:\n%s", err, p.log)
	}
}

// reload asks for one, over HTTP.
func reload(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/-/reload", nil)
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

// monitorFile is a configuration with clusters that nobody answers for.
func monitorFile(latency int, names ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "api: {host: 127.0.0.1}\nmonitoring:\n  thresholds: {max_latency_ms: %d}\nclusters:\n", latency)
	for _, n := range names {
		fmt.Fprintf(&b, "  - {name: %s, endpoints: ['127.0.0.1:1']}\n", n)
	}
	return b.String()
}

// contains checks what the exposition has and has not.
func contains(t *testing.T, text string, lines, not []string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l) {
			t.Errorf("lacks %s", l)
		}
	}
	for _, l := range not {
		if strings.Contains(text, l) {
			t.Errorf("has %s", l)
		}
	}
}

// TestReload takes the program through what an operator does: a good file, a
// better one, a broken one, and a good one again, by signal and over HTTP.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "monitor.yml")
	write(t, file, monitorFile(50, "east", "west"))
	p := program(t, "--config.file="+file, "--web.listen-address=127.0.0.1:0", "--max-leader-changes=7")
	metrics := func() string { _, text := get(t, p.url+"/metrics"); return text }
	contains(t, metrics(), []string{
		`etcd_monitor_cluster_up{cluster="east"} 0`, `etcd_monitor_cluster_up{cluster="west"} 0`,
		`etcd_monitor_threshold{cluster="west",name="max_latency_seconds"} 0.05`,
		`etcd_monitor_threshold{cluster="west",name="max_leader_changes_per_hour"} 7`,
		"etcd_monitor_config_last_reload_successful 1",
	}, nil)

	write(t, file, monitorFile(20, "north", "west")+"logging: {level: debug, format: json}\n")
	p.signal(syscall.SIGHUP)
	await(t, "the new configuration", func() bool { return strings.Contains(p.log.String(), "configuration loaded") })
	contains(t, metrics(), []string{
		`etcd_monitor_cluster_up{cluster="north"} 0`, `etcd_monitor_cluster_up{cluster="west"} 0`,
		`etcd_monitor_threshold{cluster="west",name="max_latency_seconds"} 0.02`,
		`etcd_monitor_threshold{cluster="west",name="max_leader_changes_per_hour"} 7`,
	}, []string{`cluster="east"`})
	contains(t, p.log.String(), []string{
		`changed keys count from the next start on" keys=logging.format`,
		"msg=setting key=monitoring.thresholds.max_latency_ms value=20 origin=" + file + ":3:",
		"key=monitoring.thresholds.max_leader_changes_per_hour value=7 origin=--max-leader-changes",
	}, nil)

	write(t, file, monitorFile(20, "north", "north")+"loging: {}\n")
	p.signal(syscall.SIGHUP)
	await(t, "the failure", func() bool { return strings.Contains(p.log.String(), "reload failed") })
	code, why := reload(t, p.url)
	if want := file + ":6:12: clusters[1].name: another cluster is named \"north\" (at line 5)\n" +
		file + ":7:1: loging: unknown key (did you mean \"logging\"?)\n"; code != http.StatusInternalServerError || why != want {
		t.Errorf("reload of a broken file: %d %s, want 500 %s", code, why, want)
	}
	contains(t, metrics(), []string{
		"etcd_monitor_config_last_reload_successful 0",
		`etcd_monitor_cluster_up{cluster="north"} 0`, `etcd_monitor_cluster_up{cluster="west"} 0`,
	}, nil)

	for text, want := range map[string]string{
		"": "1:1: the file is empty", monitorFile(20, "north")[:60]: " no YAML: ", strings.Repeat("- *a\n", 200_000): " entries: more than 50000",
	} {
		write(t, file, text)
		if code, why = reload(t, p.url); code != http.StatusInternalServerError || !strings.Contains(why, want) {
			t.Errorf("reload of %.30q: %d %s, want 500 with %s", text, code, why, want)
		}
	}
	contains(t, metrics(), []string{"etcd_monitor_config_last_reload_successful 0", `etcd_monitor_cluster_up{cluster="north"} 0`}, nil)

	write(t, file, monitorFile(20, "south"))
	if code, why = reload(t, p.url); code != http.StatusOK {
		t.Errorf("reload of a good file: %d %s", code, why)
	}
	contains(t, metrics(), []string{
		"etcd_monitor_config_last_reload_successful 1", `etcd_monitor_cluster_up{cluster="south"} 0`,
	}, []string{`cluster="north"`, `cluster="west"`})
	p.end()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// TestSignalWithoutFile: there is nothing to load, and that is no reason to end.
func TestSignalWithoutFile(t *testing.T) {
	p := program(t, "--endpoints=127.0.0.1:1", "--web.listen-address=127.0.0.1:0")
	p.signal(syscall.SIGHUP)
	await(t, "the answer to the signal", func() bool { return strings.Contains(p.log.String(), "there is no configuration file to load") })
	code, why := reload(t, p.url)
	if code != http.StatusInternalServerError || !strings.Contains(why, "no configuration file") {
		t.Errorf("reload without a file: %d %s", code, why)
	}
	if _, text := get(t, p.url+"/metrics"); !strings.Contains(text, "etcd_monitor_config_last_reload_successful 1") {
		t.Error("what cannot be done has failed")
	}
	p.end()
}
