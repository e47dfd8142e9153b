package config

import "time"

var laterAlerts = []key{
	{path: "alertmanager", kind: kindSection, doc: "The Alertmanager that alerts are read from."},
	{path: "alertmanager.urls", kind: kindList, check: each(webURL), later: "reading alerts from Alertmanager", doc: "Its URLs."},
	{path: "alertmanager.webhook_token_file", kind: kindText, later: "receiving alerts", doc: "File with the token that it shows when it sends alerts here."},
	{path: "alerts", kind: kindSection, doc: "Where Alertmanager sends alerts to: what its configuration is rendered from."},
	{path: "alerts.dedup_window", kind: kindDuration, def: "5m", check: lasting(time.Second, day), later: rendering, doc: "Least time between two messages about one group of alerts."},
	{path: "alerts.repeat_interval", kind: kindDuration, def: "4h", check: lasting(time.Minute, 30*day), later: rendering, doc: "How often a message is sent again while nothing changes."},
	{path: "alerts.email", kind: kindSection, later: "sending alerts by e-mail", doc: "E-mail."},
	{path: "alerts.email.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.email.smtp_server", kind: kindText, doc: "Server."},
	{path: "alerts.email.smtp_port", kind: kindInt, def: "587", check: within(1, 65535), doc: "Its port."},
	{path: "alerts.email.from", kind: kindText, check: address, doc: "Sender."},
	{path: "alerts.email.to", kind: kindList, check: each(all(notEmpty, address)), doc: "Receivers."},
	{path: "alerts.email.username", kind: kindText, doc: "User to log in as."},
	{path: "alerts.email.password", kind: kindSecret, doc: "Password."},
	{path: "alerts.email.password_file", kind: kindText, doc: "File with the password instead."},
	{path: "alerts.email.require_tls", kind: kindBool, def: "true", doc: "Do not send in clear text."},
	{path: "alerts.slack", kind: kindSection, later: "sending alerts to Slack", doc: "Slack."},
	{path: "alerts.slack.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.slack.webhook_url", kind: kindSecret, check: webURL, doc: "URL of the incoming webhook."},
	{path: "alerts.slack.webhook_url_file", kind: kindText, doc: "File with the URL instead."},
	{path: "alerts.slack.channel", kind: kindText, doc: "Channel."},
	{path: "alerts.slack.username", kind: kindText, def: "etcd-monitor", doc: "Name of the sender."},
	{path: "alerts.slack.icon_emoji", kind: kindText, doc: "Picture of the sender."},
	{path: "alerts.pagerduty", kind: kindSection, later: "sending alerts to PagerDuty", doc: "PagerDuty."},
	{path: "alerts.pagerduty.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.pagerduty.integration_key", kind: kindSecret, doc: "Key of the integration."},
	{path: "alerts.pagerduty.integration_key_file", kind: kindText, doc: "File with the key instead."},
	{path: "alerts.webhook", kind: kindSection, later: "sending alerts to a webhook", doc: "Any other receiver."},
	{path: "alerts.webhook.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.webhook.url", kind: kindSecret, check: webURL, doc: "Its URL, which may hold a token."},
	{path: "alerts.webhook.headers", kind: kindSecrets, doc: "Headers to send."},
	{path: "alerts.console", kind: kindSection, doc: "Alerts in our own log."},
	{path: "alerts.console.enabled", kind: kindBool, def: "false", quiet: "alerts do not appear in the log", doc: "Switches it on."},
	{path: "alerts.routes", kind: kindSection, doc: "Channels of each severity; all that are switched on, if not given."},
	{path: "alerts.routes.critical", kind: kindList, check: each(channel), later: rendering, doc: "Channels of critical alerts."},
	{path: "alerts.routes.warning", kind: kindList, check: each(channel), later: rendering, doc: "Channels of warnings."},
	{path: "alerts.routes.info", kind: kindList, check: each(channel), later: rendering, doc: "Channels of what is worth knowing."},
}

const rendering = "rendering a configuration for Alertmanager"

var channel = oneOf("email", "slack", "pagerduty", "webhook", "console")

// Benchmarks are run by the verb of that name, which takes its defaults here.
