package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sample is what a key that checks its value takes and what it does not: values
// as YAML has them, with bars between, and words that are in every refusal.
type sample struct{ good, bad, says string }

// samples are those of every key with a check, and of the kinds, which check by
// themselves; of the keys of a cluster without etcd or clusters[].
var samples = map[string]sample{
	"name":              {`x | "a b" | Ünïcode | "` + strings.Repeat("n", 128) + `"`, `"" | "a\nb" | "` + strings.Repeat("n", 129) + `"`, "1 to 128 printable characters"},
	"endpoints":         {"[a:1] | [http://a:1, 'https://[::1]:2'] | [a:1, a:1]", "[a] | [a:0] | [a:70000] | ['ftp://a:1'] | ['a:1,b:1'] | ['http://u:p@a:1'] | ['http://a:1/x']", "endpoint"},
	"dns_srv":           {"example.com | _x.example.com. | localhost", "'a b' | http://a.example | -a.example | a..b", "is not a domain"},
	"metrics_urls":      {"[http://a:2381] | [http://a:2381/metrics]", "[a:2381] | ['http://u:p@a:1'] | [ftp://a:1]", ""},
	"labels":            {"{env: prod, a_b1: ''}", "{1a: x} | {a-b: x} | {__x: x} | {cluster: x} | {member: x} | {member_id: x} | {instance: x} | {job: x} | {via: x}", "label"},
	"dial_timeout":      {"10ms | 1m", "9ms | 61s | -1s | 1d", "than"},
	"db_quota_bytes":    {"0 | 8589934592 | 8GiB | 512MiB", "8GB | -1 | 1.5GiB | 2048TiB", "is"},
	"tls.server_name":   {"etcd.example.com", "'a b' | https://a", "is not a domain"},
	"thresholds.number": {"0.1 | 100 | 1e3", "0 | -1 | .nan | .inf | 1e16", "is no"},
	"thresholds.ratio":  {"0 | 0.05 | 1", "-0.1 | .nan | .inf", "is no"},
	"thresholds.seconds": {
		"0.05 | 30 | 100ms | 14d", "0 | -1s | .nan | .inf", "is no",
	},
	"thresholds.memory_bytes":           {"1 | 8GiB", "0 | 8G | -1 | 0KiB", "is"},
	"thresholds.min_available_nodes":    {"1 | 1000", "0 | 1001", "is not within 1 to 1000"},
	"thresholds.min_disk_space_percent": {"0 | 12.5 | 100", "-1 | 101 | .nan", "is no"},

	"default_cluster":                    {"default", "x | ''", "there is no cluster"},
	"api.port":                           {"1 | 65535", "0 | 65536 | -1", "is not within 1 to 65535"},
	"api.external_url":                   {"http://a | https://a.example:8443/etcd/ | ''", "a.example | ftp://a | 'http://u:p@a' | 'http://a/?x=1' | 'http://a#x' | /etcd", ""},
	"api.timeout":                        {"30s", "999ms | 61m", "than"},
	"api.max_concurrent":                 {"256", "0 | 100001", "is not within"},
	"api.rate_limit.requests_per_minute": {"1", "0 | 1000001", "is not within"},
	"api.rate_limit.burst":               {"1", "0 | 1000001", "is not within"},
	"api.cors.allowed_origins":           {"['*'] | [https://a]", "['']", "is empty"},
	"api.cors.allowed_methods":           {"[GET, DELETE]", "[get] | [TRACE]", "is none of"},
	"api.cors.allowed_headers":           {"[X-A]", "['']", "is empty"},
	"api.auth.mode":                      {"none", "basic | None | ''", "is none of"},
	"api.auth.jwt.algorithms":            {"[RS256, EdDSA]", "[none] | [rs256] | ['']", "is none of"},
	"api.auth.jwt.jwks_url":              {"https://a/keys", "a/keys | file:///x | 'https://u:p@a/keys'", ""},
	"api.auth.jwt.roles_claim":           {"groups", "''", "is empty"},
	"api.auth.jwt.leeway":                {"0s | 1m", "-1s | 2h", "than"},
	"api.auth.oauth2.issuer_url":         {"https://a", "a", ""},
	"api.auth.oauth2.introspection_url":  {"https://a/x", "a", ""},
	"api.auth.oauth2.required_scopes":    {"[a]", "['']", "is empty"},
	"api.auth.oauth2.roles_claim":        {"groups", "''", "is empty"},
	"api.auth.tokens[].name":             {"ci", "''", "is empty"},
	"api.auth.tokens[].role":             {"viewer | admin", "root | ''", "is none of"},
	"api.auth.roles.viewer":              {"[a]", "['']", "is empty"},
	"api.auth.roles.operator":            {"[a]", "['']", "is empty"},
	"api.auth.roles.admin":               {"[a]", "['']", "is empty"},
	"monitoring.health_check_interval":   {"1s | 1h | 1m30s", "999ms | 61m | 0s | -1s", "than"},
	"monitoring.metrics_interval":        {"1s | 1h", "999ms | 61m", "than"},
	"monitoring.watch_interval":          {"5s", "999ms | 61m", "than"},
	"monitoring.collector_timeout":       {"0s | 1h", "-1s | 61m", "than"},
	"monitoring.hash_interval":           {"10s | 7d", "9s | 8d", "than"},
	"monitoring.probe.samples":           {"1 | 100", "0 | 101", "is not within 1 to 100"},
	"monitoring.probe.key_prefix":        {"/x | x/ | /registry2", "'' | / | /registry | /registry/x | /registry/", "is no place of ours"},
	"monitoring.history.max_points":      {"10 | 100000", "9 | 100001", "is not within"},
	"monitoring.history.leader_changes":  {"1 | 10000", "0 | 10001", "is not within"},
	"monitoring.history.alerts":          {"1000", "0", "is not within"},
	"monitoring.history.events":          {"1000", "0", "is not within"},
	"monitoring.watch.prefixes":          {"[]", "['']", "is empty"},
	"logging.level":                      {"debug | info | warn | error", "Debug | trace | ''", "is none of"},
	"logging.format":                     {"logfmt | json | console", "xml", "is none of"},
	"logging.output":                     {"stdout | stderr", "syslog | file", ""},
	"logging.file.path":                  {"/var/log/x", "''", "is empty"},
	"logging.file.max_size_mb":           {"1", "0", "is not within"},
	"logging.file.max_backups":           {"0", "-1", "is not within"},
	"logging.file.max_age_days":          {"0", "-1", "is not within"},
	"alertmanager.urls":                  {"[]", "[a] | ['http://u:p@a']", ""},
	"alerts.dedup_window":                {"5m", "1ms | 25h", "than"},
	"alerts.repeat_interval":             {"4h", "1s | 31d", "than"},
	"alerts.email.smtp_port":             {"25", "0 | 65536", "is not within"},
	"alerts.email.from":                  {"a@b | ''", "a | '@b' | a@ | 'a b@c'", "is not an address"},
	"alerts.email.to":                    {"[a@b]", "[''] | [a] | ['a@b, c@d']", ""},
	"alerts.slack.webhook_url":           {"https://hooks.example.com/x", "hooks.example.com/x", ""},
	"alerts.webhook.url":                 {"https://a/x", "a/x", ""},
	"alerts.routes.critical":             {"[]", "[sms]", "is none of"},
	"alerts.routes.warning":              {"[]", "[sms]", "is none of"},
	"alerts.routes.info":                 {"[]", "[sms]", "is none of"},
	"benchmark.interval":                 {"1h", "59s | 31d", "than"},
	"benchmark.pushgateway.url":          {"http://a:9091", "a:9091 | 'http://u:p@a'", ""},
	"benchmark.pushgateway.job":          {"x", "''", "is empty"},
	"benchmark.default.type":             {"write | txn", "all", "is none of"},
	"benchmark.default.connections":      {"1", "0", "is not within"},
	"benchmark.default.clients":          {"1", "0", "is not within"},
	"benchmark.default.key_size":         {"16", "15 | 4097", "is not within"},
	"benchmark.default.value_size":       {"0", "-1", "is not within"},
	"benchmark.default.total_operations": {"1", "0", "is not within"},
	"benchmark.default.duration":         {"0s | 1m", "-1s | 8d", "than"},
	"benchmark.default.key_prefix":       {"/x", "'' | /registry", "is no place of ours"},
	"benchmark.default.rate_limit":       {"0", "-1", "is not within"},
	"benchmark.default.read_ratio":       {"0 | 1", "1.5 | -1", "is not within 0 to 1"},
	"benchmark.default.range_size":       {"1", "0", "is not within"},
	"benchmark.default.txn_ops":          {"1", "0 | 129", "is not within"},
	"benchmark.slo.read_throughput":      {"0", "-1 | .nan", "is no"},
	"benchmark.slo.write_throughput":     {"0", "-1 | .nan", "is no"},
	"benchmark.slo.p99_latency_ms":       {"0.5", "-1", "is not within"},
	"benchmark.slo.max_error_rate":       {"0", "5", "write 0.05 for 5%"},
	"benchmark.max_api_operations":       {"1", "0", "is not within"},
	"storage.type":                       {"timescaledb", "mysql", "is none of"},
	"storage.postgresql.host":            {"a", "''", "is empty"},
	"storage.postgresql.port":            {"1", "0", "is not within"},
	"storage.postgresql.database":        {"a", "''", "is empty"},
	"storage.postgresql.user":            {"a", "''", "is empty"},
	"storage.postgresql.ssl_mode":        {"verify-full", "on", "is none of"},
	"storage.postgresql.max_connections": {"1", "0", "is not within"},
	"storage.retention.metrics":          {"90d | 1y2w", "1m | 101y", "than"},
	"storage.retention.alerts":           {"30d", "1m", "than"},
	"storage.retention.events":           {"30d", "1m", "than"},
	"storage.rollups":                    {"[1m, 1h]", "[1] | [x] | [1ms]", ""},
	"storage.batch.size":                 {"1", "0", "is not within"},
	"storage.batch.flush_interval":       {"1s", "1ms", "than"},
	"remediation.cooldown":               {"1m", "1s", "than"},
	"remediation.policies[].name":        {"x", "''", "is empty"},
	"remediation.policies[].trigger":     {"x", "''", "is empty"},
	"remediation.policies[].action":      {"x", "''", "is empty"},
	"backup.max_age":                     {"24h", "1s", "than"},
	"features.multi_cluster":             {"auto | true | false", "maybe", "is none of"},
	"kind boolean":                       {"true | false", "", ""},
	"kind whole number":                  {"7", "99999999999999999999 | 0x10", "is not a whole number"},
	"kind number":                        {"7 | 0.5", "", ""},
	"kind duration":                      {"1s | 1h30m | 1d", "5 | 1.5 | 1x | '' | 300y", ""},
	"kind text":                          {"x | '12' | ''", "", ""},
	"kind file":                          {"''", "\"a\\nb\"", "is not the name of a file"},
	"kind secret":                        {"x | '12'", "", ""},
	"kind list of texts":                 {"[] | [a] | [a, b]", "", ""},
	"kind mapping of texts":              {"{} | {a: b}", "", ""},
	"kind mapping of secrets":            {"{} | {a: b}", "", ""},
	"kind size":                          {"1 | 1KiB", "x", "is no size"},
	"kind seconds":                       {"1 | 1s", "1x", "is no duration"},
	"kind word":                          {"x", "", ""},
}

