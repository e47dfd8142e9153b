package etcdmonitor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goList runs go list and returns what it printed.
func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return out
}

// listModule returns the packages of this module.
func listModule(t *testing.T) []listed {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(goList(t, "-json=ImportPath,Imports,TestImports,XTestImports", "./...")))
	var all []listed
	for {
		var p listed
		switch err := dec.Decode(&p); err {
		case nil:
			all = append(all, p)
		case io.EOF:
			return all
		default:
			t.Fatal(err)
		}
	}
}

func TestImportLaw(t *testing.T) {
	for _, breach := range broken(listModule(t)) {
		t.Error(breach)
	}
}

// A module that we import ourselves is marked as one.
func TestDirectModules(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]bool{}
	for _, p := range listModule(t) {
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			imported[path] = true
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) \S+ // indirect$`).FindAllSubmatch(text, -1) {
		for path := range imported {
			if path == string(m[1]) || strings.HasPrefix(path, string(m[1])+"/") {
				t.Errorf("%s is marked as indirect in go.mod, and %s is imported", m[1], path)
			}
		}
	}
}

// The server is 20 MB of code that only tests run.
func TestProductHasNoServer(t *testing.T) {
	args := []string{"-deps"}
	for _, p := range listModule(t) {
		if name, _ := short(p.ImportPath); name != "internal/etcdtest" && !within(name, "tools") {
			args = append(args, p.ImportPath)
		}
	}
	for path := range strings.Lines(string(goList(t, args...))) {
		if within(strings.TrimSpace(path), "go.etcd.io/etcd/server") {
			t.Errorf("the product depends on %s", path)
		}
	}
}

// Every name in the tables means a package, and none stands there twice.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range layers {
		for _, name := range l.packages {
			name = strings.TrimPrefix(name, "planned:")
			if seen[name] {
				t.Errorf("%s is in two layers", name)
			}
			seen[name] = true
		}
	}
	for _, o := range owners {
		for name := range strings.FieldsSeq(o.packages) {
			if !seen[name] {
				t.Errorf("the owner of %s, %s, is in no layer", o.library, name)
			}
		}
	}
	for _, name := range pure {
		if !seen[name] {
			t.Errorf("%s is in no layer", name)
		}
	}
}

// A directory that is named for nothing collects everything.
var catchAll = []string{"pkg", "util", "utils", "common", "helper", "helpers", "misc"}

func TestNoCatchAllDirectories(t *testing.T) {
	walk(t, func(path string, d fs.DirEntry) {
		if d.IsDir() && slices.Contains(catchAll, d.Name()) {
			t.Errorf("%s: name it for what is in it", path)
		}
	})
}

// made are directories that builds and tools fill, and git's own.
var made = []string{".git", ".cache", ".build", ".tarballs", "bin", "node_modules"}

// walk visits the files and directories of the repository. A walk, not a list
// from git: go test then knows what a test looked at, and runs it again when a
// file is added or changed.
func walk(t *testing.T, visit func(path string, d fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // somebody else's, gone meanwhile
			}
			return err
		}
		if d.IsDir() && slices.Contains(made, d.Name()) {
			return filepath.SkipDir
		}
		if d.Name() == ".git" {
			return nil // of a second work tree: git's own, with its paths
		}
		visit(path, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// oneMachine is a path that exists on one machine only, or leads out of the
// repository.
var oneMachine = regexp.MustCompile(`\.\./shared|(^|[\s"'=(` + "`" + `])/(work|root|home/[a-z]\w*|Users/\w+)/`)

// largest is the size of the largest text in a repository, generously.
const largest = 1 << 20

func TestNoPathsOfOneMachine(t *testing.T) {
	walk(t, func(path string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > largest {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text, 0) >= 0 { // gone, or a binary
			return
		}
		n := 0
		for line := range bytes.Lines(text) {
			n++
			if found := oneMachine.Find(line); found != nil {
				t.Errorf("%s:%d: %q is a path of one machine", path, n, found)
			}
		}
	})
}

func TestOneMachine(t *testing.T) {
	const slash = "/" // keeps this file out of what it looks for
	for text, want := range map[string]bool{
		"see .." + slash + "shared/x.md": true, "cd " + slash + "work/main": true, "x=" + slash + "home/me/x": true,
		"HOME=" + slash + "root/.cache": true,
		"https://example.com/work/x":    false, "the rest /rootless/": false, "a/work/b": false,
	} {
		if got := oneMachine.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// The Go version is written in go.mod; promu cannot read it there and would
// cross-build with one of years ago.
func TestPromuBuildsWithOurGo(t *testing.T) {
	version := regexp.MustCompile(`(?m)^\s*(?:go|version:) (\d+\.\d+)`)
	found := map[string]string{}
	for _, name := range []string{"go.mod", ".promu.yml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := version.FindSubmatch(text); m != nil {
			found[name] = string(m[1])
		}
	}
	if found["go.mod"] == "" || found["go.mod"] != found[".promu.yml"] {
		t.Errorf("Go versions differ: %v", found)
	}
}
