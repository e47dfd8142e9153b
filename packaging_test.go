package etcdmonitor_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// build.ps1 does what make does, by the same names.
func TestWindowsBuildHasItsPart(t *testing.T) {
	script := read(t, "build.ps1")
	targets := read(t, "Makefile") + read(t, "deploy/packaging.mk")
	list := regexp.MustCompile(`(?s)\[ValidateSet\((.*?)\)\]`).FindStringSubmatch(script)
	if list == nil {
		t.Fatal("build.ps1 lists no commands")
	}
	commands := regexp.MustCompile(`'([a-z-]+)'`).FindAllStringSubmatch(list[1], -1)
	if len(commands) != 11 {
		t.Errorf("%d commands in build.ps1", len(commands))
	}
	for _, c := range commands {
		if !regexp.MustCompile(`(?m)^    '` + c[1] + `' \{`).MatchString(script) {
			t.Errorf("build.ps1 does nothing for %s", c[1])
		}
		if !regexp.MustCompile(`(?m)^`+c[1]+`:`).MatchString(targets) && !strings.Contains(targets, " "+c[1]+":") {
			t.Errorf("make has no %s", c[1])
		}
	}
}

// What is linked is listed, in the version that is linked.
func TestDependenciesAreListed(t *testing.T) {
	listed := read(t, "docs/dependencies.md")
	for line := range strings.Lines(string(goList(t, "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./cmd/etcd-monitor"))) {
		path, version, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !regexp.MustCompile(`(?m)^\| `+regexp.QuoteMeta(path)+`(/\S*)? \| `+regexp.QuoteMeta(version)+` \|`).MatchString(listed) {
			t.Errorf("%s %s is linked and not in docs/dependencies.md (make licenses)", path, version)
		}
	}
}

// The manifest runs the version of this tree, with flags that there are, and
// asks for routes that there are.
func TestKubernetesManifest(t *testing.T) {
	text := read(t, "deploy/kubernetes/etcd-monitor.yaml")
	if want := "/etcd-monitor:" + strings.TrimSpace(read(t, "VERSION")) + "\n"; !strings.Contains(text, want) {
		t.Errorf("the image is not %s", want)
	}
	flags, routes := source(t, "cmd/etcd-monitor")+source(t, "internal/config"), source(t, "internal/app")
	args := regexp.MustCompile(`(?m)^\s+- --([a-z.-]+)=`).FindAllStringSubmatch(text, -1)
	probes := regexp.MustCompile(`path: (/-/[a-z]+)`).FindAllStringSubmatch(text, -1)
	if len(args) < 4 || len(probes) != 2 {
		t.Errorf("%d flags, %d probes", len(args), len(probes))
	}
	for _, m := range args {
		if !strings.Contains(flags, `"`+m[1]+`"`) {
			t.Errorf("there is no --%s", m[1])
		}
	}
	for _, m := range probes {
		if !strings.Contains(routes, m[1]+`"`) {
			t.Errorf("there is no route %s", m[1])
		}
	}
}
