package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
	"github.com/etcd-monitor/etcd-monitor/rules"
)

// shippedHere is the shipped configuration where its secrets are.
func shippedHere(t *testing.T) (text, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "templates"), os.DirFS("templates")); err != nil {
		t.Fatal(err)
	}
	secrets := filepath.Join(dir, "secrets")
	if err := os.Mkdir(secrets, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"smtp_password", "slack_url", "pagerduty_key", "webhook_token", "watchdog_url"} {
		writeFile(t, filepath.Join(secrets, name), "https://x\n")
	}
	writeFile(t, filepath.Join(secrets, "empty"), "\n")
	return strings.ReplaceAll(read(t, "alertmanager.yml"), "/etc/alertmanager/secrets", secrets), dir
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// mistakes are changes of the shipped configuration, and what is said of them.
// late are those that amtool passes: Alertmanager finds them out at night.
var mistakes = map[string]struct {
	old, new string
	want     string
	late     bool
}{
	"a secret that is not there":     {"secrets/smtp_password", "secrets/smtp_passwort", "global.smtp_auth_password_file: ", true},
	"a secret beside the file":       {"secrets/pagerduty_key", "RELATIVE", "make the name absolute", true},
	"an empty secret":                {"secrets/slack_url", "secrets/empty", "slack_api_url_file: ", true},
	"a secret that is a directory":   {"secrets/watchdog_url", "templates", "is not a regular file", true},
	"a token that is not there":      {"secrets/webhook_token", "secrets/webhook_tokens", "credentials_file: ", true},
	"a template that is not defined": {`template "etcd.slack.title"`, `template "etcd.slack.titel"`, `slack_configs[0].title: with an alert: `, true},
	"a template that fails":          {`{{ template "etcd.since" . }}`, `{{ (index .Alerts 9).StartsAt }}`, "out of range", true},
	"one that fails without labels":  {`text: '{{ template "etcd.slack.text" . }}'`, `text: '{{ slice .CommonLabels.cluster 0 3 }}'`, "with several alerts: ", true},
	"one that fails in HTML":         {`{{ template "etcd.email.html" . }}`, `{{ .Receiver | urlquery | toUpper }}`, "html: with an alert: ", true},
	"templates that are not there":   {"templates/*.tmpl", "tmpl/*.tmpl", "there is no such file", true},
	"a memory that is too short":     {"repeat_interval: 24h", "repeat_interval: 168h", "longer than Alertmanager remembers", true},

	"no receiver":               {"- {receiver: pagerduty, continue: true}", "- {receiver: pager, continue: true}", `there is no receiver "pager"`, false},
	"a receiver twice":          {"- name: watchdog", "- name: nobody", "is there already", false},
	"an unknown key":            {"group_wait: 30s", "group_wiat: 30s", "route.group_wiat: unknown key", false},
	"an unknown key of a route": {"      group_wait: 10s", "      group_wiat: 10s", "route.routes[2].group_wiat: unknown key", false},
	"an unknown key deep down":  {"credentials_file:", "credential_file:", "http_config.authorization.credential_file: unknown key", false},
	"an unknown key of Slack":   {"short_fields: true", "short_field: true", "slack_configs[0].short_field: unknown key", false},
	"no duration":               {"group_interval: 5m", "group_interval: 5 minutes", "is not a duration", false},
	"a zero":                    {"group_interval: 5m", "group_interval: 0s", "must not be 0", false},
	"no matcher":                {`severity = "critical"`, `severity == "critical"`, "route.routes[2].matchers[0]: ", false},
	"an expression that is none": {
		`severity =~ "warning|info"`, `severity =~ "warning|(info"`, "target_matchers[0]: ", false,
	},
	"a key twice": {"group_wait: 30s", "group_wait: 30s\n  group_wait: 10s", "given twice", false},
	"no YAML":     {"global:", "global: {", "no YAML", false},
}

