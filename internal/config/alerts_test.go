package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAlerts(t *testing.T) {
	f, warnings, err := loadText(`
alerts:
  dedup_window: 10m
  repeat_interval: 2h
  email: {enabled: true, smtp_server: mail, smtp_port: 25, from: a@b.c, to: [d@e.f, g@h.i], username: u, password_file: secrets/mail, require_tls: false}
  slack: {enabled: true, webhook_url: "https://hooks.slack.com/services/x", channel: "#etcd", icon_emoji: ":fire:"}
  pagerduty: {enabled: true, integration_key_file: /run/key}
  webhook: {enabled: true, url: "https://hook.example.com/x", headers: {Authorization: Bearer t}}
  console: {enabled: false}
  routes: {warning: [slack], info: []}
`)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	here, err := filepath.Abs("secrets/mail")
	if err != nil {
		t.Fatal(err)
	}
	want := Alerts{
		DedupWindow: 10 * time.Minute, RepeatInterval: 2 * time.Hour,
		Email: Email{
			Enabled: true, Server: "mail", Port: 25, From: "a@b.c", To: []string{"d@e.f", "g@h.i"}, Username: "u",
			PasswordFile: here,
		},
		Slack:     Slack{Enabled: true, URL: "https://hooks.slack.com/services/x", Channel: "#etcd", Username: "etcd-monitor", Emoji: ":fire:"},
		PagerDuty: PagerDuty{Enabled: true, KeyFile: "/run/key"},
		Webhook:   Webhook{Enabled: true, URL: "https://hook.example.com/x", Headers: map[string]Secret{"Authorization": "Bearer t"}},
		Routes:    map[string][]string{"critical": {"pagerduty", "slack", "email", "webhook"}, "warning": {"slack"}, "info": nil},
	}
	if got := f.Alerts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// Nothing said: alerts are logged, nothing is sent, nobody is paged for warnings.
func TestAlertsByDefault(t *testing.T) {
	f, _, err := loadText("{}")
	if err != nil {
		t.Fatal(err)
	}
	a := f.Alerts()
	if a.Email.Enabled || a.Slack.Enabled || a.PagerDuty.Enabled || a.Webhook.Enabled || !a.Console.Enabled || a.DedupWindow != 5*time.Minute || a.RepeatInterval != 0 {
		t.Errorf("%+v", a)
	}
	if got := fmt.Sprint(a.Routes); got != "map[critical:[console] info:[console] warning:[console]]" {
		t.Errorf("routes %s", got)
	}
	if n := f.KeptAlerts(); n != 1000 {
		t.Errorf("%d alerts are kept", n)
	}
}

// A channel that is on can send.
func TestAlertsThatCannotBeSent(t *testing.T) {
	for text, want := range map[string]string{
		"alerts: {email: {enabled: true, smtp_server: s, from: a@b}}":                                       "1:27: alerts.email.to: must be given when alerts.email.enabled is true",
		"alerts: {email: {enabled: true, smtp_server: s, from: a@b, to: []}}":                               "1:27: alerts.email.to: must be given when",
		"alerts: {email: {enabled: true, smtp_server: s, from: a@b, to: [c@d], username: u}}":               "1:27: alerts.email.username: and a password belong together",
		"alerts: {slack: {enabled: true, channel: '#x'}}":                                                   "1:27: alerts.slack.webhook_url: must be given when",
		"alerts: {slack: {enabled: true, channel: '#x', webhook_url: 'https://a/b', webhook_url_file: /f}}": "webhook_url_file: give either",
		"alerts: {pagerduty: {enabled: true}}":                                                              "1:31: alerts.pagerduty.integration_key: must be given when",
		"alerts: {pagerduty: {enabled: true, integration_key: your-integration-key}}":                       "1:54: alerts.pagerduty.integration_key: is still that of the example",
		"alerts: {webhook: {enabled: true}}":                                                                "alerts.webhook.url: must be given when",
		"alerts: {routes: {critical: [console, slack]}}":                                                    "1:39: alerts.routes.critical: slack is not switched on",
		"alerts: {routes: {critical: [pager]}}":                                                             "is none of email, slack, pagerduty, webhook, console",
		"alertmanager: {webhook_token_file: none}":                                                          "1:36: alertmanager.webhook_token_file: none: no such file",
	} {
		_, _, err := loadText(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	// What is off may be incomplete: it is there to be switched on.
	if _, _, err := loadText("alerts: {slack: {enabled: false}, pagerduty: {integration_key: your-integration-key}}"); err != nil {
		t.Error(err)
	}
}
