package etcdmonitor_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the Markdown files, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, func(path string, d fs.DirEntry) {
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(text)
	})
	return found
}

// source is the text of the Go files of a directory, tests left out.
func source(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	var all strings.Builder
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

var (
	metric = regexp.MustCompile(`\betcd_monitor_[a-z0-9_]*[a-z0-9]\b`)
	// Whoever writes about a flag writes --name in backquotes; flags of other
	// programs stand in command lines.
	flagName = regexp.MustCompile("`--(?:\\[no-\\])?([a-z][a-z.-]*[a-z])[ `=]")
	suffix   = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// elsewhere is what names of flags begin with that are made of others' or of
// the table of collectors.
var elsewhere = regexp.MustCompile(`^(collector\.[a-z]+$|web\.(listen-address|config\.file|systemd-socket)$)`)

// What a document promises, the code has: names are whole literals there, so
// that this can be looked up.
func TestDocumentsNameWhatExists(t *testing.T) {
	metrics := source(t, "collector") + source(t, "benchmark")
	flags := source(t, "cmd/etcd-monitor") + source(t, "internal/config")
	for name, text := range documents(t) {
		for _, found := range metric.FindAllString(text, -1) {
			if found != "etcd_monitor_build_info" && !strings.Contains(metrics, `"`+suffix.ReplaceAllString(found, "")+`"`) {
				t.Errorf("%s names the metric %s, which does not exist", name, found)
			}
		}
		if filepath.Base(name) != "README.md" {
			continue // decisions and changes may speak of what was
		}
		for _, m := range flagName.FindAllStringSubmatch(text, -1) {
			if !elsewhere.MatchString(m[1]) && !strings.Contains(flags, `"`+m[1]+`"`) {
				t.Errorf("%s names the flag --%s, which does not exist", name, m[1])
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// Links to files of the repository lead to files.
func TestDocumentsLinkToWhatExists(t *testing.T) {
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			}
		}
	}
}
