package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// tool is the path of a pinned tool, built if need be.
func tool(t *testing.T, name string) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "../../tools/build.sh", name)
	var errs bytes.Buffer
	build.Stderr = &errs
	out, err := build.Output()
	if err != nil {
		t.Fatalf("tools/build.sh %s: %v\n%s", name, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// prometheus is a real server that runs one of the shipped examples.
type prometheus struct {
	t   *testing.T
	url string
}

// runPrometheus starts a server on an example, with our address in place of the
// example's and a shorter interval.
func runPrometheus(t *testing.T, example, address string) *prometheus {
	t.Helper()
	return servePrometheus(t, adapt(t, example, address, "1s"))
}

// adapt gives an example with our address, our rules and another interval.
func adapt(t *testing.T, example, address, interval string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy/prometheus", example))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs("../../rules")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("etcd-monitor:8080", address, "/etc/prometheus/rules", rules, "scrape_interval: 15s", "scrape_interval: "+interval,
		"scrape_timeout: 10s", "scrape_timeout: "+interval, "refresh_interval: 30s", "refresh_interval: "+interval).Replace(string(text))
}

// servePrometheus starts a server with a configuration and stops it with the test.
func servePrometheus(t *testing.T, config string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool(t, "promtool"), "check", "config", file).CombinedOutput(); err != nil {
		t.Fatalf("promtool check config: %v\n%s", err, out)
	}
	listen := freeport.For(t)
	daemon(t, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+listen, "--log.level=error")
	return &prometheus{t, "http://" + listen}
}

// daemon runs a pinned tool until the end of the test, and shows what it said if
// the test failed.
func daemon(t *testing.T, name string, args ...string) {
	t.Helper()
	// Not bound to the test's context: it is stopped in good order, in Cleanup.
	cmd := exec.Command(tool(t, name), args...)
	var logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &logs, &logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", name, logs.String())
		}
	})
}

// query is the value of each series by its labels' values joined.
func (p *prometheus) query(expr string, labels ...string) map[string]string {
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(expr), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // not up yet
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil
	}
	got := map[string]string{}
	for _, r := range answer.Data.Result {
		var key []string
		for _, l := range labels {
			key = append(key, r.Metric[l])
		}
		got[strings.Join(key, " ")] = fmt.Sprint(r.Value[1])
	}
	return got
}

// await waits until a query gives just that.
func (p *prometheus) await(expr string, want map[string]string, labels ...string) {
	p.t.Helper()
	var got map[string]string
	etcdtest.Eventually(p.t, 40*time.Second, fmt.Sprintf("%s to be %v", expr, want), func() bool {
		got = p.query(expr, labels...)
		return fmt.Sprint(got) == fmt.Sprint(want)
	})
}

// TestShippedScrapeConfigurations runs each example under a real Prometheus.
func TestShippedScrapeConfigurations(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, e.Endpoints()[:1], func(o *Options) { o.Watch.Probe.Enabled, o.Watch.Digest = true, true })
	etcdtest.Eventually(t, 20*time.Second, "readiness", func() bool { code, _, _ := s.get("/-/ready"); return code == 200 })
	address := strings.TrimPrefix(s.url, "http://")

	_, exposition, _ := s.get("/metrics")
	check := exec.CommandContext(t.Context(), tool(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(exposition)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}

	only := runPrometheus(t, "exporter.yml", address)
	members := runPrometheus(t, "members.yml", address)
	pair := runPrometheus(t, "ha.yml", address)
	only.await("up", map[string]string{"etcd-monitor": "1"}, "job")
	only.await("etcd_monitor_cluster_has_quorum", map[string]string{"test": "1"}, "cluster")
	only.await("etcd_monitor_member_up", map[string]string{"test m0": "1", "test m1": "1", "test m2": "1"}, "cluster", "member")
	only.await(`histogram_count(etcd_monitor_probe_duration_seconds) > bool 0 or count by (cluster) (etcd_monitor_probe_duration_seconds_count > 0) > bool 0`,
		map[string]string{"test": "1"}, "cluster")
	for _, p := range []*prometheus{members, pair} {
		p.await(`up{via="proxy"}`, map[string]string{"test/m0": "1", "test/m1": "1", "test/m2": "1"}, "instance")
		p.await("etcd_server_has_leader", map[string]string{"test m0": "1", "test m1": "1", "test m2": "1"}, "cluster", "member")
		p.await("etcd_monitor_cluster_has_quorum", map[string]string{"test": "1"}, "cluster")
	}
	etcdtest.OK(t, e.Member(2).Kill())
	members.await(`up{via="proxy"}`, map[string]string{"test/m0": "1", "test/m1": "1", "test/m2": "0"}, "instance")
	members.await("etcd_monitor_member_up", map[string]string{"m0": "1", "m1": "1", "m2": "0"}, "member")
}
