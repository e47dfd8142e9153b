package rules

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"go.yaml.in/yaml/v4"
)

// templates executes everything that is one, with alerts as they come.
func (c *amChecker) templates(top *yaml.Node) {
	list := get(top, "templates")
	var globs []string
	for i, n := range items(list) {
		glob := n.Value
		if !filepath.IsAbs(glob) {
			glob = filepath.Join(c.dir, glob)
		}
		found, err := filepath.Glob(glob)
		switch {
		case err != nil:
			c.fail(n, at("templates", i), "%s: %s", n.Value, err)
		case len(found) == 0:
			c.fail(n, at("templates", i), "%s: there is no such file", glob)
		default:
			globs = append(globs, glob)
		}
	}
	t, err := template.FromGlobs(globs)
	if err != nil {
		c.fail(list, "templates", "%s", err)
		return
	}
	receivers := get(top, "receivers")
	if receivers == nil {
		return
	}
	walk(receivers, "receivers", "", func(n *yaml.Node, path, key string) {
		if !strings.Contains(n.Value, "{{") {
			return
		}
		execute := t.ExecuteTextString
		if key == "html" {
			execute = t.ExecuteHTMLString
		}
		for _, s := range samples() {
			if _, err := execute(n.Value, s.data); err != nil {
				c.fail(n, path, "with %s: %s", s.name, short(err))
				return
			}
		}
	})
}

// short is an error of a template without what is said twice.
func short(err error) string {
	s := strings.TrimPrefix(err.Error(), "template: ")
	if before, after, ok := strings.Cut(s, ": "); ok && strings.HasPrefix(before, ":") {
		return after
	}
	return s
}

// sample is what a template may be given.
type sample struct {
	name string
	data *template.Data
}

// samples are notifications as Alertmanager sends them: of one alert, of several
// that have little in common, of one that says as good as nothing, and of their
// end.
func samples() []sample {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full := template.Alert{
		Status: "firing", StartsAt: since, Fingerprint: "0123456789abcdef",
		GeneratorURL: "http://prometheus.example.com/graph?g0.expr=up",
		Labels: template.KV{
			"alertname": "EtcdMemberDown", "cluster": "prod", "member": "m0", "severity": "warning",
			"kind": "member_down", "origin": "exporter", "type": "cluster_health",
		},
		Annotations: template.KV{
			"summary": "Member m0 of etcd cluster prod is down.", "description": "m0 has not answered for three minutes.",
			"runbook_url": RunbookBaseURL + "EtcdMemberDown.md", "dashboard_url": "/d/etcd-monitor-cluster?var-cluster=prod",
		},
	}
	bare := template.Alert{Status: "firing", StartsAt: since, Labels: template.KV{"alertname": "Bare"}, Annotations: template.KV{}}
	ended := full
	ended.Status, ended.EndsAt = "resolved", since.Add(time.Minute)
	group := template.KV{"alertname": "EtcdMemberDown", "cluster": "prod"}
	return []sample{
		{"an alert", notice("firing", group, full)},
		{"several alerts", notice("firing", template.KV{}, full, bare, ended)},
		{"an alert without labels", notice("firing", template.KV{}, bare)},
		{"a resolved alert", notice("resolved", group, ended)},
	}
}

// notice is a notification of alerts.
func notice(status string, group template.KV, alerts ...template.Alert) *template.Data {
	d := &template.Data{
		Receiver: "sample", Status: status, Alerts: alerts, GroupLabels: group, RouteLabels: template.KV{},
		ExternalURL: "http://alertmanager.example.com", CommonLabels: template.KV{}, CommonAnnotations: template.KV{},
	}
	common := func(of func(template.Alert) template.KV) template.KV {
		out := template.KV{}
		for k, v := range of(alerts[0]) {
			same := true
			for _, a := range alerts[1:] {
				if w, ok := of(a)[k]; !ok || w != v {
					same = false
				}
			}
			if same {
				out[k] = v
			}
		}
		return out
	}
	d.CommonLabels = common(func(a template.Alert) template.KV { return a.Labels })
	d.CommonAnnotations = common(func(a template.Alert) template.KV { return a.Annotations })
	return d
}
