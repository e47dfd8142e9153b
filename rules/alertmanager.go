package rules

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// Delivery is a configuration for Alertmanager and what goes with it.
type Delivery struct {
	Config []byte
	// Secrets are the contents of files that Config names and that have to be
	// written, by absolute name.
	Secrets map[string]config.Secret
}

// DeliveryOptions say what the configuration does not.
type DeliveryOptions struct {
	// ConsoleURL is where Alertmanager reaches etcd-monitor, without a path of
	// the API.
	ConsoleURL string
	// SecretsDir is where secrets go that the configuration holds itself; "" if
	// it must not hold any.
	SecretsDir string
}

// ErrSecrets is the error of a configuration that holds secrets where no
// directory for them is given: Alertmanager's must not.
var ErrSecrets = errors.New("secrets do not belong in Alertmanager's configuration: put them into files, or name a directory to write them to")

// Alertmanager makes a configuration for Alertmanager: the shipped one, with what
// is switched on, and with addresses, files and intervals of a.
func Alertmanager(a config.Alerts, o DeliveryOptions) (*Delivery, error) {
	text, err := files.ReadFile("alertmanager.yml")
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("alertmanager.yml: %w", err)
	}
	r := &renderer{top: doc.Content[0], alerts: a, o: o, secrets: map[string]config.Secret{}}
	doc.HeadComment, r.top.HeadComment, r.top.Content[0].HeadComment = preface, "", ""
	r.global()
	r.routes()
	r.receivers()
	if len(r.inline) > 0 {
		return nil, fmt.Errorf("%w (%s)", ErrSecrets, strings.Join(r.inline, ", "))
	}
	out, err := yaml.Dump(&doc, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, err
	}
	return &Delivery{Config: out, Secrets: r.secrets}, nil
}

const preface = `# Delivery of etcd-monitor's alerts, made by "etcd-monitor render alertmanager" of
# the section alerts of its configuration: change that, and render again.
#
# Alertmanager 0.27 or later, 0.34.1 or later advised. The directory templates lies
# beside this file; secrets are in the files that are named here.
`

// renderer changes the shipped configuration.
type renderer struct {
	top     *yaml.Node
	alerts  config.Alerts
	o       DeliveryOptions
	secrets map[string]config.Secret
	inline  []string // keys that hold a secret without a place to put it
}

// file is the name of the file of a secret: the one that is given, or one that is
// to be written.
func (r *renderer) file(given, key, name string, secret config.Secret) string {
	switch {
	case given != "":
		return given
	case secret == "":
		return ""
	case r.o.SecretsDir == "":
		r.inline = append(r.inline, key)
		return ""
	}
	path := filepath.Join(r.o.SecretsDir, name)
	r.secrets[path] = secret
	return path
}

// on reports whether a channel is.
func (r *renderer) on(channel string) bool {
	switch channel {
	case "email":
		return r.alerts.Email.Enabled
	case "slack":
		return r.alerts.Slack.Enabled
	case "pagerduty":
		return r.alerts.PagerDuty.Enabled
	case "webhook":
		return r.alerts.Webhook.Enabled
	}
	return r.alerts.Console.Enabled
}

// catchAll is the channel of what no severity claims.
func (r *renderer) catchAll() string {
	for _, channel := range []string{"slack", "email", "webhook", "pagerduty", "console"} {
		if r.on(channel) {
			return channel
		}
	}
	return "nobody"
}

func (r *renderer) global() {
	g := get(r.top, "global")
	e := r.alerts.Email
	drop(g, "smtp_auth_username", "smtp_auth_password_file")
	if e.Enabled {
		set(g, "smtp_smarthost", net.JoinHostPort(e.Server, strconv.Itoa(e.Port)))
		set(g, "smtp_from", e.From)
		if e.Username != "" {
			set(g, "smtp_auth_username", e.Username)
			set(g, "smtp_auth_password_file", r.file(e.PasswordFile, "alerts.email.password", "smtp_password", e.Password))
		}
		if !e.RequireTLS {
			set(g, "smtp_require_tls", false)
		}
	} else {
		drop(g, "smtp_smarthost", "smtp_from")
	}
	s := r.alerts.Slack
	if s.Enabled {
		set(g, "slack_api_url_file", r.file(s.URLFile, "alerts.slack.webhook_url", "slack_url", s.URL))
	} else {
		drop(g, "slack_api_url_file")
	}
	if len(g.Content) == 0 {
		drop(r.top, "global")
	}
}

func (r *renderer) routes() {
	top := get(r.top, "route")
	set(top, "receiver", r.catchAll())
	set(top, "group_interval", duration(r.alerts.DedupWindow))
	if r.alerts.RepeatInterval > 0 {
		set(top, "repeat_interval", duration(r.alerts.RepeatInterval))
	}
	for _, route := range items(get(top, "routes")) {
		if text(route, "receiver") == "watchdog" {
			set(route, "receiver", r.watchdog())
		}
		severity := severityOf(route)
		if severity == "" {
			continue
		}
		if r.alerts.RepeatInterval > 0 {
			drop(route, "repeat_interval")
		}
		if severity == "info" {
			set(route, "group_interval", duration(max(30*time.Minute, r.alerts.DedupWindow)))
		}
		r.channels(route, r.alerts.Routes[severity])
	}
}

// watchdog is who gets the dead-man's switch.
func (r *renderer) watchdog() string {
	switch {
	case r.alerts.WatchdogFile != "":
		return "watchdog"
	case r.alerts.Webhook.Enabled:
		return "webhook"
	}
	return "nobody"
}

// severityOf is the severity that a route is for, "" for others.
func severityOf(route *yaml.Node) string {
	for _, s := range config.Severities {
		for _, m := range items(get(route, "matchers")) {
			if m.Value == fmt.Sprintf("severity = %q", s) {
				return s
			}
		}
	}
	return ""
}

// channels gives the list of receivers that the routes of a severity share what
// is switched on. Without any, the catch-all has it.
func (r *renderer) channels(route *yaml.Node, channels []string) {
	if len(channels) == 0 {
		drop(route, "routes")
		return
	}
	channels = slices.Clone(channels)
	slices.SortFunc(channels, func(a, b string) int {
		return cmp.Compare(slices.Index(config.Channels, a), slices.Index(config.Channels, b))
	})
	shared := get(items(get(route, "routes"))[0], "routes")
	shared.Content = nil
	for i, c := range channels {
		leaf := mapping("receiver", c)
		if i < len(channels)-1 {
			set(leaf, "continue", true)
		}
		leaf.Style = yaml.FlowStyle
		shared.Content = append(shared.Content, leaf)
	}
}

// duration is one as Alertmanager reads it.
func duration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.unit && d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
