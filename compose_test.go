package etcdmonitor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	mount = regexp.MustCompile(`(?m)^\s*- (\.{1,2}/[^:]+):/`)
	image = regexp.MustCompile(`(?m)^\s*image: (\S+)`)
)

// Nobody starts the compose file in a test: what it mounts must be there, and
// what it pulls must not change under it.
func TestCompose(t *testing.T) {
	text := read(t, "deploy/compose.yaml")
	mounts := mount.FindAllStringSubmatch(text, -1)
	if len(mounts) < 6 {
		t.Errorf("%d mounts found", len(mounts))
	}
	for _, m := range mounts {
		if _, err := os.Stat(filepath.Join("deploy", m[1])); err != nil {
			t.Errorf("mounts what is not there: %v", err)
		}
	}
	for _, m := range image.FindAllStringSubmatch(text, -1) {
		_, tag, _ := strings.Cut(m[1], ":")
		if !strings.HasPrefix(tag, "${ETCD_MONITOR_VERSION") && !regexp.MustCompile(`^v?\d+\.\d+\.\d+$`).MatchString(tag) {
			t.Errorf("%s is not pinned", m[1])
		}
	}
}

// The same faults mute the same alerts as with the shipped file.
func TestComposeMutesAlike(t *testing.T) {
	section := regexp.MustCompile(`(?s)\ninhibit_rules:\n.*?\n(\n*#[^\n]*\n)*\n*[a-z]`)
	shipped := section.FindString(read(t, "rules/alertmanager.yml"))
	if got := section.FindString(read(t, "deploy/compose/alertmanager.yml")); shipped == "" || strings.TrimSpace(got) != strings.TrimSpace(shipped) {
		t.Errorf("deploy/compose/alertmanager.yml has other inhibit_rules than rules/alertmanager.yml:\n%s", got)
	}
}
