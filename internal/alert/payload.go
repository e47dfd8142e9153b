package alert

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Alert is one alert as Alertmanager told of it, or a change of it.
type Alert struct {
	Fingerprint string // of the labels, Alertmanager's own
	Firing      bool
	StartsAt    time.Time
	EndsAt      time.Time // zero while it fires
	ReceivedAt  time.Time
	Labels      map[string]string
	Annotations map[string]string
	Generator   string // URL of the expression's graph
	Receiver    string // of Alertmanager, that sent it here
	// Cut is set when labels or annotations were shortened or left out, because
	// there was too much of them to keep.
	Cut bool
}

// What is kept of an alert: a thousand of the largest take 16 MiB.
const (
	maxAlertBytes = 16 << 10
	maxNameBytes  = 128
	maxValueBytes = 4 << 10
)

// notification is the body that Alertmanager sends; what it has more of does not
// matter here. Its version is not looked at: what can be understood is taken. An
// alert that cannot be costs the others nothing.
type notification struct {
	Receiver        string            `json:"receiver"`
	TruncatedAlerts uint64            `json:"truncatedAlerts"`
	Alerts          []json.RawMessage `json:"alerts"`
}

// told is an alert in a notification.
type told struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// parse reads a notification: its alerts, and how many did not come, because
// Alertmanager left them out or because they make no sense. The error is one of
// the whole body.
func parse(body []byte, now time.Time) (alerts []Alert, missing uint64, err error) {
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, 0, fmt.Errorf("not a notification of Alertmanager: %w", err)
	}
	if n.Alerts == nil {
		return nil, 0, errors.New("not a notification of Alertmanager: no alerts in it")
	}
	missing = n.TruncatedAlerts
	for _, raw := range n.Alerts {
		var t told
		if json.Unmarshal(raw, &t) != nil || t.Labels["alertname"] == "" || t.Status != "firing" && t.Status != "resolved" {
			missing++
			continue
		}
		alerts = append(alerts, t.alert(n.Receiver, now))
	}
	return alerts, missing, nil
}

// alert is what is kept of t.
func (t *told) alert(receiver string, now time.Time) Alert {
	a := Alert{
		Fingerprint: fingerprint(t.Labels), Firing: t.Status == "firing",
		StartsAt: t.StartsAt.UTC(), ReceivedAt: now.UTC(),
	}
	if !a.Firing {
		a.EndsAt = t.EndsAt.UTC()
		if a.EndsAt.IsZero() || a.EndsAt.After(now) {
			a.EndsAt = a.ReceivedAt // it is over, whatever the clocks say
		}
	}
	room := maxAlertBytes
	a.Labels = a.keep(t.Labels, &room)
	a.Generator = a.text(t.GeneratorURL, &room)
	a.Receiver = a.text(receiver, &room)
	a.Annotations = a.keep(t.Annotations, &room)
	return a
}

// fingerprint is Alertmanager's: FNV-1a over names and values, each ended by 0xff.
func fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		for _, s := range []string{name, labels[name]} {
			_, _ = h.Write([]byte(s))
			_, _ = h.Write([]byte{0xff})
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// identity are the labels that are kept before others.
var identity = []string{"alertname", "cluster", "member", "severity", "kind", "type", "origin"}

func rank(name string) int {
	if i := slices.Index(identity, name); i >= 0 {
		return i
	}
	return len(identity)
}

// keep copies what there is room for.
func (a *Alert) keep(from map[string]string, room *int) map[string]string {
	names := slices.SortedFunc(maps.Keys(from), func(x, y string) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), strings.Compare(x, y))
	})
	kept := make(map[string]string, min(len(names), 32))
	for _, name := range names {
		if len(name) > maxNameBytes || *room < len(name) {
			a.Cut = true
			continue
		}
		*room -= len(name)
		kept[name] = a.text(from[name], room)
	}
	return kept
}

// text is what there is room for of s.
func (a *Alert) text(s string, room *int) string {
	if most := min(maxValueBytes, *room); len(s) > most {
		a.Cut = true
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = strings.Clone(s[:most]) // lets go of the long one
	}
	*room -= len(s)
	return s
}
