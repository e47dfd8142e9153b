package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDocumentExample: the example of the document loads as it stands, means
// what it says, and what is not there yet is told, each thing once.
func TestDocumentExample(t *testing.T) {
	const name = "testdata/document.example.yaml"
	f, warnings, err := Load(name, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, w := range warnings {
		told = append(told, w.String())
	}
	if want := []string{
		name + ":22:14: api.cors.enabled: not active in this version: pages of other origins are not let in",
	}; !slices.Equal(told, want) {
		t.Errorf("warnings\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	thresholds := defaults()
	want := []Cluster{{
		Name: "default", Endpoints: []string{"http://localhost:2379", "http://localhost:22379", "http://localhost:32379"},
		DialTimeout: 5 * time.Second, DiscoverMembers: true, Thresholds: thresholds,
	}}
	for name := range thresholds {
		if _, set := f.Clusters()[0].Thresholds[name]; !set {
			delete(thresholds, name)
		}
	}
	if got := f.Clusters(); !reflect.DeepEqual(got, want) {
		t.Errorf("clusters\n%+v\nwant\n%+v", got, want)
	}
	address, source := f.ListenAddress()
	got := []any{address, source, f.HealthInterval(), f.MetricsInterval(), f.Logging(), f.History(), f.Probe(), f.ExternalURL() == nil}
	if want := []any{
		"0.0.0.0:8080", InFile, 30 * time.Second, 10 * time.Second,
		Logging{"info", "json", "stdout"},
		History{1000, 100},
		Probe{Enabled: true, Samples: 10, KeyPrefix: "/etcd-monitor/probe"},
		true,
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// TestEverySetting: each key arrives where it is asked for.
func TestEverySetting(t *testing.T) {
	f, warnings, err := loadText(`
clusters:
  - name: a
    endpoints: [h1:2379, "https://h2:2379", h1:2379]
    metrics_urls: [http://h1:2381/metrics, http://h2:2381]
    labels: {env: prod}
    dial_timeout: 1s
    discover_members: true
    db_quota_bytes: 8GiB
    tls: {enabled: true, server_name: etcd.example.com, insecure_skip_verify: true}
    auth: {username: u, password: hunter2}
    thresholds: {max_latency_ms: 50, memory_bytes: 4GiB, certificate_warning_seconds: 20d}
  - {name: b, dns_srv: example.com}
  - {name: c, file: targets.yml, auth: {username: u, password_file: password}}
api: {host: "::1", port: 9, external_url: "https://monitor.example.com/etcd/"}
monitoring:
  health_check_interval: 20s
  metrics_interval: 5s
  collector_timeout: 9s
  hash_interval: 1h
  probe: {enabled: false, samples: 3, write: true, key_prefix: /p/}
  history: {max_points: 10, leader_changes: 20}
  thresholds: {max_latency_ms: 70, min_disk_space_percent: 20, max_database_size_mb: 4096}
logging: {level: debug, format: json, output: stdout}
`)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	all := defaults()
	all["max_latency_seconds"], all["min_free_quota_ratio"], all["max_db_size_bytes"] = 0.07, 0.2, 4<<30
	delete(all, "memory_bytes")
	own := maps.Clone(all)
	own["max_latency_seconds"], own["memory_bytes"], own["certificate_warning_seconds"] = 0.05, 4<<30, 20*24*3600
	want := []Cluster{
		{
			Name: "a", Endpoints: []string{"https://h1:2379", "https://h2:2379"}, MetricsURLs: []string{"http://h1:2381", "http://h2:2381"},
			Labels: map[string]string{"env": "prod"}, DialTimeout: time.Second, DiscoverMembers: true, QuotaBytes: 8 << 30,
			TLS:  TLS{Enabled: true, ServerName: "etcd.example.com", InsecureSkipVerify: true},
			Auth: Auth{Username: "u", Password: "hunter2"}, Thresholds: own,
		},
		{Name: "b", DNSSRV: "example.com", DialTimeout: 5 * time.Second, DiscoverMembers: true, Thresholds: all},
		{Name: "c", TargetsFile: "targets.yml", DialTimeout: 5 * time.Second, Auth: Auth{Username: "u", PasswordFile: "password"}, Thresholds: all},
	}
	for i, got := range f.Clusters() {
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("cluster %d is\n%+v\nwant\n%+v", i, got, want[i])
		}
	}
	if f.Clusters()[0].Auth.Password.Reveal() != "hunter2" {
		t.Error("the password is another one")
	}
	address, source := f.ListenAddress()
	got := []any{
		address, source, f.ExternalURL().String(), f.HealthInterval(), f.MetricsInterval(), f.CollectorTimeout(), f.HashInterval(),
		f.Probe(), f.History(), f.Logging(),
	}
	if want := []any{
		"[::1]:9", InFile, "https://monitor.example.com/etcd/", 20 * time.Second, 5 * time.Second, 9 * time.Second, time.Hour,
		Probe{Samples: 3, Write: true, KeyPrefix: "/p"},
		History{10, 20},
		Logging{"debug", "json", "stdout"},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	f.Clusters()[0].Thresholds["watchers"] = 1
	if f.Clusters()[0].Thresholds["watchers"] == 1 {
		t.Error("who gets the clusters can change them for others")
	}
}

// TestPrecedence: flag, variable, file, default, and etcdctl's own variables
// where nobody names a cluster.
func TestPrecedence(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		flags, env map[string]string
		key, want  string // value and origin
	}{
		{"default", "", nil, nil, "etcd.dial_timeout", "5s default"},
		{"file", "etcd: {dial_timeout: 4s}", nil, nil, "etcd.dial_timeout", "4s monitor.yml:1:22"},
		{"variable", "etcd: {dial_timeout: 4s}", nil, map[string]string{"ETCD_MONITOR_DIAL_TIMEOUT": "3s"}, "etcd.dial_timeout", "3s ETCD_MONITOR_DIAL_TIMEOUT"},
		{
			"flag", "etcd: {dial_timeout: 4s}",
			map[string]string{"dial-timeout": "2s"},
			map[string]string{"ETCD_MONITOR_DIAL_TIMEOUT": "3s"},
			"etcd.dial_timeout", "2s --dial-timeout",
		},
		{"an empty variable", "etcd: {dial_timeout: 4s}", nil, map[string]string{"ETCD_MONITOR_DIAL_TIMEOUT": ""}, "etcd.dial_timeout", "4s monitor.yml:1:22"},
		{"etcdctl's", "", nil, map[string]string{"ETCDCTL_ENDPOINTS": "a:1,b:1"}, "etcd.endpoints", `["http://a:1", "http://b:1"] ETCDCTL_ENDPOINTS`},
		{"ours before etcdctl's", "", nil, map[string]string{"ETCDCTL_ENDPOINTS": "a:1", "ETCD_MONITOR_ENDPOINTS": "b:1"}, "etcd.endpoints", `["http://b:1"] ETCD_MONITOR_ENDPOINTS`},
		{"etcdctl's beside a file without a cluster", "api: {port: 1}", nil, map[string]string{"ETCDCTL_ENDPOINTS": "a:1"}, "etcd.endpoints", `["http://a:1"] ETCDCTL_ENDPOINTS`},
		{"a file with a cluster before etcdctl's", "etcd: {name: x}", nil, map[string]string{"ETCDCTL_ENDPOINTS": "a:1"}, "etcd.endpoints", `["http://localhost:2379"] default`},
		{"user and password of etcdctl", "", nil, map[string]string{"ETCDCTL_USER": "u:p:q"}, "etcd.auth.username", `"u" ETCDCTL_USER`},
		{"that password", "", nil, map[string]string{"ETCDCTL_USER": "u:p:q"}, "etcd.auth.password", `<secret> ETCDCTL_USER`},
		{"a password of etcdctl for a flag's user", "", map[string]string{"username": "u"}, map[string]string{"ETCDCTL_PASSWORD": "p"}, "etcd.auth.password", `<secret> ETCDCTL_PASSWORD`},
		{"a flag's endpoints before the file's SRV", "etcd: {dns_srv: a.b}", map[string]string{"endpoints": "c:1"}, nil, "etcd.endpoints", `["http://c:1"] --endpoints`},
		{"that SRV", "etcd: {dns_srv: a.b}", map[string]string{"endpoints": "c:1"}, nil, "etcd.dns_srv", ""},
		{
			"a flag's password file before the file's password", "etcd: {auth: {username: u, password: p}}",
			map[string]string{"password-file": "password"},
			nil, "etcd.auth.password_file", `"password" --password-file`,
		},
		{
			"a flag's threshold before a cluster's own", "clusters: [{name: a, endpoints: [a:1], thresholds: {max_latency_ms: 5}}]",
			map[string]string{"max-latency-ms": "6"},
			nil, "clusters[0].thresholds.max_latency_ms", "6 --max-latency-ms",
		},
		{
			"a cluster's own threshold before all clusters'",
			"clusters: [{name: a, endpoints: [a:1], thresholds: {max_latency_ms: 5}}]\nmonitoring: {thresholds: {max_latency_ms: 7}}",
			nil, nil, "clusters[0].thresholds.max_latency_ms", "5 monitor.yml:1:69",
		},
		{"TLS that is off", "etcd: {tls: {enabled: false, ca_file: /none}}", nil, nil, "etcd.tls.ca_file", ""},
		{"TLS that is said by its files", "etcd: {endpoints: [a:1], tls: {server_name: x}}", nil, nil, "etcd.endpoints", `["https://a:1"] monitor.yml:1:19`},
		{"no discovery with a password", "etcd: {auth: {username: u, password: p}}", nil, nil, "etcd.discover_members", "false default"},
		{"discovery if it is wanted", "etcd: {auth: {username: u, password: p}, discover_members: true}", nil, nil, "etcd.discover_members", "true monitor.yml:1:60"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDocument("monitor.yml")
			d.open = func(name string) ([]byte, error) { return []byte(goodFiles[name]), nil }
			f, _, err := d.load([]byte(tt.file), tt.file != "", Overrides{Flags: tt.flags, LookupEnv: func(n string) (string, bool) {
				v, ok := tt.env[n]
				return v, ok
			}})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, v := range f.Values() {
				if v.Key == tt.key {
					got = v.Text + " " + v.Origin.String()
				}
			}
			if got != tt.want {
				t.Errorf("%s is %s, want %s", tt.key, got, tt.want)
			}
		})
	}
}

// TestTogether: values that are good and do not go together, all of them with
// the place of the one that is too many.
func TestTogether(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		flags      map[string]string
		want       []string
	}{
		{"both forms", "clusters: [{name: a, endpoints: [a:1]}]\netcd:\n  name: b\n", nil, []string{`monitor.yml:3:3: etcd: give either "etcd" or "clusters", not both (clusters at line 1)`}},
		{"a flag about one of several", "clusters: [{name: a, endpoints: [a:1]}]", map[string]string{"endpoints": "b:1", "cluster.name": "c"}, []string{
			"--cluster.name: is about one cluster, and monitor.yml lists several under clusters", "--endpoints: is about one cluster, and monitor.yml lists several under clusters",
		}},
		{"no cluster", "clusters: []", nil, []string{"monitor.yml:1:11: clusters: no cluster in it"}},
		{"a cluster without anything", "clusters: [{}]", nil, []string{"monitor.yml:1:12: clusters[0].name: the cluster has no name", "monitor.yml:1:12: clusters[0].endpoints: no endpoint given"}},
		{"one name twice", "clusters:\n- {name: a, endpoints: [a:1]}\n- {name: a, endpoints: [b:1]}\n", nil, []string{`monitor.yml:3:10: clusters[1].name: another cluster is named "a" (at line 2)`}},
		{"a key twice", "api: {port: 1}\nlogging: {level: info, level: warn}\napi: {port: 2}\n", nil, []string{
			"monitor.yml:2:24: logging.level: given twice (first at line 2)", "monitor.yml:3:1: api: given twice (first at line 1)",
		}},
		{"a label twice", "etcd: {labels: {a: b, a: c}}", nil, []string{"monitor.yml:1:23: etcd.labels.a: given twice (first at line 1)"}},
		{"endpoints and SRV and file", "etcd: {file: targets.yml, endpoints: [a:1], dns_srv: a.b}", nil, []string{
			`monitor.yml:1:38: etcd.endpoints: give either "file" or "endpoints", not both (file at line 1)`,
			`monitor.yml:1:54: etcd.dns_srv: give either "endpoints" or "dns_srv", not both (endpoints at line 1)`,
		}},
		{"a password twice", "etcd: {auth: {username: u, password: p, password_file: password}}", nil, []string{`monitor.yml:1:56: etcd.auth.password_file: give either "password" or "password_file", not both (password at line 1)`}},
		{"a password twice, elsewhere", "storage: {postgresql: {password: p, password_file: f}}", nil, []string{`monitor.yml:1:52: storage.postgresql.password_file: give either "password" or "password_file", not both (password at line 1)`}},
		{"a user without a password", "etcd: {auth: {username: u}}", nil, []string{"monitor.yml:1:25: etcd.auth.username: needs password_file"}},
		{"half a pair", "etcd: {tls: {cert_file: c.pem}}", nil, []string{"monitor.yml:1:25: etcd.tls.cert_file: needs key_file"}},
		{"TLS off, and an endpoint with it", "etcd: {endpoints: ['https://a:1'], tls: {enabled: false}}", nil, []string{"monitor.yml:1:51: etcd.tls.enabled: is false, but endpoint https://a:1 is https"}},
		{"warning above critical", "monitoring:\n  thresholds: {db_quota_ratio_warning: 0.96}\n", nil, []string{"monitor.yml:2:40: monitoring.thresholds.db_quota_ratio_warning: 0.96 is above db_quota_ratio_critical: 0.95"}},
		{"critical below warning", "etcd: {thresholds: {certificate_critical_seconds: 15d}}", nil, []string{"monitor.yml:1:51: etcd.thresholds.certificate_critical_seconds: 1296000 is above certificate_warning_seconds: 1209600"}},
		{"several, and told not to", "features: {multi_cluster: false}\nclusters: [{name: a, endpoints: [a:1]}, {name: b, endpoints: [b:1]}]\n", nil, []string{"monitor.yml:1:27: features.multi_cluster: is false, but there are 2 clusters"}},
		{"everybody, with passwords", "api: {cors: {allow_credentials: true, allowed_origins: ['*']}}", nil, []string{"monitor.yml:1:33: api.cors.allow_credentials: together with the origin * it would let every page act as its visitor"}},
		{"what is not there yet", "storage: {enabled: true}\nremediation: {enabled: true}\nlogging: {output: file}\n", nil, []string{
			"monitor.yml:1:20: storage.enabled: history in a database is not available in this version; leave it at false",
			"monitor.yml:2:24: remediation.enabled: remediation is not available in this version; leave it at false",
			`monitor.yml:3:19: logging.output: "file" means a log in a file that is rotated, which is not available in this version`,
		}},
		{"every bad flag", "", map[string]string{"api-port": "x", "log.level": "loud", "endpoints": "a"}, []string{
			`--endpoints: endpoint "a": port "" is not one of 1 to 65535 (etcd's client port is 2379)`,
			`--api-port: "x" is not a whole number`, `--log.level: "loud" is none of debug, info, warn, error`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDocument("monitor.yml")
			d.open = func(name string) ([]byte, error) { return []byte(goodFiles[name]), nil }
			_, _, err := d.load([]byte(tt.file), tt.file != "", Overrides{Flags: tt.flags})
			got := strings.Split(fmt.Sprint(err), "\n")
			slices.Sort(got)
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestAtStart: what only counts at the start is named when it changes.
func TestAtStart(t *testing.T) {
	load := func(text string) *File {
		f, _, err := loadText(text)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	before := load("logging: {level: info}")
	after := load("api: {host: a, port: 9, external_url: 'http://a'}\nlogging: {level: debug, format: json, output: stdout}\nmonitoring: {metrics_interval: 1s}")
	want := []string{"api.host", "api.port", "api.external_url", "logging.format", "logging.output"}
	if got := before.AtStart(after); !slices.Equal(got, want) {
		t.Errorf("changed at the start only: %v, want %v", got, want)
	}
	if got := before.AtStart(load("logging: {level: warn}")); len(got) > 0 {
		t.Errorf("changed: %v", got)
	}
}

// TestProblemsInOrder: those of the file in its order, at most so many.
func TestProblemsInOrder(t *testing.T) {
	text := "zzz: 1\n"
	for i := range 300 {
		text += fmt.Sprintf("k%d: 1\n", i)
	}
	_, _, err := loadText(text)
	problems, _ := err.(Problems) //nolint:errorlint // Load promises it
	if len(problems) != maxProblems+1 || problems[maxProblems].Message != "and 201 more" {
		t.Fatalf("%d problems: %v", len(problems), problems[len(problems)-1])
	}
	for i := range maxProblems {
		if problems[i].Origin.Line != i+1 {
			t.Errorf("problem %d is of line %d", i, problems[i].Origin.Line)
		}
	}
	if _, _, err = Load(filepath.Join(t.TempDir(), "none.yml"), Overrides{}); err == nil || !strings.HasSuffix(err.Error(), "none.yml: no such file or directory") {
		t.Errorf("no file: %v", err)
	}
	if _, _, err = Load(t.TempDir(), Overrides{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
}
