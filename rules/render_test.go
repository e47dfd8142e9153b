package rules_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/etcd-monitor/etcd-monitor/docs"
	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/rules"
)

// What the binary holds is what lies here.
func TestRulesAreTheFiles(t *testing.T) {
	for name, file := range map[string]string{rules.Exporter: "etcd-monitor.rules.yml", rules.Native: "etcd-native.rules.yml"} {
		got, err := rules.Rules(name, rules.Links{})
		if err != nil || string(got) != read(t, file) {
			t.Errorf("%s is not %s: %v", name, file, err)
		}
	}
	if _, err := rules.Rules("mixin", rules.Links{}); err == nil {
		t.Error("there are no rules mixin")
	}
	all, err := rules.Templates()
	if err != nil || len(all) != 4 || string(all["etcd-slack.tmpl"]) != read(t, "templates/etcd-slack.tmpl") {
		t.Errorf("templates: %d, %v", len(all), err)
	}
}

func TestLinksAreReplaced(t *testing.T) {
	for _, name := range rules.Names {
		before, err := rules.Rules(name, rules.Links{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := rules.Rules(name, rules.Links{Runbooks: "https://wiki.example.com/etcd", Dashboards: "http://grafana:3000/g/"})
		if err != nil {
			t.Fatal(err)
		}
		n := strings.Count(string(before), "runbook_url:")
		if r := regexp.MustCompile(`runbook_url: https://wiki\.example\.com/etcd/Etcd\w+\.md\n`).FindAll(got, -1); len(r) != n || n < 30 {
			t.Errorf("%s: %d of %d runbooks are replaced", name, len(r), n)
		}
		if d := strings.Count(string(got), "dashboard_url: http://grafana:3000/g/d/etcd-monitor-"); d != n {
			t.Errorf("%s: %d of %d dashboards are replaced", name, d, n)
		}
		if strings.Contains(string(got), "github.com/etcd-monitor") {
			t.Errorf("%s still leads to GitHub", name)
		}
	}
	for _, bad := range []string{
		"runbooks", "/runbooks/", "ftp://x/", "https://", "https://u:p@x/", "https://x/?a=b", "https://x/#a", "https://x/{{ .Value }}",
		"https://x/'", "https://x/ y", "https://x/\ny", "https://x/: y",
	} {
		if _, err := rules.Rules(rules.Exporter, rules.Links{Runbooks: bad}); err == nil {
			t.Errorf("runbooks at %q are accepted", bad)
		}
		if _, err := rules.Rules(rules.Exporter, rules.Links{Dashboards: bad}); err == nil {
			t.Errorf("dashboards at %q are accepted", bad)
		}
	}
}

// The pages are in the binary, and nothing else is.
func TestRunbooksAreEmbedded(t *testing.T) {
	have := map[string]bool{}
	for _, name := range docs.Runbooks() {
		page, err := docs.Runbook(name)
		if err != nil || !strings.HasPrefix(string(page), "# "+name+"\n") {
			t.Errorf("the page of %s begins with %.30q: %v", name, page, err)
		}
		have[name] = true
	}
	for _, name := range alerts(t, "etcd-monitor.rules.yml") {
		if !have[name] {
			t.Errorf("%s has no page", name)
		}
	}
	for _, bad := range []string{"", "README", "../decisions", "EtcdQuorumLost.md", "Etcd*"} {
		if _, err := docs.Runbook(bad); err == nil {
			t.Errorf("there is a page %q", bad)
		}
	}
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

// The objects for prometheus-operator hold what the files hold, and so do the
// copies in deploy/kubernetes.
func TestPrometheusRule(t *testing.T) {
	for name, file := range map[string]string{rules.Exporter: "prometheusrule.yaml", rules.Native: "prometheusrule-native.yaml"} {
		got, err := rules.PrometheusRule(name, rules.Links{}, rules.Manifest{})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("../deploy/kubernetes", file), string(got))
		plain, err := rules.Rules(name, rules.Links{})
		if err != nil {
			t.Fatal(err)
		}
		object := decode(t, got)
		spec, _ := object["spec"].(map[string]any)
		if !reflect.DeepEqual(spec["groups"], decode(t, plain)["groups"]) || object["kind"] != "PrometheusRule" || object["apiVersion"] != "monitoring.coreos.com/v1" {
			t.Errorf("%s: the object has other rules than the file", name)
		}
	}
	m := rules.Manifest{Name: "x", Namespace: "monitoring", Labels: map[string]string{"release": "1.0", "a.b/c": ""}}
	got, err := rules.PrometheusRule(rules.Exporter, rules.Links{}, m)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"name": "x", "namespace": "monitoring", "labels": map[string]any{"release": "1.0", "a.b/c": ""}}
	if meta := decode(t, got)["metadata"]; !reflect.DeepEqual(meta, want) {
		t.Errorf("metadata %v, want %v", meta, want)
	}
	for _, bad := range []rules.Manifest{
		{Name: "X"}, {Name: "a\nb"}, {Namespace: "a b"}, {Labels: map[string]string{"a b": ""}}, {Labels: map[string]string{"a": "b\nc"}},
	} {
		if _, err := rules.PrometheusRule(rules.Exporter, rules.Links{}, bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// everything is a configuration with all channels, and the values of the shipped
// file.
func everything() config.Alerts {
	return config.Alerts{
		DedupWindow: 5 * time.Minute, WatchdogFile: "/etc/alertmanager/secrets/watchdog_url",
		Email: config.Email{
			Enabled: true, Server: "smtp.example.com", Port: 587, From: "etcd-monitor@example.com", To: []string{"ops@example.com"},
			Username: "etcd-monitor@example.com", PasswordFile: "/etc/alertmanager/secrets/smtp_password", RequireTLS: true,
		},
		Slack:     config.Slack{Enabled: true, URLFile: "/etc/alertmanager/secrets/slack_url", Channel: "#etcd-alerts", Username: "etcd-monitor"},
		PagerDuty: config.PagerDuty{Enabled: true, KeyFile: "/etc/alertmanager/secrets/pagerduty_key"},
		Console:   config.Console{Enabled: true, TokenFile: "/etc/alertmanager/secrets/webhook_token"},
		Routes: map[string][]string{
			"critical": {"console", "email", "slack", "pagerduty"}, "warning": {"slack", "email", "console"}, "info": {"email", "console"},
		},
	}
}

// A configuration that says what the shipped file says gives that file.
func TestAlertmanagerIsTheShippedOne(t *testing.T) {
	got, err := rules.Alertmanager(everything(), rules.DeliveryOptions{ConsoleURL: "http://etcd-monitor.example.com:8080"})
	if err != nil {
		t.Fatal(err)
	}
	shipped := strings.NewReplacer("receiver: webhook}", "receiver: console}", "name: webhook", "name: console").Replace(read(t, "alertmanager.yml"))
	if a, b := decode(t, got.Config), decode(t, []byte(shipped)); !reflect.DeepEqual(a, b) {
		t.Errorf("differs from the shipped one:\n%s", got.Config)
	}
	if strings.Contains(string(got.Config), "Before use") || !strings.Contains(string(got.Config), "etcd-monitor render alertmanager") || !strings.Contains(string(got.Config), "# The dead-man's switch") {
		t.Errorf("comments:\n%.1500s", got.Config)
	}
	if len(got.Secrets) > 0 {
		t.Errorf("%d secrets to write", len(got.Secrets))
	}
}

// renderings are configurations and who hears of what then.
var renderings = map[string]struct {
	change func(*config.Alerts)
	routes map[string]string // severity: receivers
}{
	"everything":   {func(*config.Alerts) {}, map[string]string{"critical": "pagerduty,slack,email,console", "warning": "slack,email,console", "info": "email,console", "odd": "slack", "watchdog": "watchdog"}},
	"only Slack":   {only("slack"), map[string]string{"critical": "slack", "warning": "slack", "info": "slack", "odd": "slack", "watchdog": "nobody"}},
	"only console": {only("console"), map[string]string{"critical": "console", "warning": "console", "info": "console", "odd": "console", "watchdog": "nobody"}},
	"only a page":  {only("pagerduty"), map[string]string{"critical": "pagerduty", "warning": "pagerduty", "odd": "pagerduty", "watchdog": "nobody"}},
	"nothing":      {only(""), map[string]string{"critical": "nobody", "odd": "nobody", "watchdog": "nobody"}},
	"webhook and console": {func(a *config.Alerts) {
		a.Webhook = config.Webhook{Enabled: true, URL: "https://hook.example.com/x", Headers: map[string]config.Secret{"Authorization": "Bearer tttt", "X-Team": "tttt"}}
		a.Routes["critical"], a.Routes["warning"], a.WatchdogFile = []string{"console", "webhook"}, []string{"webhook"}, ""
	}, map[string]string{"critical": "webhook,console", "warning": "webhook", "info": "email,console", "odd": "slack", "watchdog": "webhook"}},
	"mail without a login": {func(a *config.Alerts) {
		only("email")(a)
		a.Email.Username, a.Email.PasswordFile, a.Email.RequireTLS, a.Email.To = "", "", false, []string{"a@b.c", "d@e.f"}
		a.RepeatInterval, a.DedupWindow = 3*time.Hour, 45*time.Minute
	}, map[string]string{"critical": "email", "warning": "email", "info": "email", "odd": "email", "watchdog": "nobody"}},
	"secrets of its own": {func(a *config.Alerts) {
		a.Email.Password, a.Email.PasswordFile = "ssss", ""
		a.Slack.URL, a.Slack.URLFile = "https://hooks.slack.com/ssss", ""
		a.PagerDuty.Key, a.PagerDuty.KeyFile = "ssss", ""
	}, map[string]string{"critical": "pagerduty,slack,email,console"}},
}

// only switches everything off but one channel.
func only(channel string) func(*config.Alerts) {
	return func(a *config.Alerts) {
		a.Email.Enabled, a.Slack.Enabled = channel == "email", channel == "slack"
		a.PagerDuty.Enabled, a.Console.Enabled = channel == "pagerduty", channel == "console"
		a.WatchdogFile = ""
		a.Routes = map[string][]string{}
		if channel != "" && channel != "pagerduty" {
			a.Routes["warning"] = []string{channel}
		}
		if channel != "" {
			a.Routes["critical"] = []string{channel}
		}
	}
}

// What is rendered is accepted by Alertmanager, sends to those who are switched
// on and to nobody else, and holds no secret.
func TestAlertmanagerOfAConfiguration(t *testing.T) {
	t.Parallel()
	amtool := alerttest.Tool(t, "amtool")
	for name, c := range renderings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := everything()
			c.change(&a)
			dir := t.TempDir()
			got, err := rules.Alertmanager(a, rules.DeliveryOptions{ConsoleURL: "https://monitor.example.com/etcd/", SecretsDir: "/secrets"})
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"ssss", "tttt", "hook.example.com"} {
				if strings.Contains(string(got.Config), secret) {
					t.Errorf("a secret is in it:\n%s", got.Config)
				}
			}
			for file, secret := range got.Secrets {
				if !strings.HasPrefix(file, "/secrets/") || !strings.Contains(string(got.Config), file) || secret.Reveal() == "" {
					t.Errorf("%s is to be written, and named nowhere", file)
				}
			}
			file := filepath.Join(dir, "alertmanager.yml")
			if err := os.WriteFile(file, got.Config, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(filepath.Join(dir, "templates"), os.DirFS("templates")); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), amtool, "check-config", "--enable-feature=utf8-strict-mode", file).CombinedOutput(); err != nil {
				t.Fatalf("amtool: %v\n%s\n%s", err, out, got.Config)
			}
			for severity, want := range c.routes {
				labels := []string{"severity=" + severity, "alertname=EtcdX", "cluster=c"}
				if severity == "watchdog" {
					labels = []string{"severity=none", "alertname=EtcdMonitorWatchdog"}
				}
				args := append([]string{"config", "routes", "test", "--config.file=" + file, "--verify.receivers=" + want}, labels...)
				if out, err := exec.CommandContext(t.Context(), amtool, args...).CombinedOutput(); err != nil {
					t.Errorf("%s: %s\n%s", severity, out, got.Config)
				}
			}
		})
	}
}

// A secret that has no file to go to is refused, by its name.
func TestAlertmanagerTakesNoSecrets(t *testing.T) {
	a := everything()
	renderings["secrets of its own"].change(&a)
	_, err := rules.Alertmanager(a, rules.DeliveryOptions{})
	want := "(alerts.email.password, alerts.slack.webhook_url, alerts.pagerduty.integration_key)"
	if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(fmt.Sprint(err), "ssss") {
		t.Errorf("%v, want it to end with %s", err, want)
	}
}
