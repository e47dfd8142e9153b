package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// unitTest is what matters here of a test of promtool's.
type unitTest struct {
	Name   string
	PromQL []struct {
		Expr    string
		Samples []struct{ Labels string } `yaml:"exp_samples"`
	} `yaml:"promql_expr_test"`
	Alerts []struct {
		Name string                            `yaml:"alertname"`
		Want []struct{ Annotations yaml.Node } `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

var (
	asked = regexp.MustCompile(`ALERTS\{[^}]*alertname="(\w+)"`)
	named = regexp.MustCompile(`[{,]alertname="(\w+)"`)
)

// seen is what the tests of promtool's see: which alerts are silent, and the
// labels of those that fire, by alert.
func seen(t *testing.T) (silent map[string]bool, firing map[string][]string) {
	t.Helper()
	silent, firing = map[string]bool{}, map[string][]string{}
	for _, file := range unitTests(t, "*.yml") {
		var content struct{ Tests []unitTest }
		if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, u := range content.Tests {
			for _, q := range u.PromQL {
				if m := asked.FindStringSubmatch(q.Expr); m != nil && len(q.Samples) == 0 {
					silent[m[1]] = true
				}
				for _, s := range q.Samples {
					if m := named.FindStringSubmatch(s.Labels); m != nil {
						firing[m[1]] = append(firing[m[1]], s.Labels)
					}
				}
			}
		}
	}
	return silent, firing
}

// carries reports whether the labels of an alert are those of a rule, and more.
func carries(labels string, r rule) bool {
	for name, v := range r.Labels {
		if !strings.Contains(labels, name+`="`+v+`"`) {
			return false
		}
	}
	return true
}

// Each alert is seen to fire, with all its labels, and to be silent.
func TestEveryAlertIsTested(t *testing.T) {
	silent, firing := seen(t)
	for _, name := range slices.Concat(alerts(t, exporterRules), alerts(t, nativeRules)) {
		if name != "EtcdMonitorWatchdog" && (len(firing[name]) == 0 || !silent[name]) {
			t.Errorf("%s: seen to fire %v, seen to be silent %v", name, len(firing[name]) > 0, silent[name])
		}
	}
	for _, r := range slices.Concat(rulesOf(t, exporterRules), rulesOf(t, nativeRules)) {
		if r.Alert == "" || r.Alert == "EtcdMonitorWatchdog" {
			continue
		}
		if !slices.ContainsFunc(firing[r.Alert], func(labels string) bool { return carries(labels, r) }) {
			t.Errorf("%s: no test sees it fire as %v", r.Alert, r.Labels)
		}
	}
}

var labelUsed = regexp.MustCompile(`\$labels\.(\w+)`)

// What a message says of an alert's labels, the alert has: one that was aggregated
// away would leave a hole in the sentence.
func TestMessagesNameLabelsThatAreThere(t *testing.T) {
	_, firing := seen(t)
	for _, r := range slices.Concat(rulesOf(t, exporterRules), rulesOf(t, nativeRules)) {
		for part, text := range r.Annotations {
			for _, m := range labelUsed.FindAllStringSubmatch(text, -1) {
				if !slices.ContainsFunc(firing[r.Alert], func(labels string) bool {
					return carries(labels, r) && regexp.MustCompile(`[{,]`+m[1]+`="`).MatchString(labels)
				}) {
					t.Errorf("%s, %s: the %s names the label %s, and no test sees it", r.Alert, r.Labels["severity"], part, m[1])
				}
			}
		}
	}
}
