package alerttest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Local writes the shipped configuration, whose directory is shipped, for the
// sinks: their addresses in place of the examples', the files of secrets theirs,
// every duration divided by factor. webhook replaces the address of our own
// receiver; "" is that of the sink. Nothing else changes: what is tested is what
// is shipped.
func (s *Sinks) Local(t testing.TB, shipped string, factor int, webhook string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shipped, "alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if webhook == "" {
		webhook = s.URL + "/webhook"
	}
	out := string(text)
	for _, r := range [][2]string{
		{"smtp_smarthost: smtp.example.com:587", "smtp_require_tls: false\n  pagerduty_url: " + s.URL + "/pagerduty\n  smtp_smarthost: " + s.MailAddress},
		{"/etc/alertmanager/secrets", s.Secrets},
		{"http://etcd-monitor.example.com:8080/api/v1/alerts/webhook", webhook},
	} {
		if !strings.Contains(out, r[0]) {
			t.Fatalf("alertmanager.yml: no %q in it", r[0])
		}
		out = strings.ReplaceAll(out, r[0], r[1])
	}
	out = divide(t, out, factor)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "templates"), os.DirFS(filepath.Join(shipped, "templates"))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var timing = regexp.MustCompile(`(group_wait|group_interval|repeat_interval): (\d+)(s|m|h)\b`)

// divide shortens the durations of routes, to a millisecond at least: that of a
// dispatcher must not be zero.
func divide(t testing.TB, text string, factor int) string {
	t.Helper()
	return timing.ReplaceAllStringFunc(text, func(found string) string {
		m := timing.FindStringSubmatch(found)
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		d := time.Duration(n) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[m[3]] / time.Duration(factor)
		return fmt.Sprintf("%s: %dms", m[1], max(d.Milliseconds(), 1))
	})
}

var (
	waiting = regexp.MustCompile(`(?m)^(\s+(?:for|keep_firing_for|interval): )(\d+)(s|m|h|d)$`)
	looking = regexp.MustCompile(`(\[|offset )(\d+)(s|m|h|d)(\]|:|\s)`)
)

// Rules writes a rule file into dir with every duration divided by factor: what
// is waited for, and what is looked back on.
func Rules(t testing.TB, file, dir string, factor int) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shorter := func(number, unit string) string {
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
		return fmt.Sprintf("%dms", (time.Duration(n) * of[unit] / time.Duration(factor)).Milliseconds())
	}
	out := waiting.ReplaceAllStringFunc(string(text), func(found string) string {
		m := waiting.FindStringSubmatch(found)
		return m[1] + shorter(m[2], m[3])
	})
	out = looking.ReplaceAllStringFunc(out, func(found string) string {
		m := looking.FindStringSubmatch(found)
		return m[1] + shorter(m[2], m[3]) + m[4]
	})
	name := filepath.Join(dir, filepath.Base(file))
	if err := os.WriteFile(name, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
