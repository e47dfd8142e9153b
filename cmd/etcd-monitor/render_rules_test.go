package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRenderRules(t *testing.T) {
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string // what is in them
	}{
		{args: []string{"render", "rules"}, stdout: "- alert: EtcdQuorumLost\n"},
		{args: []string{"render", "rules", "native"}, stdout: "- alert: EtcdServerQuorumLost\n"},
		{args: []string{"render", "rules", "mixin"}, code: 2, stderr: "exporter,native"},
		{
			args:   []string{"render", "--runbook-base-url=https://wiki/etcd", "rules", "--dashboard-base-url=https://grafana"},
			stdout: "runbook_url: https://wiki/etcd/EtcdQuorumLost.md\n          dashboard_url: https://grafana/d/etcd-monitor-",
		},
		{args: []string{"render", "--runbook-base-url=wiki", "rules"}, code: 1, stderr: `runbooks: "wiki" is not a URL`},
		{args: []string{"render", "prometheusrule", "--namespace=monitoring", "--label=release=kps"}, stdout: "  namespace: monitoring\n  labels:\n    release: \"kps\"\nspec:\n"},
		{args: []string{"render", "prometheusrule", "--name=A b"}, code: 1, stderr: "is not the name of an object"},
		{args: []string{"render", "templates"}, stdout: `define "etcd.slack.text"`},
		{args: []string{"render", "runbook"}, stdout: "EtcdQuorumLost\n"},
		{args: []string{"render", "runbook", "EtcdQuorumLost"}, stdout: "# EtcdQuorumLost\n"},
		{args: []string{"render", "runbook", "EtcdX"}, code: 2, stderr: `no runbook "EtcdX"`},
		{args: []string{"check", "rules", "../../rules/etcd-monitor.rules.yml"}, stdout: "SUCCESS: ../../rules/etcd-monitor.rules.yml\n"},
		{args: []string{"check", "rules", "none.yml", "../../rules/etcd-native.rules.yml"}, code: 1, stdout: "SUCCESS: ../../rules/etcd-native", stderr: "none.yml: no such file"},
		{args: []string{"check", "alertmanager", "none.yml"}, code: 1, stderr: "none.yml: no such file"},
	} {
		code, out, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(out, c.stdout) || !strings.Contains(errs, c.stderr) || c.code == 0 && errs != "" {
			t.Errorf("%v: exit %d, want %d\n%.300s\n%s", c.args, code, c.code, out, errs)
		}
	}
}

// From our configuration to a directory that Alertmanager can be started on.
func TestRenderAlertmanager(t *testing.T) {
	dir := t.TempDir()
	file, out := filepath.Join(dir, "monitor.yml"), filepath.Join(dir, "out")
	const secret = "https://hooks.slack.com/services/T0/B0/s3cr3t"
	write(t, file, `
alerts:
  slack: {enabled: true, webhook_url: "`+secret+`", channel: "#etcd"}
  pagerduty: {enabled: true, integration_key_file: key}
`)
	write(t, filepath.Join(dir, "key"), "k")

	code, stdout, stderr := command(t, "render", "alertmanager", "--config.file="+file)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "(alerts.slack.webhook_url): --out") || strings.Contains(stderr, "s3cr3t") {
		t.Errorf("a secret without a place: exit %d, %s%s", code, stdout, stderr)
	}
	if code, _, stderr := command(t, "render", "alertmanager", "--config.file="+file, "--secrets-dir=/x"); code != 2 || !strings.Contains(stderr, "needs --out") {
		t.Errorf("--secrets-dir without --out: exit %d, %s", code, stderr)
	}
	for range 2 { // the second writes over the first
		code, stdout, stderr = command(t, "render", "alertmanager", "--config.file="+file, "--out="+out)
		if code != 0 || !strings.Contains(stdout, "4 templates, 1 secret\n") || !strings.Contains(stderr, "http://localhost:8080") || strings.Contains(stdout+stderr, "s3cr3t") {
			t.Fatalf("exit %d, %s%s", code, stdout, stderr)
		}
	}
	info, err := os.Stat(filepath.Join(out, "secrets", "slack_url"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret: %v, %v", info, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "secrets", "slack_url"))
	if err != nil || string(text) != secret+"\n" {
		t.Errorf("secret: %v", err)
	}
	config, err := os.ReadFile(filepath.Join(out, "alertmanager.yml"))
	if err != nil || strings.Contains(string(config), "s3cr3t") || !strings.Contains(string(config), filepath.Join(dir, "key")) {
		t.Errorf("configuration: %v\n%s", err, config)
	}
	if code, _, stderr := command(t, "check", "alertmanager", filepath.Join(out, "alertmanager.yml")); code != 0 {
		t.Errorf("what was rendered does not pass our own check: %s", stderr)
	}

	// Elsewhere, as in a container, the secrets are somewhere else.
	if code, _, stderr := command(t, "render", "alertmanager", "--config.file="+file, "--out="+out, "--secrets-dir=/etc/alertmanager/secrets"); code != 0 {
		t.Fatal(stderr)
	}
	if config, err = os.ReadFile(filepath.Join(out, "alertmanager.yml")); err != nil || !strings.Contains(string(config), "slack_api_url_file: /etc/alertmanager/secrets/slack_url\n") {
		t.Errorf("configuration: %v\n%s", err, config)
	}
}

// A link that somebody planted leads nowhere.
func TestRenderAlertmanagerStaysInside(t *testing.T) {
	dir := t.TempDir()
	file, out, elsewhere := filepath.Join(dir, "monitor.yml"), filepath.Join(dir, "out"), filepath.Join(dir, "elsewhere")
	write(t, file, `{alerts: {slack: {enabled: true, webhook_url: "https://x.example.com/y", channel: c}}}`)
	write(t, elsewhere, "precious")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alertmanager.yml", "secrets", "templates"} {
		if err := os.Symlink(elsewhere, filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
	}
	code, _, _ := command(t, "render", "alertmanager", "--config.file="+file, "--out="+out)
	if text, err := os.ReadFile(elsewhere); code == 0 || err != nil || string(text) != "precious" {
		t.Errorf("exit %d, the file elsewhere is %q, %v", code, text, err)
	}
}
