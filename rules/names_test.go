package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	alertName = regexp.MustCompile(`(?m)^ *- alert: (\w+)$`)
	matched   = regexp.MustCompile(`alertname =~? "([^"]+)"`)
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alerts are the names of a rule file.
func alerts(t *testing.T, file string) []string {
	t.Helper()
	var names []string
	for _, m := range alertName.FindAllStringSubmatch(read(t, file), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Routes and inhibition name alerts that exist: a typo there would be found by
// who is woken in vain.
func TestAlertmanagerNamesAlertsThatExist(t *testing.T) {
	known := slices.Concat(alerts(t, "etcd-monitor.rules.yml"), alerts(t, "etcd-native.rules.yml"))
	either := func(s string) bool { return slices.Contains(known, s) }
	found := 0
	for _, m := range matched.FindAllStringSubmatch(read(t, "alertmanager.yml"), -1) {
		if m[1] == "Etcd.+" {
			continue
		}
		words, both := strings.CutPrefix(m[1], "Etcd(Server)?(")
		for word := range strings.SplitSeq(strings.TrimSuffix(words, ")"), "|") {
			found++
			if both && !either("Etcd"+word) && !either("EtcdServer"+word) || !both && !either(word) {
				t.Errorf("alertmanager.yml names %s, which no rule has", word)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d names found", found)
	}
}