// What amtool passes is found, and what it refuses is refused too.
func TestCheckAlertmanager(t *testing.T) {
	t.Parallel()
	amtool := alerttest.Tool(t, "amtool")
	text, dir := shippedHere(t)
	check := func(t *testing.T, text string) (file string, err error) {
		t.Helper()
		file = filepath.Join(t.TempDir(), "alertmanager.yml")
		writeFile(t, file, text)
		if err := os.CopyFS(filepath.Join(filepath.Dir(file), "templates"), os.DirFS("templates")); err != nil {
			t.Fatal(err)
		}
		return file, rules.CheckAlertmanager(file)
	}
	if _, err := check(t, text); err != nil {
		t.Fatalf("the shipped configuration: %v", err)
	}
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, m.old) {
				t.Fatalf("there is no %q", m.old)
			}
			changed := strings.Replace(text, m.old, m.new, 1)
			changed = strings.ReplaceAll(changed, dir+"/RELATIVE", "secrets/pagerduty_key")
			file, err := check(t, changed)
			if err == nil || !strings.Contains(err.Error(), m.want) || !strings.HasPrefix(err.Error(), file) {
				t.Errorf("%v\nwant it to say %q", err, m.want)
			}
			out, failed := exec.CommandContext(t.Context(), amtool, "check-config", file).CombinedOutput()
			if m.late && failed != nil || !m.late && failed == nil {
				t.Errorf("amtool, which was to find it: %v, says %v\n%s", !m.late, failed, out)
			}
		})
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none.yml"): "no such file", filepath.Join(dir, "secrets", "empty"): "no mapping",
	} {
		if err := rules.CheckAlertmanager(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

// The keys that are known are those of the pinned Alertmanager.
func TestKeysAreAlertmanagers(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./keys")
	cmd.Dir = "../tools/alertmanager"
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go run ./keys: %v\n%s", err, errs.String())
	}
	golden(t, "alertmanager.keys", string(out))
}

// Mistakes in rules that promtool has no ear for.
func TestCheckRules(t *testing.T) {
	metrics := read(t, "../docs/metrics.md")
	metric := func(name string) bool {
		return strings.Contains(metrics, "`"+name+"`") || strings.HasPrefix(name, "etcd_monitor_benchmark_")
	}
	for _, file := range []string{
		"etcd-monitor.rules.yml", "etcd-native.rules.yml",
		"../deploy/kubernetes/prometheusrule.yaml", "../deploy/kubernetes/prometheusrule-native.yaml",
	} {
		if err := rules.CheckRules(file, metric); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	const good = `groups:
  - name: mine
    rules:
      - record: mine:up
        expr: max by (cluster) (etcd_monitor_cluster_up)
      - alert: Mine
        expr: mine:up == 0 and etcd_monitor_probe_duration_seconds_bucket > 1
        for: 5m
        labels: {severity: critical, team: '{{ $labels.team }}'}
        annotations:
          summary: '{{ $labels.cluster }} is down: {{ $value | humanize }}.'
          description: 'Look at it. {{ range query "up" }}{{ .Value }}{{ end }}'
          runbook_url: https://example.com/mine
`
	file := filepath.Join(t.TempDir(), "mine.yml")
	writeFile(t, file, good)
	if err := rules.CheckRules(file, metric); err != nil {
		t.Fatalf("good rules: %v", err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"etcd_monitor_cluster_up", "etcd_monitor_cluster_upp", "5:15: groups[0].rules[0].expr: there is no metric etcd_monitor_cluster_upp"},
		{"mine:up == 0", "etcd_monitor:none == 0", "no rule of this file records etcd_monitor:none"},
		{"severity: critical, ", "", "severity: is missing"},
		{"severity: critical", "severity: page", `"page" is none of critical, warning, info, none`},
		{"$labels.team", "$value", "a value in a label"},
		{"$labels.team", ".Value", "a value in a label"},
		{"for: 5m", "for: 5", "is not a duration"},
		{"for: 5m", "four: 5m", "unknown key"},
		{"| humanize }}", "| humanise }}", `function "humanise" not defined`},
		{"{{ $value | humanize }}", "{{ $valeu }}", `undefined variable "$valeu"`},
		{"{{ end }}", "", "unexpected EOF"},
		{"runbook_url: https://example.com/mine", "runbook: https://example.com/mine", "runbook_url: is missing"},
		{"https://example.com/mine", "runbooks/mine.md", "is not a URL"},
		{"expr: max by (cluster) (etcd_monitor_cluster_up)", "expr: ''", "expr: is missing"},
		{"record: mine:up\n", "record: mine:up\n        alert: Two\n", "is either an alert or a record"},
		{"  - name: mine\n", "  - name: mine\n    rules: []\n  - name: mine\n", `there is a group "mine" already`},
		{"groups:", "group:", "groups: are missing"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("there is no %q", c.old)
		}
		writeFile(t, file, strings.Replace(good, c.old, c.new, 1))
		if err := rules.CheckRules(file, metric); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: %v\nwant %s", c.new, c.old, err, c.want)
		}
	}
}