// sampleOf is the sample of a key.
func sampleOf(t *testing.T, k *key) sample {
	t.Helper()
	path := strings.TrimPrefix(strings.TrimPrefix(k.path, "etcd."), "clusters[].")
	path = strings.TrimPrefix(path, "monitoring.")
	if !strings.HasPrefix(path, "thresholds.") && strings.HasPrefix(k.path, "monitoring.") {
		path = k.path
	}
	if s, ok := samples[path]; ok {
		return s
	}
	if strings.HasPrefix(path, "thresholds.") {
		switch {
		case k.kind == kindSeconds:
			return samples["thresholds.seconds"]
		case fmt.Sprintf("%p", k.check) == fmt.Sprintf("%p", check(ratio)):
			return samples["thresholds.ratio"]
		}
		return samples["thresholds.number"]
	}
	if k.check != nil {
		t.Errorf("%s: no sample", k.path)
	}
	s, ok := samples["kind "+k.kind.name]
	if !ok {
		t.Errorf("%s: no sample of its kind, %s", k.path, k.kind.name)
	}
	return s
}

func (s sample) goods() []string { return split(s.good) }
func (s sample) bads() []string  { return split(s.bad) }

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, " | ")
}

// write is a file that gives one key a value, and the place of the value.
func (k *key) write(value string) (text string, line, column int) {
	var b strings.Builder
	indent := ""
	item := false
	parts := strings.Split(k.path, ".")
	for i, part := range parts {
		name, list := strings.CutSuffix(part, "[]")
		head := indent
		if item {
			head += "- "
		}
		if i == len(parts)-1 {
			fmt.Fprintf(&b, "%s%s: %s\n", head, name, value)
			return b.String(), i + 1, len(head) + len(name) + 3
		}
		fmt.Fprintf(&b, "%s%s:\n", head, name)
		if item {
			indent += "  "
		}
		indent, item = indent+"  ", list
	}
	panic("unreachable")
}

