package config

import "time"

// alertKeys say where alerts go. Serve receives them and logs them; the rest is
// what `etcd-monitor render alertmanager` makes Alertmanager's configuration of.
var alertKeys = []key{
	{path: "alertmanager", kind: kindSection, doc: "The Alertmanager that alerts come from."},
	{path: "alertmanager.urls", kind: kindList, check: each(webURL), later: "reading alerts from Alertmanager", doc: "Its URLs."},
	{path: "alertmanager.webhook_token_file", kind: kindFile, atStart: true, doc: "File with the token that Alertmanager shows when it sends alerts to `/api/v1/alerts/webhook`. Read for each request. Without one, and without authentication of the listener, only this host may send them."},
	{path: "alerts", kind: kindSection, doc: "Where alerts go. Alertmanager sends them: `etcd-monitor render alertmanager` makes its configuration of this. Secrets go into files, see `docs/alerting.md`."},
	{path: "alerts.dedup_window", kind: kindDuration, def: "5m", check: lasting(time.Second, day), doc: "Least time between two messages about one group of alerts."},
	{path: "alerts.repeat_interval", kind: kindDuration, derived: "1h, 12h and 24h by severity", check: lasting(time.Minute, 30*day), doc: "How often a message is sent again while nothing changes."},
	{path: "alerts.watchdog_url_file", kind: kindText, doc: "File, as Alertmanager sees it, with the URL of a service that is called every five minutes and raises the alarm when it is not: the dead-man's switch. Without one the webhook gets it."},
	{path: "alerts.email", kind: kindSection, doc: "E-mail."},
	{path: "alerts.email.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.email.smtp_server", kind: kindText, doc: "Server."},
	{path: "alerts.email.smtp_port", kind: kindInt, def: "587", check: within(1, 65535), doc: "Its port."},
	{path: "alerts.email.from", kind: kindText, check: address, doc: "Sender."},
	{path: "alerts.email.to", kind: kindList, check: each(all(notEmpty, address)), doc: "Receivers."},
	{path: "alerts.email.username", kind: kindText, doc: "User to log in as; none for no login."},
	{path: "alerts.email.password", kind: kindSecret, doc: "Password."},
	{path: "alerts.email.password_file", kind: kindText, doc: "File with the password instead, as Alertmanager sees it."},
	{path: "alerts.email.require_tls", kind: kindBool, def: "true", doc: "Do not send in clear text."},
	{path: "alerts.slack", kind: kindSection, doc: "Slack."},
	{path: "alerts.slack.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.slack.webhook_url", kind: kindSecret, check: webURL, doc: "URL of the incoming webhook."},
	{path: "alerts.slack.webhook_url_file", kind: kindText, doc: "File with the URL instead, as Alertmanager sees it."},
	{path: "alerts.slack.channel", kind: kindText, doc: "Channel."},
	{path: "alerts.slack.username", kind: kindText, def: "etcd-monitor", doc: "Name of the sender."},
	{path: "alerts.slack.icon_emoji", kind: kindText, doc: "Picture of the sender."},
	{path: "alerts.pagerduty", kind: kindSection, doc: "PagerDuty."},
	{path: "alerts.pagerduty.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.pagerduty.integration_key", kind: kindSecret, doc: "Key of the integration, an Events API v2 one."},
	{path: "alerts.pagerduty.integration_key_file", kind: kindText, doc: "File with the key instead, as Alertmanager sees it."},
	{path: "alerts.webhook", kind: kindSection, doc: "Any other receiver."},
	{path: "alerts.webhook.enabled", kind: kindBool, def: "false", doc: "Switches it on."},
	{path: "alerts.webhook.url", kind: kindSecret, check: webURL, doc: "Its URL, which may hold a token."},
	{path: "alerts.webhook.headers", kind: kindSecrets, doc: "Headers to send. Others than `Authorization` need Alertmanager 0.28."},
	{path: "alerts.console", kind: kindSection, doc: "Alerts in our own log."},
	{path: "alerts.console.enabled", kind: kindBool, def: "true", atStart: true, doc: "Log alerts that Alertmanager sends here, when they begin and when they end."},
	{path: "alerts.routes", kind: kindSection, doc: "Channels of each severity. Not given: critical all, warning all but PagerDuty, info e-mail, webhook and console."},
	{path: "alerts.routes.critical", kind: kindList, check: each(channel), doc: "Channels of critical alerts."},
	{path: "alerts.routes.warning", kind: kindList, check: each(channel), doc: "Channels of warnings."},
	{path: "alerts.routes.info", kind: kindList, check: each(channel), doc: "Channels of what is worth knowing."},
}

var channel = oneOf("email", "slack", "pagerduty", "webhook", "console")
