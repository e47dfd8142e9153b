package config

import "time"

// serveKeys are about watching, serving and logging.
var serveKeys = []key{
	{path: "default_cluster", kind: kindText, derived: "the first", later: "an API that speaks of one cluster", doc: "The cluster that a request means which names none."},
	{path: "api", kind: kindSection, doc: "The HTTP side. TLS, client certificates and basic authentication are in the file of `--web.config.file`."},
	{path: "api.host", kind: kindText, atStart: true, def: "0.0.0.0", flag: "api-host", doc: "Host to listen on. `--web.listen-address` counts more than host and port."},
	{path: "api.port", kind: kindInt, atStart: true, def: "8080", check: within(1, 65535), flag: "api-port", doc: "Port to listen on."},
	{path: "api.external_url", kind: kindText, atStart: true, check: externalURL, flag: "web.external-url", doc: "URL under which the exporter is reached from outside; its path becomes the prefix of all routes."},
	{path: "monitoring", kind: kindSection, doc: "How often and how closely to look."},
	{path: "monitoring.health_check_interval", kind: kindDuration, def: "30s", check: lasting(time.Second, time.Hour), flag: "health-check-interval", doc: "How often to observe a cluster when nobody scrapes."},
	{path: "monitoring.metrics_interval", kind: kindDuration, def: "10s", check: lasting(time.Second, time.Hour), flag: "metrics-interval", doc: "Interval of history points and of the members' own metrics; latency probes are spread over it."},
	{path: "monitoring.watch_interval", kind: kindDuration, def: "5s", check: lasting(time.Second, time.Hour), later: "an interval of its own for changes of members and leaders", doc: "How often to look for changes of members and leaders."},
	{path: "monitoring.collector_timeout", kind: kindDuration, def: "0s", check: lasting(0, time.Hour), flag: "collector.timeout", doc: "Longest time that a scrape may take, whatever Prometheus allows; 0s for no limit of ours."},
	{path: "monitoring.hash_interval", kind: kindDuration, def: "5m", check: lasting(10*time.Second, 7*day), flag: "collector.hash.interval", doc: "How often the hash collector, if it is on, compares the members' data."},
	{path: "monitoring.probe", kind: kindSection, doc: "Latency probes."},
	{path: "monitoring.probe.enabled", kind: kindBool, def: "true", flag: "collector.probes", doc: "Measure latency, by reading."},
	{path: "monitoring.probe.samples", kind: kindInt, def: "10", check: within(1, 100), flag: "probe.samples", doc: "Samples of each kind per member and metrics interval."},
	{path: "monitoring.probe.write", kind: kindBool, def: "false", flag: "probe.write", doc: "Also measure writes. This writes to etcd: one key, under a lease, as many times per metrics interval and cluster as `samples` says."},
	{path: "monitoring.probe.key_prefix", kind: kindText, def: "/etcd-monitor/probe", check: ownPrefix, flag: "probe.key-prefix", doc: "Prefix of the key that is written."},
	{path: "monitoring.history", kind: kindSection, doc: "What is kept in memory, of each cluster."},
	{path: "monitoring.history.max_points", kind: kindInt, def: "1000", check: within(10, 100_000), doc: "Points, one per metrics interval."},
	{path: "monitoring.history.leader_changes", kind: kindInt, def: "100", check: within(1, 10_000), doc: "Changes of the leader or of the members."},
	{path: "monitoring.history.alerts", kind: kindInt, def: "1000", check: within(1, 100_000), atStart: true, doc: "Changes of alerts that Alertmanager sent here, of all clusters together."},
	{path: "monitoring.history.events", kind: kindInt, def: "1000", check: within(1, 100_000), later: "a history of events", doc: "Events."},
	{path: "monitoring.watch", kind: kindSection, doc: "Watching keys."},
	{path: "monitoring.watch.prefixes", kind: kindList, check: each(notEmpty), later: "watching keys", doc: "Prefixes of keys to watch."},
	{path: "monitoring.thresholds", kind: kindSection, doc: "Limits that the shipped alerting rules compare with, exported as `etcd_monitor_threshold`."},

	{path: "logging", kind: kindSection, doc: "The log."},
	{path: "logging.level", kind: kindText, def: "info", check: oneOf("debug", "info", "warn", "error"), flag: "log.level", doc: "Least severe level that is logged: debug, info, warn, error."},
	{path: "logging.format", kind: kindText, atStart: true, def: "logfmt", check: oneOf("logfmt", "json", "console"), flag: "log.format", doc: "Format: logfmt, json, or console, which is logfmt."},
	{path: "logging.output", kind: kindText, atStart: true, def: "stderr", check: all(oneOf("stdout", "stderr", "file"), notYet("file", "a log in a file that is rotated")), doc: "Where to: stdout, stderr or file."},
	{path: "logging.file", kind: kindSection, later: "a log in a file that is rotated", doc: "The file, with `output: file`."},
	{path: "logging.file.path", kind: kindText, def: "/var/log/etcd-monitor/app.log", check: notEmpty, doc: "Its name."},
	{path: "logging.file.max_size_mb", kind: kindInt, def: "100", check: within(1, 1<<20), doc: "Size in MiB at which the next one begins."},
	{path: "logging.file.max_backups", kind: kindInt, def: "10", check: within(0, 10_000), doc: "How many old ones are kept."},
	{path: "logging.file.max_age_days", kind: kindInt, def: "30", check: within(0, 36_500), doc: "How long old ones are kept, in days; 0 for no limit."},
	{path: "logging.file.compress", kind: kindBool, def: "true", doc: "Compress old ones."},
}