// place is the path of the key in such a file.
func (k *key) place() string { return strings.ReplaceAll(k.path, "[]", "[0]") }

// loadKey loads a file that gives one key a value, and returns what is wrong
// with the key or below it.
func loadKey(k *key, value string) []Problem {
	text, _, _ := k.write(value)
	_, _, err := loadText(text)
	var own []Problem
	if problems, ok := err.(Problems); ok { //nolint:errorlint // Load promises it
		for _, p := range problems {
			if strings.HasPrefix(p.Key, k.place()) {
				own = append(own, p)
			}
		}
	}
	return own
}

// loadText loads a text as the file monitor.yml, beside a few good files.
func loadText(text string) (*File, []Warning, error) {
	d := newDocument("monitor.yml")
	d.open = func(name string) ([]byte, error) {
		if data, ok := goodFiles[name]; ok {
			return []byte(data), nil
		}
		return nil, errNoFile
	}
	return d.load([]byte(text), true, Overrides{})
}

var (
	errNoFile = fmt.Errorf("no such file or directory")
	goodFiles = map[string]string{"password": "hunter2\n", "targets.yml": "- targets: [a:1]\n"}
)

func leaves() []*key {
	return slices.DeleteFunc(slices.Clone(keys), func(k *key) bool { return k.kind == kindSection || k.kind == kindBlocks })
}

