package rules

import (
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// CheckRules reports what is wrong with a file of rules, or with a PrometheusRule:
// what our Alertmanager configuration and runbooks rely on, and names of metrics
// of ours that do not exist, for which promtool has no ear. Expressions as such
// are promtool's. The error is a config.Problems. metric says whether there is a
// metric of a name that begins with etcd_monitor_.
func CheckRules(file string, metric func(name string) bool) error {
	c := &ruleChecker{checker: checker{file: file}, metric: metric, recorded: map[string]bool{}}
	top := c.load()
	if top == nil {
		return c.err()
	}
	path, body := "", top
	if text(top, "kind") == "PrometheusRule" {
		path, body = "spec", get(top, "spec")
	} else {
		c.only(top, "", "groups")
	}
	groups := get(body, "groups")
	if groups == nil {
		c.fail(top, join(path, "groups"), "are missing")
		return c.err()
	}
	c.eachRule(groups, path, func(r *yaml.Node, _ string) { c.recorded[text(r, "record")] = true })
	names := map[string]bool{}
	for i, g := range items(groups) {
		at := at(join(path, "groups"), i)
		c.only(g, at, "name", "interval", "limit", "query_offset", "labels", "rules", "partial_response_strategy")
		switch name := text(g, "name"); {
		case name == "":
			c.fail(g, at+".name", "is missing")
		case names[name]:
			c.fail(get(g, "name"), at+".name", "there is a group %q already", name)
		default:
			names[name] = true
		}
	}
	c.eachRule(groups, path, c.rule)
	return c.err()
}

type ruleChecker struct {
	checker
	metric   func(string) bool
	recorded map[string]bool // names that rules of this file record
}

// only finds keys that are not among those.
func (c *ruleChecker) only(n *yaml.Node, path string, keys ...string) {
	each(n, path, func(k, _ *yaml.Node, path string) {
		if !slices.Contains(keys, k.Value) {
			c.fail(k, path, "unknown key")
		}
	})
}

func (c *ruleChecker) eachRule(groups *yaml.Node, path string, do func(r *yaml.Node, path string)) {
	for i, g := range items(groups) {
		for j, r := range items(get(g, "rules")) {
			do(r, at(at(join(path, "groups"), i)+".rules", j))
		}
	}
}

// ours are metrics, and what a rule records, in an expression.
var ours = regexp.MustCompile(`\betcd_monitor[a-zA-Z0-9_:]*`)

func (c *ruleChecker) rule(r *yaml.Node, path string) {
	c.only(r, path, "alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
	for _, key := range []string{"for", "keep_firing_for"} {
		if v := get(r, key); v != nil {
			if _, err := model.ParseDuration(v.Value); err != nil {
				c.fail(v, join(path, key), "%q is not a duration like 5m", v.Value)
			}
		}
	}
	expr := get(r, "expr")
	if expr == nil || strings.TrimSpace(expr.Value) == "" {
		c.fail(r, path+".expr", "is missing")
		return
	}
	for _, name := range ours.FindAllString(expr.Value, -1) {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !c.recorded[name] && !c.metric(name) && !c.metric(base) && !strings.Contains(name, ":") {
			c.fail(expr, path+".expr", "there is no metric %s", name)
		}
		if strings.Contains(name, ":") && !c.recorded[name] {
			c.fail(expr, path+".expr", "no rule of this file records %s", name)
		}
	}
	if (get(r, "alert") == nil) == (get(r, "record") == nil) {
		c.fail(r, path, "is either an alert or a record")
		return
	}
	if get(r, "alert") != nil {
		c.alert(r, path)
	}
}

// severities are those that the shipped routes know.
var severities = []string{"critical", "warning", "info", "none"}

func (c *ruleChecker) alert(r *yaml.Node, path string) {
	labels, notes := get(r, "labels"), get(r, "annotations")
	switch s := get(labels, "severity"); {
	case s == nil:
		c.fail(r, path+".labels.severity", "is missing: no route is for the alert")
	case !slices.Contains(severities, s.Value):
		c.fail(s, path+".labels.severity", "%q is none of %s: no route is for the alert", s.Value, strings.Join(severities, ", "))
	}
	for _, key := range []string{"summary", "description", "runbook_url"} {
		if text(notes, key) == "" {
			c.fail(r, join(path+".annotations", key), "is missing: messages show it")
		}
	}
	if u := get(notes, "runbook_url"); u != nil && !strings.HasPrefix(u.Value, "https://") && !strings.HasPrefix(u.Value, "http://") {
		c.fail(u, path+".annotations.runbook_url", "%q is not a URL", u.Value)
	}
	each(labels, path+".labels", func(_, v *yaml.Node, path string) {
		if c.parses(v, path) && strings.Contains(v.Value, "$value") || strings.Contains(v.Value, ".Value") {
			c.fail(v, path, "a value in a label makes a new alert of every evaluation: put it into an annotation")
		}
	})
	each(notes, path+".annotations", func(_, v *yaml.Node, path string) { c.parses(v, path) })
}

// functions are those that Prometheus has in templates, by name.
var functions = strings.Fields(`args title toUpper toLower match reReplaceAll graphLink tableLink safeHtml externalURL pathPrefix
	stripPort stripDomain humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp parseDuration toTime toDuration
	query first label value strvalue sortByLabel tmpl now and or not len index slice print printf println html js urlquery call eq ne
	lt le gt ge`)

// parses reports whether a template can be read, and says so if it cannot.
func (c *ruleChecker) parses(n *yaml.Node, path string) bool {
	if n == nil || n.Kind != yaml.ScalarNode {
		return false
	}
	known := map[string]any{}
	for _, name := range functions {
		known[name] = func() string { return "" }
	}
	// As Prometheus does: shorthands for what a template is about.
	shorthands := `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`
	_, err := parse.Parse("", shorthands+n.Value, "", "", known, template.FuncMap{})
	if err != nil {
		c.fail(n, path, "%s", strings.TrimPrefix(err.Error(), "template: "))
		return false
	}
	return true
}
