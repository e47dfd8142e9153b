package alerttest

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// read takes a request's JSON.
func (s *Sinks) read(w http.ResponseWriter, r *http.Request, v any) (text string, ok bool) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		s.errorf("%s: %v", r.URL.Path, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return "", false
	}
	return string(body), true
}

// Slack answers incoming webhooks with the two letters that are all that
// Alertmanager takes for a yes.
func (s *Sinks) slack(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Attachments []struct {
			Title, Color string
			Fields       []struct{ Title, Value string }
		}
	}
	text, ok := s.read(w, r, &m)
	if !ok || len(m.Attachments) != 1 {
		s.errorf("slack: %d attachments", len(m.Attachments))
		return
	}
	a := m.Attachments[0]
	n := Note{Channel: "slack", Resolved: a.Color == "good", Text: text}
	_, n.Alert, _ = strings.Cut(a.Title, "] ")
	n.Alert, _, _ = strings.Cut(n.Alert, " ")
	for _, f := range a.Fields {
		switch f.Title {
		case "Cluster":
			n.Cluster = strings.Trim(f.Value, "-") // which stands for none
		case "Severity":
			n.Severity = f.Value
		}
	}
	s.add(n)
	_, _ = io.WriteString(w, "ok")
}

// pagerDuty is the second version of its API for events.
func (s *Sinks) pagerDuty(w http.ResponseWriter, r *http.Request) {
	var m struct {
		RoutingKey  string `json:"routing_key"`
		DedupKey    string `json:"dedup_key"`
		EventAction string `json:"event_action"`
		Payload     struct{ Summary, Source, Severity, Group string }
	}
	text, ok := s.read(w, r, &m)
	switch {
	case !ok:
		return
	case m.RoutingKey != routingKey:
		s.errorf("pagerduty: routing key %q", m.RoutingKey)
	case m.Payload.Source == "", m.Payload.Summary == "", m.DedupKey == "":
		s.errorf("pagerduty: something it insists on is missing: %s", text)
	}
	n := Note{
		Channel: "pagerduty", Resolved: m.EventAction == "resolve", Key: m.DedupKey, Text: text,
		Cluster: m.Payload.Group, Severity: m.Payload.Severity,
	}
	_, n.Alert, _ = strings.Cut(m.Payload.Summary, "] ")
	n.Alert, _, _ = strings.Cut(n.Alert, ":")
	s.add(n)
	w.WriteHeader(http.StatusAccepted)
}

// webhook makes a note of each alert.
func (s *Sinks) webhook(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+Token)) != 1 {
		s.errorf("webhook: authorization is not the token's")
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	s.alerts(w, r, "webhook")
}

func (s *Sinks) watchdog(w http.ResponseWriter, r *http.Request) { s.alerts(w, r, "watchdog") }

func (s *Sinks) alerts(w http.ResponseWriter, r *http.Request, channel string) {
	var m struct {
		Alerts []struct {
			Status string
			Labels map[string]string
		}
	}
	text, ok := s.read(w, r, &m)
	if !ok {
		return
	}
	for _, a := range m.Alerts {
		s.add(Note{
			Channel: channel, Alert: a.Labels["alertname"], Cluster: a.Labels["cluster"], Severity: a.Labels["severity"],
			Resolved: a.Status == "resolved", Text: text,
		})
	}
}