// TestGoodValues: every key takes its good values. Of a feature that is not
// there yet it takes the default, and refuses the others in words that say so.
func TestGoodValues(t *testing.T) {
	for _, k := range leaves() {
		for _, value := range sampleOf(t, k).goods() {
			own := loadKey(k, value)
			var told []string
			for _, p := range own {
				// What goes with it or not is another matter.
				if !strings.Contains(p.Message, "needs") && !strings.HasPrefix(p.Message, "another") && !strings.Contains(p.Message, "is above") && !strings.Contains(p.Message, "is below") {
					told = append(told, p.Message)
				}
			}
			if k.later == "" && len(told) > 0 {
				t.Errorf("%s: %s is refused: %v", k.path, value, told)
			}
			for _, message := range told {
				if k.later != "" && !strings.Contains(message, notAvailable) {
					t.Errorf("%s: %s: %s", k.path, value, message)
				}
			}
		}
	}
}

// TestBadValues: a value that cannot be is refused, where it stands.
func TestBadValues(t *testing.T) {
	for _, k := range leaves() {
		s := sampleOf(t, k)
		for _, value := range s.bads() {
			_, line, column := k.write(value)
			own := loadKey(k, value)
			if len(own) == 0 {
				t.Errorf("%s: %s is taken", k.path, value)
				continue
			}
			p := own[0]
			if !slices.ContainsFunc(own, func(p Problem) bool {
				return strings.Contains(p.Message, s.says) || strings.Contains(p.Message, "has no unit")
			}) {
				t.Errorf("%s: %s: %v does not say %q", k.path, value, own, s.says)
			}
			if p.Origin.Line != line || p.Origin.Column < column {
				t.Errorf("%s: %s: at %s, not at %d:%d", k.path, value, p.Origin, line, column)
			}
		}
	}
}

