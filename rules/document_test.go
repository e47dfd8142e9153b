package rules_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestDocument compares docs/alerts.md with the rules. After a change,
// `go test ./rules -update` rewrites it.
func TestDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString(preface)
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| alert | severity | after | what is told |\n|---|---|---|---|\n", s.file, s.about)
		for _, r := range rulesOf(t, s.file) {
			if r.Alert != "" {
				fmt.Fprintf(&b, "| [%s](runbooks/%s.md) | %s | %s | %s |\n", r.Alert, r.Alert, r.Labels["severity"], lasting(r), told(r))
			}
		}
	}
	if strings.Contains(b.String(), "{{") {
		t.Error("a template is left in the document: told does not know it")
	}
	golden(t, "../docs/alerts.md", b.String())
}

const preface = `# Alerts

Written from the rules by ` + "`make docs`" + `. *After* is how long a condition must last; *kept* is how long the alert stays after it. Where one alert has several rows, it has several rules.

* Load ` + "`rules/etcd-monitor.rules.yml`" + ` into the Prometheus that scrapes etcd-monitor, 2.42 or later (for ` + "`keep_firing_for`" + `). ` + "`rules/etcd-native.rules.yml`" + ` is for those who scrape etcd's own metrics too, or have no etcd-monitor. Names differ, so both can be loaded; Alertmanager's configuration in ` + "`rules/alertmanager.yml`" + ` mutes the second one's alert where the first one's says the same.
* Every alert has the labels ` + "`severity`" + ` (info, warning, critical; none for those that only mute others), ` + "`origin`" + ` (exporter or native), ` + "`kind`" + ` (what happened, the same word in both files) and ` + "`type`" + ` (the broad class), besides ` + "`cluster`" + ` and, where it is one member's, ` + "`member`" + `. No label follows a value.
* Limits are set at the exporter, for all clusters or one: ` + "`etcd_monitor_threshold`" + ` and [metrics](metrics.md) list them. The rules are not edited.
* ` + "`dashboard_url`" + ` is a path until you say where Grafana is: ` + "`etcd-monitor render rules --dashboard-base-url=https://grafana.example.com`" + `. Until then the button Dashboard leads to Alertmanager.
`

var sections = []struct{ file, about string }{
	{exporterRules, "Needs etcd-monitor, and nothing else. Alerts on what members tell of themselves (disks, requests, watchers, memory) need the digest, which is on by default."},
	{nativeRules, "Needs etcd's own metrics, of 3.4 to 3.7, and nothing else: scraped from the members, or through `/proxy` of etcd-monitor. Replaces etcd's mixin. Give the targets a label `cluster`, on `up` as well: without one the job counts as the cluster. An external label does not do, and alerts of two sites with one name for the job would be one alert. A member is `instance`, with `pod` or `member` where there are such labels; `via` is `proxy` for what etcd-monitor passes on."},
}

// lasting is the time that it takes, and the time that it stays.
func lasting(r rule) string {
	text := "at once"
	if r.For != "" {
		text = r.For
	}
	if r.KeepFiringFor != "" {
		text += ", kept " + r.KeepFiringFor
	}
	return text
}

var (
	maybe = regexp.MustCompile(`\{\{ with \$labels\.(\w+) \}\} \{\{ \. \}\}\{\{ end \}\}`)
	first = regexp.MustCompile(`\{\{ or \$labels\.(\w+)(?: \$labels\.\w+)+ \}\}`)
	label = regexp.MustCompile(`\{\{ \$labels\.(\w+)(?: \| \w+)? \}\}`)
	value = regexp.MustCompile(`\{\{ \$value(?: \| \w+)? \}\}`)
)

// told is the summary, with names in place of what they stand for.
func told(r rule) string {
	text := maybe.ReplaceAllString(r.Annotations["summary"], " *$1*")
	text = first.ReplaceAllString(text, "*$1*")
	text = label.ReplaceAllString(text, "*$1*")
	return strings.ReplaceAll(value.ReplaceAllString(text, "*N*"), "|", `\|`)
}
