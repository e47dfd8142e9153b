package config

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Alerts say where Alertmanager sends alerts to.
type Alerts struct {
	DedupWindow    time.Duration
	RepeatInterval time.Duration // 0 for that of each severity
	WatchdogFile   string        // with the URL of the dead-man's switch; "" for none

	Email     Email
	Slack     Slack
	PagerDuty PagerDuty
	Webhook   Webhook
	Console   Console
	// Routes are the channels of each severity: all that is on and belongs there,
	// if the configuration does not say.
	Routes map[string][]string
}

// File names in what follows are those that Alertmanager opens; absolute.

// Email is a channel.
type Email struct {
	Enabled      bool
	Server       string
	Port         int
	From         string
	To           []string
	Username     string
	Password     Secret
	PasswordFile string
	RequireTLS   bool
}

// Slack is a channel.
type Slack struct {
	Enabled         bool
	URL             Secret
	URLFile         string
	Channel         string
	Username, Emoji string
}

// PagerDuty is a channel.
type PagerDuty struct {
	Enabled bool
	Key     Secret
	KeyFile string
}

// Webhook is a channel.
type Webhook struct {
	Enabled bool
	URL     Secret
	Headers map[string]Secret
}

// Console is our own log.
type Console struct {
	Enabled   bool
	TokenFile string // with what Alertmanager shows us; "" for nothing
}

// Channels are the channels of alerts, the most urgent first.
var Channels = []string{"pagerduty", "slack", "email", "webhook", "console"}

// Severities are those that alerts are routed by.
var Severities = []string{"critical", "warning", "info"}

// usual are the channels of a severity, unless the configuration says.
var usual = map[string][]string{
	"critical": Channels,
	"warning":  {"slack", "email", "webhook", "console"},
	"info":     {"email", "webhook", "console"},
}

// Alerts say where Alertmanager sends alerts to.
func (f *File) Alerts() Alerts {
	d := f.c.doc
	headers := get[map[string]Secret](d, "alerts.webhook.headers")
	a := Alerts{
		DedupWindow: get[time.Duration](d, "alerts.dedup_window"), RepeatInterval: get[time.Duration](d, "alerts.repeat_interval"),
		WatchdogFile: d.absolute("alerts.watchdog_url_file"),
		Email: Email{
			Enabled: get[bool](d, "alerts.email.enabled"),
			Server:  get[string](d, "alerts.email.smtp_server"), Port: int(get[int64](d, "alerts.email.smtp_port")),
			From: get[string](d, "alerts.email.from"), To: slices.Clone(get[[]string](d, "alerts.email.to")),
			Username: get[string](d, "alerts.email.username"), Password: get[Secret](d, "alerts.email.password"),
			PasswordFile: d.absolute("alerts.email.password_file"), RequireTLS: get[bool](d, "alerts.email.require_tls"),
		},
		Slack: Slack{
			Enabled: get[bool](d, "alerts.slack.enabled"),
			URL:     get[Secret](d, "alerts.slack.webhook_url"), URLFile: d.absolute("alerts.slack.webhook_url_file"),
			Channel:  get[string](d, "alerts.slack.channel"),
			Username: get[string](d, "alerts.slack.username"), Emoji: get[string](d, "alerts.slack.icon_emoji"),
		},
		PagerDuty: PagerDuty{
			Enabled: get[bool](d, "alerts.pagerduty.enabled"),
			Key:     get[Secret](d, "alerts.pagerduty.integration_key"), KeyFile: d.absolute("alerts.pagerduty.integration_key_file"),
		},
		Webhook: Webhook{
			Enabled: get[bool](d, "alerts.webhook.enabled"), URL: get[Secret](d, "alerts.webhook.url"),
			Headers: headers,
		},
		Console: Console{
			Enabled: get[bool](d, "alerts.console.enabled"), TokenFile: d.absolute("alertmanager.webhook_token_file"),
		},
		Routes: map[string][]string{},
	}
	for _, severity := range Severities {
		channels, said := d.settings["alerts.routes."+severity].value.([]string)
		if !said {
			channels = usual[severity]
		}
		a.Routes[severity] = slices.DeleteFunc(slices.Clone(channels), func(c string) bool { return !d.switchedOn(c) })
	}
	return a
}

// KeptAlerts is how many changes of alerts are kept in memory.
func (f *File) KeptAlerts() int { return int(get[int64](f.c.doc, "monitoring.history.alerts")) }

func (d *document) switchedOn(channel string) bool {
	return get[bool](d, "alerts."+channel+".enabled")
}

// absolute is the file that a key names, from the root: whoever opens it was
// started somewhere else.
func (d *document) absolute(path string) string {
	name := d.filename(path)
	if name == "" {
		return ""
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// needed are the keys without which a channel cannot send; of those of one
// element, one is enough.
var needed = map[string][][]string{
	"email":     {{"smtp_server"}, {"from"}, {"to"}},
	"slack":     {{"webhook_url", "webhook_url_file"}, {"channel"}},
	"pagerduty": {{"integration_key", "integration_key_file"}},
	"webhook":   {{"url"}},
}

// placeholders are what the examples have in place of secrets.
var placeholders = []string{
	"your-password", "https://hooks.slack.com/services/YOUR/WEBHOOK/URL", "your-integration-key",
	"https://your-webhook-endpoint.com/alerts", "Bearer your-token",
}

// alerts checks the channels that are on, and the file that we read ourselves.
func (d *document) alerts() {
	const token = "alertmanager.webhook_token_file"
	if data, ok := d.read(token, d.filename(token)); ok && len(bytes.TrimSpace(data)) == 0 {
		d.failFile(token, d.filename(token), "it is empty")
	}
	for _, channel := range Channels {
		if !d.switchedOn(channel) {
			continue
		}
		section := "alerts." + channel
		at := d.settings[section+".enabled"].origin
		for _, one := range needed[channel] {
			if !slices.ContainsFunc(one, func(name string) bool { return d.filled(section + "." + name) }) && !d.failed(section+"."+one[0]) {
				d.fail(at, section+"."+one[0], "must be given when %s.enabled is true", section)
			}
		}
	}
	for _, name := range []string{"email.password", "slack.webhook_url", "pagerduty.integration_key", "webhook.url"} {
		path := "alerts." + name
		channel, _, _ := strings.Cut(name, ".")
		if s := get[Secret](d, path); d.switchedOn(channel) && slices.Contains(placeholders, s.Reveal()) {
			d.fail(d.settings[path].origin, path, "is still that of the example")
		}
	}
	if d.filled("alerts.email.password") != d.filled("alerts.email.username") && !d.filled("alerts.email.password_file") && d.switchedOn("email") {
		d.fail(d.settings["alerts.email.enabled"].origin, "alerts.email.username", "and a password belong together")
	}
	for _, severity := range Severities {
		s := d.settings["alerts.routes."+severity]
		channels, _ := s.value.([]string)
		for i, c := range channels {
			if !d.switchedOn(c) {
				d.fail(s.items[i], "alerts.routes."+severity, "%s is not switched on (alerts.%s.enabled)", c, c)
			}
		}
	}
}

// filled reports whether a key has a value that is not empty.
func (d *document) filled(path string) bool {
	switch v := d.settings[path].value.(type) {
	case string:
		return v != ""
	case Secret:
		return v != ""
	case []string:
		return len(v) > 0
	}
	return false
}
