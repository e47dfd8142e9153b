package config

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestNoConfiguration: files that are none, each with one line that says why.
func TestNoConfiguration(t *testing.T) {
	const good = "clusters:\n  - name: a\n    endpoints: [a:1]\n    tls: {ca_file: \"ca.pem\"}\n"
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "monitor.yml:1:1: the file is empty"},
		{"only space", " \n\n \n", "monitor.yml:1:1: the file is empty"},
		{"only comments", "# nothing\n", "monitor.yml:1:1: the file is empty"},
		{"a document without content", "---\n", "monitor.yml:1:1: the file is empty"},
		{"null", "null\n", `monitor.yml:1:1: expected a mapping, got nothing`},
		{"a list", "- a: 1\n", `monitor.yml:1:1: expected a mapping, got a list`},
		{"a text", "hello\n", `monitor.yml:1:1: expected a mapping, got a text`},
		{"two documents", "api: {port: 1}\n---\napi: {port: 2}\n", "monitor.yml:2:1: a second document"},
		{"a tab", "api:\n\tport: 1\n", "monitor.yml:2:1: no YAML: "},
		{"an open list", "clusters: [{name: a}\n", "no YAML: "},
		{"an open quote", "api: {host: \"a\n\n\n", "no YAML: "},
		{"an unknown alias", "api: *x\n", noAliases},
		{"an alias", "api: &x {port: 1}\nlogging: *x\n", noAliases},
		{"an alias at the top", "*x\n", noAliases},
		{"an anchor", "api: {host: &x y}\n", noAliases},
		{"a merge", "api: &x {port: 1}\nlogging: {<<: *x}\n", noAliases},
		{"a tag", "api: !!python/object {port: 1}\n", "expected a mapping, got a value with a tag"},
		{"bytes that are no UTF-8", "api: {host: a}\nlogging: {level: \xff}\n", "monitor.yml:2:18: invalid UTF-8"},
		{"a NUL", "api: {host: a\x00b}\n", "no YAML: "},
		{"a byte order mark and Latin-1", "\xef\xbb\xbfapi: {host: \xe9}\n", "invalid UTF-8"},
		{"UTF-16", "\xff\xfea\x00p\x00i\x00", "invalid UTF-8"},
		{"too deep", "api: " + strings.Repeat("[", 200_000), "monitor.yml: "},
		{"a bomb", "a: &a [x,x]\n" + strings.Repeat("b: [*a,*a,*a,*a,*a,*a,*a,*a]\n", 100), "unknown key"},
		{"a bomb where a key is", "etcd:\n  endpoints: &a [x,x]\n  metrics_urls: [*a,*a,*a]\n", noAliases},
		{"a megabyte of nothing", strings.Repeat("\n", MaxFile+1), "larger than 1 MiB"},
		{"too many values", "api: [" + strings.Repeat("a,", 60_000) + "]\n", "cannot be a configuration"},
		{"too many clusters", "clusters:\n" + strings.Repeat("- {name: a, endpoints: [a:1]}\n", 1001), "1001 elements are more than 1000"},
		{"JSON", `{"clusters": [{"name": "a", "endpoints": ["a:1"]}]}`, ""},
		{"CRLF", strings.ReplaceAll("clusters:\n  - name: a\n    endpoints: [a:1]\n", "\n", "\r\n"), ""},
		{"a byte order mark", "\xef\xbb\xbfapi: {port: 1}\n", ""},
		{"sections whose keys are commented out", "api:\n  # port: 1\nmonitoring:\n  thresholds:\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := loadText(tt.text)
			if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
				t.Errorf("%.500s, want %s", got, tt.want)
			}
		})
	}
	// A file that is half written is none, wherever it ends, and no panic.
	for i := range len(good) {
		_, _, err := loadText(good[:i])
		if err == nil && i < len("clusters:\n  - name: a\n    endpoints: [a:1]") {
			t.Errorf("taken: %q", good[:i])
		}
	}
}

// hostile are files of a megabyte of what costs most to parse.
func hostile() map[string]string {
	fill := func(head, unit string) string { return head + strings.Repeat(unit, (MaxFile-len(head))/len(unit)) }
	return map[string]string{
		"aliases":        fill("a: &a [x,x,x,x,x,x,x,x,x]\nb:\n", "- *a\n"),
		"aliases, flow":  fill("a: &a x\nb: [", "*a,"),
		"bombs":          fill("a: &a [x,x]\n", "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"),
		"anchors":        fill("", "- &aaaaaaaaaaaaaaaaaaaaaaaaaaa x\n"),
		"nested lists":   fill("a: ", "["),
		"nested maps":    fill("a: ", "{a: "),
		"nested dashes":  fill("a:\n ", "- "),
		"indented":       deeper(),
		"keys":           fill("", "a: 1\n"),
		"unknown keys":   fill("etcd:\n", "  endpoinst: 1\n"),
		"question marks": fill("", "? "),
		"one text":       fill("a: ", "x"),
		"one quote":      fill("a: \"", "\\u0041"),
		"folded":         fill("a: >\n", " x\n\n"),
		"comments":       fill("a: 1\n", "#x\n"),
		"directives":     fill("", "%YAML 1.1\n"),
		"documents":      fill("", "---\n"),
		"tags":           fill("a: [", "!!str x,"),
		"clusters":       fill("clusters:\n", "- {name: a, endpoints: [a:1]}\n"),
		"endpoints":      fill("etcd: {endpoints: [", "a:1,"),
		"bad endpoints":  fill("etcd: {endpoints: [", "a@b,"),
		"colons":         fill("a", ":"),
		"commas":         fill("a: [", ","),
		"zeros":          fill("", "\x00"),
	}
}

