package rules_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what is written from the rules")

// golden compares a file that is written from code with what the code says now.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, file); got != want {
		t.Errorf("%s is not what the code says now: make golden, and read the diff", file)
	}
}

// promtool runs the pinned one, which `make tools` has built, and must find nothing.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := runPromtool(t, args...); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// runPromtool gives what it prints, and an error where it finds something.
func runPromtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	find := exec.CommandContext(t.Context(), "../tools/build.sh", "-n", "promtool")
	path, err := find.Output()
	if err != nil {
		t.Fatalf("promtool is not there, run `make tools`: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), strings.TrimSpace(string(path)), args...).CombinedOutput()
	return string(out), err
}

// ruleFiles are both files of rules.
var ruleFiles = []string{"etcd-monitor.rules.yml", "etcd-native.rules.yml"}

func TestRulesLint(t *testing.T) {
	t.Parallel()
	promtool(t, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, ruleFiles...)...)
}

// unitTests are the files below tests/ that fit a pattern.
func unitTests(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob("tests/" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("tests/%s: %d files, %v", pattern, len(files), err)
	}
	return files
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, file := range unitTests(t, "*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			promtool(t, "test", "rules", file)
		})
	}
}

// TestRulesInOtherLayouts runs the tests of the exporter's rules with the labels
// that a Prometheus in Kubernetes puts on everything, a job shared by all, and two
// exporters. The same alerts come, with the same labels, once.
func TestRulesInOtherLayouts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tests"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, name := range ruleFiles {
		write(name, read(t, name))
	}
	changed := 0
	for _, file := range unitTests(t, "exporter_*.yml") {
		text, n := inKubernetes(read(t, file))
		changed += n
		path := write(file, text)
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			promtool(t, "test", "rules", path)
		})
	}
	if changed < 300 {
		t.Errorf("only %d series have other labels: the test is about nothing", changed)
	}
}

// inKubernetes gives each series of a file of tests the labels of a pod, and adds
// those of a second exporter that sees the same. Tests that are about exporters
// have as many as they name.
func inKubernetes(text string) (out string, changed int) {
	pod := func(n string) string {
		return fmt.Sprintf(`instance="10.0.0.%s:8080",job="kubernetes-pods",namespace="monitoring",pod="etcd-monitor-%s",prometheus="monitoring/k8s"`, n, n)
	}
	tests := strings.Split(text, "\n  - name:")
	for i, test := range tests {
		if strings.Contains(test, "EtcdMonitorDown") {
			continue
		}
		alone := !strings.Contains(test, "b:8080")
		var lines []string
		for line := range strings.Lines(test) {
			first := strings.NewReplacer(scraped, pod("1"), strings.Replace(scraped, "a:", "b:", 1), pod("2")).Replace(line)
			lines = append(lines, first)
			if first != line {
				changed++
				if alone {
					lines = append(lines, strings.Replace(line, scraped, pod("2"), 1))
				}
			}
		}
		tests[i] = strings.Join(lines, "")
	}
	return strings.Join(tests, "\n  - name:"), changed
}
