package etcdtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Binary is the path of an etcd of an older release, such as "3.5". It is the
// value of ETCD_MONITOR_ETCD_35, or what tools/etcd-versions.sh finds in its
// cache or makes, which takes a minute the first time. The test is skipped with
// -short while there is none, and where the system cannot provide it.
func Binary(t testing.TB, release string) string {
	t.Helper()
	if path := os.Getenv("ETCD_MONITOR_ETCD_" + strings.ReplaceAll(release, ".", "")); path != "" {
		return path
	}
	script, err := findUp(filepath.Join("tools", "etcd-versions.sh"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{script, release}
	if testing.Short() {
		args = []string{script, "--cached", release}
	}
	binaries.Lock() // tests in parallel would all build
	defer binaries.Unlock()
	cmd := exec.Command("bash", args...)
	cmd.Stderr = os.Stderr // progress
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("make etcd %s: %v", release, err)
	}
	path := strings.TrimSpace(string(out))
	if path == "" {
		t.Skipf("there is no etcd %s here", release)
	}
	return path
}

var binaries sync.Mutex // held while one is made

// findUp finds a file in the directory of the test or one above it.
func findUp(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	for {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find " + name + ": not in any directory above")
		}
		dir = parent
	}
}
