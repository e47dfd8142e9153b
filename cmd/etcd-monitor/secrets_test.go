//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// canaries are secrets that can be told apart.
type canaries struct {
	list []string
}

func (c *canaries) new(what string) string {
	s := fmt.Sprintf("canary-%s-%d-9b74c9897bac770f", what, len(c.list))
	c.list = append(c.list, s)
	return s
}

// absent checks that no canary is in a text.
func (c *canaries) absent(t *testing.T, where, text string) {
	t.Helper()
	if text == "" {
		t.Errorf("%s: nothing to look at", where)
	}
	for _, s := range c.list {
		if strings.Contains(text, s) {
			t.Errorf("%s tells %s:\n%.2000s", where, s, text)
		}
	}
}

// TestSecretsStaySecret puts a canary into every secret of the configuration and
// looks for it everywhere: in the log at its most talkative, on every page, in
// errors of files that are wrong, and in what check config prints.
func TestSecretsStaySecret(t *testing.T) {
	c := &canaries{}
	right, inFile := c.new("right"), c.new("file")
	e := etcdtest.New(t, etcdtest.Options{Members: 1, Auth: etcdtest.Auth{
		RootPassword: c.new("root"),
		Users:        []etcdtest.User{{Name: "right", Password: right}, {Name: "file", Password: inFile}},
	}})
	dir := t.TempDir()
	for name, text := range map[string]string{
		"password": inFile + "\n", "token": c.new("webhook-token") + "\n", "pushgateway": c.new("pushgateway") + "\n",
	} {
		etcdtest.OK(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	file := filepath.Join(dir, "monitor.yml")
	endpoints := "endpoints: ['" + e.Endpoints()[0] + "']"
	good := "clusters:\n" +
		"  - {name: right, " + endpoints + ", auth: {username: right, password: " + right + "}}\n" +
		"  - {name: wrong, " + endpoints + ", auth: {username: right, password: " + c.new("wrong") + "}}\n" +
		"  - {name: file, " + endpoints + ", auth: {username: file, password_file: password}}\n" +
		"alerts:\n" +
		"  email: {password: " + c.new("email") + "}\n" +
		"  slack: {webhook_url: 'https://hooks.slack.com/services/" + c.new("slack") + "'}\n" +
		"  pagerduty: {integration_key: " + c.new("pagerduty") + "}\n" +
		"  webhook: {url: 'https://example.com/" + c.new("webhook") + "', headers: {Authorization: 'Bearer " + c.new("header") + "'}}\n" +
		"alertmanager: {webhook_token_file: token}\n" +
		"benchmark: {pushgateway: {username: u, password_file: pushgateway}}\n" +
		"api: {auth: {tokens: [{name: ci, token_sha256: " + c.new("token") + "}]}}\n" +
		"storage: {postgresql: {password: " + c.new("postgresql") + "}}\n"
	for _, format := range []string{"logfmt", "json"} {
		write(t, file, good)
		p := program(t, "--config.file="+file, "--web.listen-address=127.0.0.1:0", "--log.level=debug", "--log.format="+format)
		metrics := ""
		await(t, "the logins", func() bool {
			_, metrics = get(t, p.url+"/metrics")
			return strings.Contains(metrics, `has_quorum{cluster="right"} 1`) && strings.Contains(metrics, `has_quorum{cluster="file"} 1`) &&
				strings.Contains(metrics, `quorum_unknown{cluster="wrong",reason="auth"} 1`)
		})
		for _, path := range []string{"/metrics", "/", "/sd", "/probe?target=wrong", "/probe?target=" + c.list[0][:3], "/probe", "/proxy", "/-/ready", "/nothing"} {
			_, body := get(t, p.url+path)
			c.absent(t, path, body)
		}
		// A file that is wrong all over, secrets first.
		for i, bad := range []string{
			strings.ReplaceAll(good, "canary", "[canary"), strings.ReplaceAll(good, "password: ", "password: &x "), good + "zzz: [" + c.new("unclosed"),
			strings.ReplaceAll(good, "password:", "pasword:"), strings.ReplaceAll(good, ", auth: {", ", endpoints: ['http://u:"+c.new("userinfo")+"@a:1'], auth: {"),
		} {
			write(t, file, bad)
			code, body := reload(t, p.url)
			if code != http.StatusInternalServerError {
				t.Errorf("reload of bad file %d: %d", i, code)
			}
			c.absent(t, "the answer to a reload", body)
			_, out, errs := command(t, "check", "config", "--print", file)
			c.absent(t, "check config of a bad file", out+errs)
		}
		write(t, file, good)
		p.signal(syscall.SIGHUP)
		await(t, "the good file", func() bool { return strings.Contains(p.log.String(), "configuration loaded") })
		p.end()
		c.absent(t, "the log as "+format, p.log.String())
		if !strings.Contains(p.log.String(), "clusters[0].auth.password") {
			t.Error("the log says nothing of the settings")
		}
	}
	_, out, errs := command(t, "check", "config", "--print", file)
	c.absent(t, "check config", out+errs)
}
