package etcdmonitor_test

import (
	"slices"
	"strings"
	"testing"
)

// whole is a module that keeps the law: every package that must exist.
func whole() []listed {
	var all []listed
	for _, l := range layers {
		for _, name := range l.packages {
			if !strings.HasPrefix(name, "planned:") {
				all = append(all, listed{ImportPath: strings.TrimSuffix(module+"/"+name, "/.")})
			}
		}
	}
	return all
}

// importing adds to the package name of a whole module.
func importing(name string, add listed) []listed {
	all := whole()
	i := slices.IndexFunc(all, func(p listed) bool { return p.ImportPath == module+"/"+name })
	if i < 0 {
		i, all = len(all), append(all, listed{ImportPath: module + "/" + name})
	}
	add.ImportPath = all[i].ImportPath
	all[i] = add
	return all
}

func TestLawIsEnforced(t *testing.T) {
	ours := func(names ...string) []string {
		for i := range names {
			names[i] = module + "/" + names[i]
		}
		return names
	}
	for _, tt := range []struct {
		name     string
		packages []listed
		want     string // "": no breach
	}{
		{"whole", whole(), ""},
		{"down", importing("collector", listed{Imports: ours("internal/etcd", "internal/cluster")}), ""},
		{"up", importing("internal/etcd", listed{Imports: ours("collector")}), "never sideways"},
		{"sideways", importing("internal/ops", listed{Imports: ours("collector")}), "never sideways"},
		{"words sideways", importing("internal/config", listed{Imports: ours("internal/cluster")}), "never sideways"},
		{"child to parent", importing("internal/history/postgres", listed{Imports: ours("internal/history")}), ""},
		{"parent to child", importing("internal/history", listed{Imports: ours("internal/history/postgres")}), "never sideways"},
		{"up in a test", importing("internal/etcd", listed{XTestImports: ours("internal/app")}), "never sideways"},
		{"own package in a test", importing("collector", listed{XTestImports: ours("collector", "internal/etcdtest")}), ""},
		{"test side in the product", importing("internal/app", listed{Imports: ours("internal/etcdtest")}), "outside its tests"},
		{"test side in a test program", importing("tools/run", listed{Imports: ours("internal/etcdtest", "internal/app")}), ""},
		{"unknown package", importing("internal/helper", listed{}), "in no row"},
		{"missing package", whole()[1:], "no such package"},
		{"library of another", importing("internal/app", listed{Imports: []string{"github.com/alecthomas/kingpin/v2"}}), "which is for cmd/etcd-monitor"},
		{"library of its own", importing("cmd/etcd-monitor", listed{Imports: []string{"github.com/alecthomas/kingpin/v2"}}), ""},
		{"zap", importing("internal/etcd", listed{Imports: []string{"go.uber.org/zap/zapcore"}}), "logging.Zap"},
		{"etcd client", importing("internal/api", listed{Imports: []string{"go.etcd.io/etcd/client/v3"}}), "internal/etcd"},
		{"longest row", importing("rules", listed{Imports: []string{"github.com/prometheus/alertmanager/api/v2/client"}}), "internal/api"},
		{"rest of the longest row", importing("rules", listed{Imports: []string{"github.com/prometheus/alertmanager/config"}}), ""},
		{"metric families", importing("internal/app", listed{Imports: []string{"github.com/prometheus/client_model/go"}}), "collector"},
		{"exposition format", importing("internal/app", listed{Imports: []string{"github.com/prometheus/common/expfmt"}}), "collector"},
		{"exposition format in a test", importing("internal/app", listed{TestImports: []string{"github.com/prometheus/common/expfmt"}}), ""},
		{"not a prefix", importing("internal/ops", listed{Imports: []string{"golang.org/x/net/http2x"}}), ""},
		{"library in a test", importing("internal/ops", listed{TestImports: []string{"github.com/prometheus/client_golang/prometheus"}}), ""},
		{"server in a test", importing("internal/etcd", listed{TestImports: []string{"go.etcd.io/etcd/server/v3/embed"}}), "internal/etcdtest"},
		{"server on the test side", importing("internal/etcdtest", listed{Imports: []string{"go.etcd.io/etcd/server/v3/embed"}}), ""},
		{"pure", importing("internal/cluster", listed{Imports: []string{"sort", "golang.org/x/sync/errgroup"}}), "standard library"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := broken(tt.packages)
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("breaches %q, want none", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("breaches %q, want one with %q", got, tt.want)
			}
		})
	}
}
