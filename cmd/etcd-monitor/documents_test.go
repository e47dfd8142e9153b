package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

const repo = "../.."

// block is a fenced block of a document.
type block struct {
	where, language, text string
}

// TestCommandsOfDocuments runs what the documents tell people to run: blocks of
// the language sh, in order, in a directory that looks like the checkout, beside
// a real cluster and the exporter that watches it. What a test cannot have
// (another host, docker, openssl) stands in blocks of the language text.
func TestCommandsOfDocuments(t *testing.T) {
	blocks := documentBlocks(t)
	e := etcdtest.New(t, etcdtest.Options{Members: 3})
	d := newDesk(t, e)
	ran, prometheus := 0, 0
	for _, b := range blocks {
		switch b.language {
		case "sh":
			ran++
			t.Run(b.where, func(t *testing.T) { d.run(t, b.text) })
		case "yaml":
			if strings.Contains(b.text, "scrape_configs:") || strings.Contains(b.text, "rule_files:") {
				prometheus++
				t.Run(b.where, func(t *testing.T) { checkPrometheus(t, b.text) })
			}
		case "text", "console", "json", "promql", "mermaid", "go", "ini", "alloy", "sql":
		default:
			t.Errorf("%s: a block of the language %q: sh is run, text and console are not", b.where, b.language)
		}
	}
	if ran == 0 || prometheus == 0 {
		t.Errorf("%d commands and %d configurations of Prometheus in the documents", ran, prometheus)
	}
}

// checkPrometheus has promtool look at a configuration, with our rules beside it.
func checkPrometheus(t *testing.T, text string) {
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etcd-monitor.rules.yml", "etcd-native.rules.yml"} {
		rules, err := filepath.Abs(filepath.Join(repo, "rules", name))
		if err == nil {
			err = os.Symlink(rules, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), alerttest.Tool(t, "promtool"), "check", "config", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// documentBlocks are the fenced blocks of README and docs/. Runbooks are not
// among them: their commands are for clusters that are broken.
func documentBlocks(t *testing.T) []block {
	t.Helper()
	names, err := filepath.Glob(repo + "/docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	var blocks []block
	for _, name := range append(names, repo+"/README.md", repo+"/CONTRIBUTING.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var open *block
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			fence, ok := strings.CutPrefix(strings.TrimSpace(line), "```")
			switch {
			case ok && open == nil:
				open = &block{where: fmt.Sprintf("%s:%d", filepath.Base(name), n), language: fence}
			case ok:
				blocks = append(blocks, *open)
				open = nil
			case open != nil:
				open.text += line
			case strings.HasPrefix(line, "    ") && !strings.HasPrefix(strings.TrimSpace(line), "*"):
				t.Errorf("%s:%d: code by indentation is not run: use a fence with a language", filepath.Base(name), n)
			}
		}
		if open != nil {
			t.Errorf("%s: not closed", open.where)
		}
	}
	return blocks
}

// desk is where commands are run.
type desk struct {
	dir     string
	replace *strings.Replacer
	env     []string
}

func newDesk(t *testing.T, e *etcdtest.Cluster) *desk {
	t.Helper()
	d := &desk{dir: t.TempDir()}
	entries, err := os.ReadDir(repo)
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repo)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if n := entry.Name(); n != "bin" && n != ".git" {
			if err := os.Symlink(filepath.Join(root, n), filepath.Join(d.dir, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	binary := filepath.Join(d.dir, "bin", "etcd-monitor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	members := strings.Join(e.Endpoints(), ",")
	address := freeport.For(t)
	d.env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	d.replace = strings.NewReplacer(
		"localhost:2379", strings.TrimPrefix(e.Endpoints()[0], "http://"),
		"http://localhost:8080", "http://"+address, "localhost:8080", address,
		"https://10.0.0.1:2379,https://10.0.0.2:2379,https://10.0.0.3:2379", members)
	d.serve(t, binary, members, address)
	return d
}

// serve runs the exporter until the test ends.
func (d *desk) serve(t *testing.T, binary, members, address string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "--endpoints="+members, "--web.listen-address="+address)
	cmd.Env, cmd.Dir = d.env, d.dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	etcdtest.Eventually(t, 20*time.Second, "the exporter to listen", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// run gives the commands to a shell that stops at the first that fails.
func (d *desk) run(t *testing.T, commands string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", d.replace.Replace(commands))
	cmd.Dir, cmd.Env = d.dir, d.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\nsaid:\n%s", err, commands, out)
	}
}
