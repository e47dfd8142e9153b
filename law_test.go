package etcdmonitor_test

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/etcd-monitor/etcd-monitor"

// layers is the import law, lowest first: a package imports packages of lower
// layers only, never of its own. A package below another one's directory
// belongs to it and may import it. A name with "planned:" may be missing yet.
var layers = []struct {
	name     string
	packages []string
}{
	{"words", []string{"docs", "internal/cluster", "internal/config", "internal/logging", "planned:api/etcd/v1alpha1"}},
	{"drivers", []string{
		"internal/etcd", "internal/history", "planned:internal/history/postgres",
		"internal/discover", "planned:internal/discover/kube",
	}},
	{"features", []string{
		"collector", "benchmark", "benchmark/h2", "rules", "dashboards", "planned:internal/ops", "internal/alert",
	}},
	{"faces", []string{"planned:internal/remedy", "planned:internal/api"}},
	{"app", []string{"internal/app"}},
	{"cmd", []string{"cmd/etcd-monitor"}},
	{"module root", []string{"."}},
	{testSide, []string{"internal/freeport"}},
	{testSide, []string{"internal/etcdtest", "internal/etcdtest/fake", "internal/alerttest", "internal/grafanatest"}},
	{"grounds of test programs", []string{"tools/local"}},
	{"test programs", []string{"planned:tools/run", "tools/demo", "tools/faults", "tools/benchcompare", "tools/pictures", "tools/mutate"}},
	{"generators", []string{"tools/dashboards"}},
}

// testSide is the layer that no package of the product imports, except in its
// tests: it brings etcd's server with it.
const testSide = "test side"

// pure lists packages that import nothing but the standard library.
var pure = []string{"internal/cluster"}

// owner says who may import a library, named by a prefix of import paths; of
// several that fit, the longest counts. Tests may import what they like, except
// where tests is set.
type owner struct {
	library, packages string
	instead           string // what everybody else does
	tests             bool   // the row binds tests too
}

var owners = []owner{
	{library: "github.com/go-kit/log", packages: "internal/logging", instead: "log/slog"},
	{library: "github.com/tjhop/slog-gokit", packages: "internal/logging", instead: "log/slog"},
	{library: "go.uber.org/zap", packages: "internal/logging internal/etcdtest", instead: "a *slog.Logger and logging.Zap"},
	{library: "github.com/alecthomas/kingpin", packages: "cmd/etcd-monitor", instead: "an options struct"},
	{library: "go.etcd.io/etcd/client", packages: "internal/etcd internal/ops benchmark internal/etcdtest", instead: "what internal/etcd or internal/ops offers"},
	{library: "go.etcd.io/etcd/api", packages: "internal/etcd internal/ops benchmark internal/etcdtest internal/etcdtest/fake", instead: "the words of internal/cluster"},
	{library: "go.etcd.io/etcd/server", packages: "internal/etcdtest", instead: "internal/etcdtest, in tests", tests: true},
	{library: "github.com/prometheus/client_golang", packages: "collector benchmark internal/api internal/app", instead: "values that collector exports"},
	{library: "github.com/prometheus/common", packages: "benchmark rules internal/app cmd/etcd-monitor internal/etcdtest tools/demo", instead: "what internal/config offers"},
	{library: "github.com/prometheus/common/expfmt", packages: "collector internal/etcdtest", instead: "what collector exports, or a test"},
	{library: "github.com/prometheus/client_model", packages: "collector internal/etcdtest", instead: "what collector exports, or a test"},
	{library: "github.com/prometheus/exporter-toolkit", packages: "internal/app cmd/etcd-monitor", instead: "internal/app"},
	{library: "github.com/prometheus/alertmanager", packages: "rules", instead: "rules"},
	{library: "github.com/prometheus/alertmanager/api/v2", packages: "internal/api", instead: "internal/api"},
	{library: "github.com/jackc/pgx", packages: "internal/history/postgres", instead: "internal/history"},
	{library: "k8s.io", packages: "internal/discover/kube api/etcd/v1alpha1", instead: "internal/discover"},
	{library: "sigs.k8s.io", packages: "internal/discover/kube api/etcd/v1alpha1", instead: "internal/discover"},
	{library: "github.com/coreos/go-oidc", packages: "internal/api", instead: "internal/api"},
	{library: "go.yaml.in/yaml", packages: "internal/config rules tools/mutate", instead: "what internal/config offers"},
	{library: "go.yaml.in/yaml/v2", packages: "internal/app", instead: "what internal/config offers"}, // to read the web configuration as the toolkit does
	{library: "github.com/HdrHistogram/hdrhistogram-go", packages: "benchmark", instead: "what benchmark reports"},
	{library: "golang.org/x/net/http2", packages: "benchmark/h2", instead: "net/http"},
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// short is a package's path inside the module, "." for the root; ok is false
// for packages of others.
func short(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// within reports whether path is prefix or below it.
func within(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// broken returns every breach of the law in packages, in words for whoever
// caused it. It looks at nothing but its argument and the tables.
func broken(packages []listed) []string {
	var out []string
	rank := map[string]int{} // by short path
	exists := map[string]bool{}
	for _, p := range packages {
		name, _ := short(p.ImportPath)
		exists[name] = true
	}
	for i, l := range layers {
		for _, name := range l.packages {
			name, planned := strings.CutPrefix(name, "planned:")
			rank[name] = i
			if !planned && !exists[name] {
				out = append(out, fmt.Sprintf("%s is in the table of layers, but there is no such package", name))
			}
		}
	}
	for _, p := range packages {
		name, ours := short(p.ImportPath)
		if _, known := rank[name]; !ours || !known {
			out = append(out, fmt.Sprintf("%s is in no row of the table of layers: say where it belongs", p.ImportPath))
			continue
		}
		for _, imported := range p.Imports {
			out = append(out, brokenImport(rank, name, imported, false)...)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			out = append(out, brokenImport(rank, name, imported, true)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// brokenImport judges that the package name imports path.
func brokenImport(rank map[string]int, name, path string, test bool) []string {
	to, ours := short(path)
	if !ours {
		return brokenStranger(name, path, test)
	}
	from := layers[rank[name]].name
	switch target, known := rank[to]; {
	case to == name, within(name, to), !known: // unknown: reported as a package
	case layers[target].name == testSide && (test || strings.HasSuffix(from, "test programs")):
	case layers[target].name == testSide && from == testSide && target < rank[name]:
	case layers[target].name == testSide:
		return []string{fmt.Sprintf("%s imports %s outside its tests", name, to)}
	case target >= rank[name]:
		return []string{fmt.Sprintf("%s (%s) imports %s (%s): imports point down, never sideways", name, from, to, layers[target].name)}
	}
	return nil
}

// brokenStranger judges that the package name imports a package of others.
func brokenStranger(name, path string, test bool) []string {
	host, _, _ := strings.Cut(path, "/")
	if !strings.Contains(host, ".") {
		return nil // the standard library
	}
	if !test && slices.Contains(pure, name) {
		return []string{fmt.Sprintf("%s imports %s: it uses nothing but the standard library", name, path)}
	}
	var row *owner
	for i, o := range owners {
		if within(path, o.library) && (row == nil || len(o.library) > len(row.library)) {
			row = &owners[i]
		}
	}
	if row == nil || test && !row.tests || slices.Contains(strings.Fields(row.packages), name) {
		return nil
	}
	return []string{fmt.Sprintf("%s imports %s, which is for %s: use %s", name, path, row.packages, row.instead)}
}
