package rules

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// receivers keeps those of channels that are switched on, and gives them what
// they need. The webhook of the shipped file is etcd-monitor itself; the one of
// the configuration is somebody else.
func (r *renderer) receivers() {
	all := get(r.top, "receivers")
	var kept []*yaml.Node
	for _, n := range items(all) {
		switch name := text(n, "name"); name {
		case "nobody":
			kept = append(kept, n)
		case "watchdog":
			if r.alerts.WatchdogFile != "" {
				set(items(get(n, "webhook_configs"))[0], "url_file", r.alerts.WatchdogFile)
				kept = append(kept, n)
			}
		case "webhook":
			kept = append(kept, r.webhooks(n)...)
		default:
			if r.on(name) {
				r.receiver(name, n)
				kept = append(kept, n)
			}
		}
	}
	all.Content = kept
}

func (r *renderer) receiver(name string, n *yaml.Node) {
	c := items(get(n, name+"_configs"))[0]
	switch name {
	case "pagerduty":
		p := r.alerts.PagerDuty
		set(c, "routing_key_file", r.file(p.KeyFile, "alerts.pagerduty.integration_key", "pagerduty_key", p.Key))
	case "slack":
		s := r.alerts.Slack
		set(c, "channel", s.Channel)
		set(c, "username", s.Username)
		if s.Emoji != "" {
			set(c, "icon_emoji", s.Emoji)
		}
	case "email":
		set(c, "to", strings.Join(r.alerts.Email.To, ", "))
	}
}

// webhooks makes the receivers of the two channels that are webhooks out of the
// one of the shipped file.
func (r *renderer) webhooks(shipped *yaml.Node) []*yaml.Node {
	var made []*yaml.Node
	if w := r.alerts.Webhook; w.Enabled {
		n := clone(shipped)
		c := items(get(n, "webhook_configs"))[0]
		drop(c, "url", "http_config")
		c.HeadComment, c.Content[0].HeadComment = "", ""
		set(c, "url_file", r.file("", "alerts.webhook.url", "webhook_url", w.URL))
		if h := r.headers(); h != nil {
			set(c, "http_config", h)
		}
		made = append(made, n)
	}
	if r.alerts.Console.Enabled {
		n := clone(shipped)
		set(n, "name", "console")
		c := items(get(n, "webhook_configs"))[0]
		set(c, "url", strings.TrimSuffix(r.o.ConsoleURL, "/")+"/api/v1/alerts/webhook")
		if file := r.alerts.Console.TokenFile; file != "" {
			set(get(get(c, "http_config"), "authorization"), "credentials_file", file)
		} else {
			drop(c, "http_config")
		}
		made = append(made, n)
	}
	return made
}

// headers are those that the webhook gets, nil for none.
func (r *renderer) headers() *yaml.Node {
	h := r.alerts.Webhook.Headers
	if len(h) == 0 {
		return nil
	}
	out, others := mapping(), mapping()
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key := "alerts.webhook.headers." + name
		if kind, credentials, ok := strings.Cut(h[name].Reveal(), " "); strings.EqualFold(name, "authorization") && ok {
			file := r.file("", key, "webhook_credentials", config.Secret(credentials))
			set(out, "authorization", mapping("type", kind, "credentials_file", file))
			continue
		}
		file := r.file("", key, "webhook_header_"+strings.ToLower(name), h[name])
		set(others, name, mapping("files", list(file)))
	}
	if len(others.Content) > 0 {
		set(out, "http_headers", others)
	}
	return out
}