// TestHostileFilesAreCheap: they take a bounded amount of memory, and what is
// said of them is short. How long they take is for the benchmark below.
func TestHostileFilesAreCheap(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := loadText(text)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("taken")
			}
			if got := len(fmt.Sprint(err)); got > 100<<10 {
				t.Errorf("an error of %d bytes", got)
			}
			// In all, not at a time: above what it takes, and far below what
			// following aliases would.
			if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 512 {
				t.Errorf("%d MiB were allocated", mib)
			}
		})
	}
}

// BenchmarkLoad gives bytes per second of good files and of hostile ones.
func BenchmarkLoad(b *testing.B) {
	files := hostile()
	files["good, 1000 clusters"] = "clusters:\n"
	for i := range 1000 {
		files["good, 1000 clusters"] += fmt.Sprintf("  - {name: c%d, endpoints: [a:1, b:1, c:1], labels: {env: prod}, thresholds: {max_latency_ms: 50}}\n", i)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(files[name])))
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = loadText(files[name])
			}
		})
	}
}

// deeper is a mapping in a mapping, and so on, for a megabyte.
func deeper() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxFile-2000; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// secretKeysOf are texts that stand where the schema has a secret, whatever
// form they have there.
func secretsAt(n *yaml.Node, s *node, into map[string]bool) {
	switch {
	case s.leaf() && s.key.kind.secret:
		scalars(n, into)
	case s.leaf():
	case s.repeated():
		for _, e := range n.Content {
			mapping(e, s, into)
		}
	default:
		mapping(n, s, into)
	}
}

func mapping(n *yaml.Node, s *node, into map[string]bool) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if child := s.children[n.Content[i].Value]; child != nil {
			secretsAt(n.Content[i+1], child, into)
		}
	}
}

func scalars(n *yaml.Node, into map[string]bool) {
	if n.Kind == yaml.ScalarNode {
		into[n.Value] = true
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue // the name of a header is none
		}
		scalars(c, into)
	}
}

// FuzzLoad: no file makes Load panic, whatever is said is in lines that name a
// place, and no secret of the file is in them, nor in what is printed.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("etcd:\n  auth: {username: u, password: canary-7f3a, password_file: p}\n"))
	f.Add([]byte("etcd: {auth: {password: [canary-7f3a]}}\nalerts: {slack: {webhook_url: canary-7f3a}, webhook: {url: 'https://u:canary-7f3a@a', headers: {A: canary-7f3a, A: 1}}}\n"))
	f.Add([]byte("clusters:\n- {name: a, endpoints: [a:1], auth: {username: u, password: !x canary-7f3a}}\n- {name: a, file: targets.yml}\n"))
	f.Add([]byte("api: {auth: {tokens: [{name: x, token_sha256: canary-7f3a}]}}\nstorage: {enabled: true, postgresql: {password: {a: canary-7f3a}}}\n"))
	f.Add([]byte("alerts: {pagerduty: {integration_key: 0123}, email: {password: &a canary-7f3a}}\n"))
	f.Add([]byte("etcd: {auth: {password: \"canary-7f3a\n  more\n"))
	f.Add([]byte("clusters:\n-\n- 5\n- []\n"))
	f.Add([]byte("monitoring: {thresholds: {max_error_rate: 5}, metrics_interval: 10}\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, warnings, err := loadText(string(data))
		var lines []string
		if err != nil {
			if !errors.As(err, new(Problems)) {
				t.Fatalf("%T: %v", err, err)
			}
			lines = strings.Split(err.Error(), "\n")
		}
		for _, w := range warnings {
			lines = append(lines, w.String())
		}
		for _, l := range lines {
			if !strings.HasPrefix(l, "monitor.yml") {
				t.Errorf("a line without its place: %q", l)
			}
		}
		if got != nil {
			lines = append(lines, fmt.Sprintf("%v %+v %#v", got, got, *got))
			for _, v := range got.Values() {
				lines = append(lines, v.Text)
			}
		}
		docs, _ := documents(data)
		if len(docs) == 0 || len(docs[0].Content) == 0 {
			return
		}
		secrets := map[string]bool{}
		secretsAt(docs[0].Content[0], root, secrets)
		all := strings.Join(lines, "\n")
		for s := range secrets {
			// One that is short, or stands elsewhere too, would be found anyway.
			if len(s) > 8 && strings.Count(string(data), s) == 1 && strings.Contains(all, s) {
				t.Errorf("a secret is told: %q in\n%s", s, all)
			}
		}
	})
}
