package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

// TestDocument compares docs/configuration.md with the table. After a change,
// `go test ./internal/config -update` rewrites it.
func TestDocument(t *testing.T) {
	const path = "../../docs/configuration.md"
	got := configurationDocument()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the table says: write it with -update, and read the diff", path)
	}
	for _, k := range keys {
		if k.standsForItself() && !strings.Contains(got, "`"+k.path+"`") {
			t.Errorf("%s is not documented", k.path)
		}
	}
}

const configurationPreface = `# Configuration

Written from the table of keys by ` + "`make docs`" + `; edit what a key says where it is declared, in ` + "`internal/config/keys_*.go`" + `. [config.example.yaml](../config.example.yaml) has every key.

` + "```text" + `
etcd-monitor serve --config.file=monitor.yml
` + "```" + `

` + "```sh" + `
etcd-monitor check config config.example.yaml            # exit 1 and a line for each problem
etcd-monitor check config config.example.yaml --print    # every value and where it comes from
` + "```" + `

* **What counts.** Flag, then environment variable, then file, then default. Each flag is also a variable: ` + "`--log.level`" + ` is ` + "`ETCD_MONITOR_LOG_LEVEL`" + `; an empty variable counts as none. ` + "`ETCDCTL_ENDPOINTS`, `_CACERT`, `_CERT`, `_KEY`, `_USER` and `_PASSWORD`" + ` count, each where nothing else says it, unless the file has a section ` + "`etcd` or `clusters`" + `. Flags about one cluster are refused beside ` + "`clusters`" + `; a threshold given as a flag counts for all clusters.
* **Strict.** A key that does not exist, one that is given twice, a value of another type: everything that is wrong is told at once, as ` + "`file:line:column: key: what is wrong`" + `, and nothing of such a file counts. Texts that look like numbers or booleans need quotes. There are no anchors and aliases, one document, at most 1 MiB.
* **Files** that a file names are meant from where it lies. They are read when the configuration is loaded, so that what cannot work is told then, and again when they are used: certificates, CAs and passwords are renewed without a reload.
* **Durations** are written ` + "`500ms`, `30s`, `5m`, `26h`, `90d`, `1h30m`" + `; sizes ` + "`8589934592` or `8GiB`" + `; shares of one as ` + "`0.05`" + `.
* **Secrets** are masked wherever a configuration is shown: in the log, in errors, by ` + "`check config --print`" + `. Files with passwords are better than passwords in files.
* **Reload** with SIGHUP or ` + "`POST /-/reload`" + `, or let ` + "`--config.poll-interval=10s`" + ` look whether the file has changed, and try again for as long as one that has cannot be loaded. All or nothing: with a file that is wrong the old configuration stays, the answer is 500 with the reason, and ` + "`etcd_monitor_config_last_reload_successful`" + ` is 0. Clusters that are the same keep connections, history and counters, also when their thresholds, labels or some of their endpoints change. Keys marked *at the start* need a restart; the log names those that have changed.
* **Later.** Keys of features that this version lacks are checked, and refuse to be switched on. A few load with a warning, so that an older file keeps working.

`

// chapters are the parts of the document, by the path that its keys begin with.
var chapters = []struct{ title, prefix, text string }{
	{"One cluster", "etcd", "Without a file, flags and variables describe this cluster."},
	{"Several clusters", "clusters", "Each has the keys of `etcd` of its own, and a `name` and endpoints that have no default:\n\n" +
		"```yaml\nclusters:\n  - name: east\n    endpoints: [https://etcd-1.east.example.com:2379]\n    labels: {env: prod}\n    tls: {ca_file: east/ca.pem, cert_file: east/client.pem, key_file: east/client-key.pem}\n" +
		"    thresholds: {max_latency_ms: 50}\n  - name: west\n    dns_srv: west.example.com\n  - name: lab\n    file: lab-targets.yml\n```\n\n" +
		"A file of targets is one of Prometheus' `file_sd`, YAML or JSON. It is looked at every 2 seconds, DNS every 30; connections to endpoints that stay are kept. A look that fails leaves the last good list in use, is told in the log once, and sets `etcd_monitor_cluster_discovery_success` to 0. " +
		"Of SRV records those for TLS count, and only if there are none and TLS is not configured those without. Certificates must be of the hosts that the records name; with `tls.server_name` set to the domain, of the domain, as etcdctl has it.\n\n" +
		"Labels are on the cluster's targets in `/sd`, and on `etcd_monitor_cluster_info`, to be joined where they are wanted: `etcd_monitor_cluster_has_quorum * on (cluster) group_left (env) etcd_monitor_cluster_info`."},
	{"HTTP", "api", ""},
	{"Monitoring", "monitoring", ""},
	{"Log", "logging", ""},
	{"Alerts", "alert", ""},
	{"Benchmarks", "benchmark", ""},
	{"Storage", "storage", ""},
	{"Remediation", "remediation", ""},
	{"Snapshots", "backup", ""},
	{"Features", "features", ""},
	{"The rest", "default_cluster", ""},
}

func configurationDocument() string {
	var b strings.Builder
	b.WriteString(configurationPreface)
	for _, c := range chapters {
		fmt.Fprintf(&b, "## %s\n\n", c.title)
		if c.text != "" {
			b.WriteString(c.text + "\n\n")
		}
		if c.prefix == "clusters" {
			continue
		}
		b.WriteString("| key | type | default | flag | meaning |\n|---|---|---|---|---|\n")
		for _, k := range keys {
			if strings.HasPrefix(k.path, c.prefix) && k.standsForItself() {
				fmt.Fprintf(&b, "| %s |\n", strings.Join(k.document(), " | "))
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// standsForItself: what is said elsewhere in the same words is not repeated.
func (k *key) standsForItself() bool {
	return !strings.HasPrefix(k.path, "clusters[].") && !strings.HasPrefix(k.path, "etcd.thresholds.")
}

// document is a row of the document.
func (k *key) document() []string {
	def := k.derived
	if k.def != "" {
		def = "`" + k.show() + "`"
	}
	flag := ""
	if k.flag != "" {
		flag = "`--" + k.flag + "`"
	}
	doc := k.doc
	switch {
	case k.kind == kindSection || k.kind == kindBlocks:
		def = ""
	case k.later != "":
		doc += " *Later: " + k.later + ".*"
	case k.quiet != "":
		doc += " *Not yet: " + k.quiet + ".*"
	case k.inert:
		doc += " *Later.*"
	case k.atStart:
		doc += " *At the start.*"
	}
	row := []string{"`" + k.path + "`", k.kind.name, def, flag, doc}
	for i := range row {
		row[i] = strings.ReplaceAll(row[i], "|", `\|`)
	}
	return row
}

// Each key belongs to one chapter.
func TestChapters(t *testing.T) {
	for _, k := range keys {
		n := 0
		for _, c := range chapters {
			if strings.HasPrefix(k.path, c.prefix) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is in %d chapters", k.path, n)
		}
	}
}
