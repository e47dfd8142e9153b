package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
)

func TestRenderDashboards(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	code, out, errs := command(t, "render", "dashboards", "--out="+dir, "--runbook-base-url=https://wiki.example/etcd")
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	for _, name := range []string{"benchmark", "cluster", "fleet", "member", "native"} {
		file := filepath.Join(dir, name+".json")
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(out, file+"\n") {
			t.Errorf("%v; told:\n%s", err, out)
		}
		if strings.Contains(string(text), dashboards.RunbookBaseURL) || !strings.Contains(string(text), `"https://wiki.example/etcd/`) {
			t.Errorf("%s leads to other runbooks", name)
		}
	}
	code, out, _ = command(t, "render", "dashboards", "fleet")
	if want, err := dashboards.JSON("fleet", ""); err != nil || code != 0 || out != string(want) {
		t.Errorf("exit %d, %v, %d bytes of %d", code, err, len(out), len(want))
	}
}

func TestRenderDashboardsRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "benchmark, cluster, fleet, member, native, or --out DIR"},
		{[]string{"none"}, 2, `no dashboard "none"`},
		{[]string{"../dashboards"}, 2, "no dashboard"},
		{[]string{"fleet", "--out=" + file}, 2, "one of them"},
		{[]string{"--out=" + file}, 1, file},
	} {
		code, out, errs := command(t, append([]string{"render", "dashboards"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d: %s%s", c.args, code, out, errs)
		}
	}
}
