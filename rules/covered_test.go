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

var asked = regexp.MustCompile(`ALERTS\{[^}]*alertname="(\w+)"`)

// Each alert is seen to fire, with all its labels, and to be silent.
func TestEveryAlertIsTested(t *testing.T) {
	fires, silent := map[string]bool{}, map[string]bool{}
	labels := map[string][]string{} // by alert and kind
	for _, file := range unitTests(t, "*.yml") {
		var content struct{ Tests []unitTest }
		if err := yaml.Unmarshal([]byte(read(t, file)), &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, u := range content.Tests {
			for _, q := range u.PromQL {
				m := asked.FindStringSubmatch(q.Expr)
				if m == nil {
					continue
				}
				if len(q.Samples) == 0 {
					silent[m[1]] = true
				}
				for _, s := range q.Samples {
					fires[m[1]] = true
					labels[m[1]] = append(labels[m[1]], s.Labels)
				}
			}
		}
	}
	for _, name := range slices.Concat(alerts(t, exporterRules), alerts(t, nativeRules)) {
		if name != "EtcdMonitorWatchdog" && (!fires[name] || !silent[name]) {
			t.Errorf("%s: seen to fire %v, seen to be silent %v", name, fires[name], silent[name])
		}
	}
	for _, r := range slices.Concat(rulesOf(t, exporterRules), rulesOf(t, nativeRules)) {
		if r.Alert == "" || r.Alert == "EtcdMonitorWatchdog" {
			continue
		}
		full := func(s string) bool {
			for name, v := range r.Labels {
				if !strings.Contains(s, name+`="`+v+`"`) {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(labels[r.Alert], full) {
			t.Errorf("%s: no test sees it fire as %v", r.Alert, r.Labels)
		}
	}
}