// TestWrongTypes gives every key values of every other type. The message says
// what was expected, and the place is that of the value.
func TestWrongTypes(t *testing.T) {
	types := map[string]string{
		"!!str": "text", "!!bool": "true", "!!int": "12", "!!float": "1.5", "!!null": "null", "!!timestamp": "2026-01-02",
		"list": "[[x]]", "mapping": "{x: {y: z}}", "tag": "!mine x", "anchor": "&a x", "number list": "[1]", "number map": "{a: 1}",
	}
	for _, k := range keys {
		for name, value := range types {
			if slices.Contains(k.kind.tags, name) && k.kind != kindList && k.kind != kindMap && k.kind != kindSecrets {
				continue // the right one
			}
			_, line, column := k.write(value)
			own := loadKey(k, value)
			if len(own) == 0 {
				t.Errorf("%s: %s (%s) is taken", k.path, value, name)
				continue
			}
			p := own[0]
			says := "expected "
			if k.kind == kindSection && strings.HasPrefix(value, "{") {
				says = "unknown key"
			} else if name == "anchor" {
				says = noAliases
			}
			if !strings.Contains(p.Message, says) {
				t.Errorf("%s: %s: %s", k.path, value, p.Message)
			}
			if p.Origin.Line != line || p.Origin.Column < column {
				t.Errorf("%s: %s: at %s, not at %d:%d", k.path, value, p.Origin, line, column)
			}
		}
	}
}

// TestDidYouMean: a typo in any key names the key.
func TestDidYouMean(t *testing.T) {
	for _, k := range keys {
		typo := *k
		typo.path += "x"
		text, _, _ := typo.write("x")
		_, _, err := loadText(text)
		want := fmt.Sprintf("unknown key (did you mean %q?)", strings.TrimSuffix(last(k.path), "[]"))
		if err == nil || !strings.Contains(err.Error(), typo.place()+": "+want) {
			t.Errorf("%s: %v, want %s", typo.path, err, want)
		}
	}
	for text, want := range map[string]string{
		"endpoints: [a:1]":                     `unknown key (did you mean "etcd.endpoints"?)`,
		"etcd: {ca_file: x}":                   `unknown key (did you mean "tls.ca_file"?)`,
		"etcd: {cacert: x}":                    `unknown key`,
		"clusters: [{password_file: x}]":       `unknown key (did you mean "auth.password_file"?)`,
		"monitoring: {max_latency_ms: 1}":      `unknown key (did you mean "thresholds.max_latency_ms"?)`,
		"<<: {a: b}":                           `unknown key`,
		strings.Repeat("k", 5000) + ": 1":      `unknown key`,
		"\"etcd\\nprod: bad\": 1":              `monitor.yml:1:1: "etcd\nprod: bad": unknown key`,
		"etcd: {\"tls\\u001b[31m\": 1}":        `"etcd.tls\x1b[31m": unknown key`,
		"? [a, b]\n: c":                        "a key must be a plain word",
		"etcd: {tls: {enabled: yes}}":          "expected true or false",
		"etcd: {tls: {enabled: on}}":           "expected true or false",
		"api: {port: '8080'}":                  `expected a whole number, got "8080"`,
		"logging: {level: }":                   "logging.level: expected a text, got nothing",
		"etcd: {name: 007}":                    `expected a text, got "007" without quotes`,
		"etcd: {auth: {password: 0123}}":       "expected a text, got a number",
		"logging: {level: infos}":              `(did you mean "info"?)`,
		"features: {grafana_dashboards: True}": "",
	} {
		_, _, err := loadText(text)
		if got := fmt.Sprint(err); !strings.Contains(got, want) || want == "" && err != nil {
			t.Errorf("%.60s: %.300s, want %s", text, got, want)
		}
	}
}
