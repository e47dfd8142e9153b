package collector

import (
	"context"
	commandline "flag"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

var update = commandline.Bool("update", false, "rewrite the golden files and docs/metrics.md")

// scenario is a state of the world, and what a scrape of it must be: the file of
// that name in testdata.
type scenario struct {
	name   string
	views  []View
	probes *Probes // nil for none
}

func scenarios() []scenario {
	list := []cluster.ListedMember{m1, m2, m3}
	return []scenario{
		{"healthy", []View{observed("prod", list, served(m1), served(m2), ofOldEtcd(served(m3))).withHistory().withDigest().withAdvertised()}, someProbes()},
		{"one_killed", []View{observed("prod", list, served(m1), served(m2), gone(m3))}, nil},
		{"quorum_lost", []View{observed("prod", list, leaderless(m1), gone(m2), failed(m3, cluster.ReasonTimeout, 5*time.Second))}, nil},
		{"unreachable", []View{observed("prod", list, gone(m1), gone(m2), failed(m3, cluster.ReasonDNS, time.Millisecond))}, nil},
		{"hostile", []View{hostile()}, nil},
		{"two_clusters", []View{
			observed("west", list, served(m1), served(m2), served(m3)).found(false, map[string]string{"env": "prod", "team": "db"}),
			observed("east", list, served(m1), served(m2), ofAnotherCluster(served(m3))).found(true, map[string]string{"env": "test\"\xff"}),
		}, nil},
	}
}

// found is a cluster with labels whose endpoints were found in a file.
func (v View) found(ok bool, labels map[string]string) View {
	v.Labels, v.Discovery = labels, &Discovery{Source: "file", OK: ok, Endpoints: 3}
	return v
}

func someProbes() *Probes {
	p := NewProbes()
	for _, took := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 30 * time.Millisecond, 400 * time.Millisecond} {
		p.Observe("prod", "m1", "read_linearizable", took)
	}
	p.Observe("prod", "m2", "read_serializable", 300*time.Microsecond)
	p.Fail("prod", "m2", "read_serializable", cluster.ReasonUnreachable)
	return p
}

// ofOldEtcd does not tell its quota.
func ofOldEtcd(a answer) answer {
	return a.status(func(st *cluster.Status) {
		st.Version, st.StorageVersion = "3.5.35", ""
		st.Quota, st.DowngradeEnabled = cluster.Opt[float64]{}, cluster.Opt[bool]{}
	})
}

func ofAnotherCluster(a answer) answer {
	a.Last.Cluster, a.Read.From.Cluster = 0xbad, 0xbad
	return a.status(func(st *cluster.Status) { st.ClusterID = 0xbad })
}

// TestExposition compares what an HTTP client gets, byte for byte. After a
// change that is meant, `go test ./collector -update` rewrites the files.
func TestExposition(t *testing.T) {
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", sc.name+".prom"), steady(sc.scrape(t)))
		})
	}
}

func TestEveryGoldenFileIsCompared(t *testing.T) {
	files, err := filepath.Glob("testdata/*.prom")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(scenarios()) {
		t.Errorf("there are %d scenarios and %d files: %v", len(scenarios()), len(files), files)
	}
	for _, sc := range scenarios() {
		if !slices.Contains(files, filepath.Join("testdata", sc.name+".prom")) {
			t.Errorf("%s has no file", sc.name)
		}
	}
}

// scrape asks an exporter with every collector on for that state.
func (sc scenario) scrape(t *testing.T) string {
	t.Helper()
	resp, body := get(t, sc.handler(t), nil)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %s: %s", resp.Status, body)
	}
	return body
}

func (sc scenario) exporter(t *testing.T) *Exporter {
	t.Helper()
	on := map[string]bool{}
	for _, i := range Infos() {
		on[i.Name] = true
	}
	e, err := New(Options{Collectors: on, Probes: sc.probes})
	if err != nil {
		t.Fatal(err)
	}
	e.Reloaded(true, roundStart)
	return e
}

func (sc scenario) handler(t *testing.T) http.Handler {
	t.Helper()
	return sc.exporter(t).Handler(HandlerOptions{Source: func(context.Context) []View { return sc.views }})
}

// get asks a handler through a server of its own.
func get(t *testing.T, h http.Handler, header http.Header) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// golden compares with a file, or with -update writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s: line %d is\n%s\nand should be\n%s\n(-update accepts all that has changed)",
				path, i+1, line(g, i), line(w, i))
		}
	}
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return "(the end)"
	}
	return lines[i]
}

// unsteady are families whose value is another one in every run, or with every
// Go release: those of client_golang's own collectors, what was built, and how
// long a collector took. All else is compared.
func unsteady(family string) bool {
	return strings.HasPrefix(family, "go_") || strings.HasPrefix(family, "process_") ||
		family == buildInfo.name || family == collectorDuration.name
}

// steady is the exposition without unsteady families.
func steady(text string) string {
	var kept strings.Builder
	skip := false
	for l := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(l, "# HELP "); ok {
			name, _, _ = strings.Cut(name, " ")
			skip = unsteady(name)
		}
		if !skip {
			kept.WriteString(l)
		}
	}
	return kept.String()
}
