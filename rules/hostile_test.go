package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
)

// hostile are values of labels and annotations that somebody may have thought of
// when they named a member of their cluster.
var hostile = map[string]string{
	"html":       `<script>alert(1)</script><img src=x onerror=alert(2)>`,
	"attribute":  `" onmouseover="alert(1)" x="' onfocus='alert(2)`,
	"end of tag": `</td></table></title></body><h1>`,
	"slack":      `<!channel> <@U123> <http://evil.example|Runbook> & &lt;!here&gt;`,
	"lines":      "one\r\nBcc: victim@evil.example\r\n\r\nbody\x00\x1b[31m",
	"template":   `{{ .ExternalURL }}{{ template "nothing" . }}{{`,
	"json":       `","severity":"info","x":"\`,
	"direction":  "safe\u202egnp.exe\u2066",
	"long":       strings.Repeat("x<", 32<<10),
	"long lines": strings.Repeat("a\n", 32<<10),
	"script":     "javascript:alert(1)",
	"runes":      strings.Repeat("ä€😀", 300),
}

// slackMessage is what Slack makes a message of.
type slackMessage struct {
	Attachments []struct {
		Title, Text, Fallback, Footer, Color string
		TitleLink                            string `json:"title_link"`
		Fields                               []struct{ Title, Value string }
		Actions                              []struct{ Type, Text, URL string }
	}
}

// event is what PagerDuty makes an incident of.
type event struct {
	ClientURL string `json:"client_url"`
	Links     []struct{ Href, Text string }
	Payload   struct {
		Summary, Source, Severity, Component, Group, Class string
		CustomDetails                                      map[string]any `json:"custom_details"`
	}
}

var (
	tag      = regexp.MustCompile(`<(/?)([a-zA-Z!][a-zA-Z0-9]*)`)
	href     = regexp.MustCompile(`href="([^"]*)"`)
	webLink  = regexp.MustCompile(`^https?://[^\s<>"|]+$`)
	ourTags  = strings.Fields("!doctype html head meta title body h1 h2 div p strong a table tr td")
	onlyLine = regexp.MustCompile(`^[^\n\r\x00\x1b]*$`)
)

// Whatever stands in labels and annotations arrives, as text, and harms nobody.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	everyDaemon(t, 300, func(t *testing.T, am *alerttest.Alertmanager, sinks *alerttest.Sinks) {
		for _, value := range hostile {
			a := about(value, "EtcdQuorumLost", "critical", "member", value, "kind", value)
			a.Annotations = map[string]string{"summary": value, "description": value, "runbook_url": value, "dashboard_url": value}
			am.Post(a)
		}
		for _, channel := range []string{"email", "slack", "pagerduty"} {
			var got []alerttest.Note
			for range 600 { // half a minute
				if got = sinks.Find(func(n alerttest.Note) bool { return n.Channel == channel }); len(got) >= len(hostile) {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if len(got) < len(hostile) {
				t.Fatalf("%s took %d of %d messages", channel, len(got), len(hostile))
			}
			for _, n := range got {
				checkHarmless(t, n)
			}
		}
	})
}

func checkHarmless(t *testing.T, n alerttest.Note) {
	t.Helper()
	if len(n.Text) > 64<<10 {
		t.Errorf("%s: a message of %d bytes", n.Channel, len(n.Text))
	}
	switch n.Channel {
	case "email":
		checkMail(t, n)
	case "slack":
		var m slackMessage
		if err := json.Unmarshal([]byte(n.Text), &m); err != nil {
			t.Fatal(err)
		}
		checkSlack(t, m)
	case "pagerduty":
		var e event
		if err := json.Unmarshal([]byte(n.Text), &e); err != nil {
			t.Fatal(err)
		}
		checkEvent(t, e)
	}
}

func checkMail(t *testing.T, n alerttest.Note) {
	t.Helper()
	want := strings.Fields("Content-Type Date From Message-Id Mime-Version Subject To")
	if got := slices.Sorted(maps.Keys(n.Header)); !slices.Equal(got, want) {
		t.Errorf("mail: headers %v, want %v", got, want)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(n.Header["Subject"][0])
	if err != nil || !onlyLine.MatchString(subject) || len([]rune(subject)) > 300 {
		t.Errorf("mail: subject of %d runes %.100q: %v", len([]rune(subject)), subject, err)
	}
	_, html, ok := strings.Cut(n.Text, "<!doctype html>")
	if !ok {
		t.Fatalf("mail: no HTML in %.200q", n.Text)
	}
	for _, m := range tag.FindAllStringSubmatch(html, -1) {
		if !slices.Contains(ourTags, m[2]) {
			t.Errorf("mail: a <%s> that is not ours", m[2])
		}
	}
	if regexp.MustCompile(`<[^>]*\son\w+=`).MatchString(html) || strings.Count(html, "</table>") != 1 || strings.Count(html, "</title>") != 1 {
		t.Errorf("mail: HTML is broken: %.2000s", html)
	}
	for _, m := range href.FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(m[1], "http://") && !strings.HasPrefix(m[1], "https://") {
			t.Errorf("mail: a link to %.100q", m[1])
		}
	}
}

func checkSlack(t *testing.T, m slackMessage) {
	t.Helper()
	a := m.Attachments[0]
	for _, text := range []string{a.Title, a.Text, a.Fallback, a.Footer, a.Fields[0].Value, a.Fields[1].Value, a.Fields[2].Value, a.Fields[3].Value} {
		if strings.ContainsAny(text, "<>") || text == "" {
			t.Errorf("slack: markup or nothing in %.200q", text)
		}
		if regexp.MustCompile(`&(?:[^agl]|a[^m]|g[^t]|l[^t])`).MatchString(text) {
			t.Errorf("slack: a bare & in %.200q", text)
		}
	}
	if len(a.Text) > 8000 {
		t.Errorf("slack: a text of %d bytes", len(a.Text))
	}
	var buttons []string
	for _, b := range a.Actions {
		buttons = append(buttons, b.Type+" "+b.Text)
		if !webLink.MatchString(b.URL) {
			t.Errorf("slack: button %s leads to %.200q", b.Text, b.URL)
		}
	}
	if fmt.Sprint(buttons) != "[button Runbook button Dashboard button Silence]" {
		t.Errorf("slack: buttons %v", buttons)
	}
}

func checkEvent(t *testing.T, e event) {
	t.Helper()
	p := e.Payload
	for name, text := range map[string]string{"summary": p.Summary, "source": p.Source, "component": p.Component, "group": p.Group, "class": p.Class} {
		if !onlyLine.MatchString(text) || text == "" || len([]rune(text)) > 300 {
			t.Errorf("pagerduty: %s is %.300q", name, text)
		}
	}
	if p.Severity != "critical" {
		t.Errorf("pagerduty: severity %q", p.Severity)
	}
	if len(e.Links) != 3 || !webLink.MatchString(e.ClientURL) {
		t.Errorf("pagerduty: links %v, client %q", e.Links, e.ClientURL)
	}
	for _, l := range e.Links {
		if !webLink.MatchString(l.Href) {
			t.Errorf("pagerduty: %s leads to %.200q", l.Text, l.Href)
		}
	}
	if _, ok := p.CustomDetails["firing"]; !ok || p.CustomDetails["error"] != nil {
		t.Errorf("pagerduty: details %.300v", p.CustomDetails)
	}
}
