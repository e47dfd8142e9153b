package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

const root = "../.."

// prometheus is a real server with the shipped rules.
type prometheus struct {
	t   testing.TB
	cmd *exec.Cmd
	dir string
	url string

	lost atomic.Bool // no targets are told
}

// startPrometheus scrapes the exporters, and through the first of them the
// members.
func startPrometheus(t testing.TB, exporters []string) *prometheus {
	t.Helper()
	p := &prometheus{t: t, dir: t.TempDir()}
	for _, name := range []string{"etcd-monitor.rules.yml", "etcd-native.rules.yml"} {
		text, err := os.ReadFile(filepath.Join(root, "rules", name))
		if err != nil {
			t.Fatal(err)
		}
		p.write(name, rescale(t, string(text)))
	}
	p.configure(p.serveTargets(exporters))
	listen := freeport.For(t)
	p.url = "http://" + listen
	var logs bytes.Buffer
	p.cmd = exec.Command(tool(t, "prometheus"), "--config.file="+filepath.Join(p.dir, "prometheus.yml"), //nolint:noctx // stopped in good order below
		"--storage.tsdb.path="+filepath.Join(p.dir, "data"), "--web.listen-address="+listen, "--log.level=warn")
	p.cmd.Stdout, p.cmd.Stderr = &logs, &logs
	etcdtest.OK(t, etcdtest.StartCommand(p.cmd))
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("prometheus: %s", logs.String())
		}
	})
	return p
}

func (p *prometheus) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// configure writes the configuration. Targets come from service discovery: if
// Prometheus is told that there are none it knows that series end, which a
// configuration without the job does not tell it.
func (p *prometheus) configure(discovery string) {
	p.t.Helper()
	p.write("prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: ["*.rules.yml"]
scrape_configs:
  - job_name: etcd-monitor
    honor_labels: true
    http_sd_configs: [{url: "%[2]s/exporters", refresh_interval: 1s}]
  - job_name: etcd
    http_sd_configs: [{url: "%[2]s/members", refresh_interval: %[1]s}]
`, interval, discovery))
}

// serveTargets answers Prometheus: the exporters, and what the first of them
// says of the members.
func (p *prometheus) serveTargets(exporters []string) string {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/exporters", func(w http.ResponseWriter, _ *http.Request) {
		if p.lost.Load() {
			answer(w, []any{})
			return
		}
		answer(w, []map[string]any{{"targets": exporters}})
	})
	mux.HandleFunc("/members", func(w http.ResponseWriter, r *http.Request) {
		var list []any
		if !p.lost.Load() {
			if err := getJSON(r.Context(), "http://"+exporters[0]+"/sd", &list); err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway) // Prometheus keeps what it knows
				return
			}
		}
		answer(w, append([]any{}, list...))
	})
	server := httptest.NewServer(mux)
	p.t.Cleanup(server.Close)
	return server.URL
}

// alert is one that waits or fires.
type alert struct {
	Labels map[string]string `json:"labels"`
	State  string            `json:"state"` // pending, firing
}

// name is the alert's name with its severity.
func (a alert) name() string { return a.Labels["alertname"] + "/" + a.Labels["severity"] }

func (p *prometheus) alerts(ctx context.Context) ([]alert, error) {
	var answer struct {
		Data struct{ Alerts []alert }
	}
	err := getJSON(ctx, p.url+"/api/v1/alerts", &answer)
	return answer.Data.Alerts, err
}

// unhealthy are the rules whose evaluation fails, and why.
func (p *prometheus) unhealthy(ctx context.Context) ([]string, error) {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := getJSON(ctx, p.url+"/api/v1/rules", &answer); err != nil {
		return nil, err
	}
	var bad []string
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if r.Health == "err" {
				bad = append(bad, r.Name+": "+r.LastError)
			}
		}
	}
	return bad, nil
}

func getJSON(ctx context.Context, url string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

var tools sync.Mutex // held while one is built

// tool is the path of a pinned tool, built if need be.
func tool(t testing.TB, name string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	build := exec.CommandContext(t.Context(), root+"/tools/build.sh", name)
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		t.Fatalf("tools/build.sh %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
