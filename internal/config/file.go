package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// File is a whole configuration, valid and complete with what flags, variables
// and defaults add to the file. It does not change and may be shared.
type File struct {
	// A pointer, so that printing whatever holds a File prints no secret.
	c *content
}

type content struct {
	doc      *document
	clusters []Cluster
}

// String says what it is, and nothing of what is in it.
func (f File) String() string {
	if f.c == nil {
		return "no configuration"
	}
	name := f.c.doc.file
	if name == "" {
		name = "command line"
	}
	return fmt.Sprintf("configuration of %s with %d cluster(s)", name, len(f.c.clusters))
}

// GoString is String.
func (f File) GoString() string { return f.String() }

// MarshalText is String, for JSON and logs.
func (f File) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Clusters are the clusters to watch, in the order of the file, at least one.
func (f *File) Clusters() []Cluster {
	list := slices.Clone(f.c.clusters)
	for i := range list {
		c := &list[i]
		c.Endpoints, c.MetricsURLs = slices.Clone(c.Endpoints), slices.Clone(c.MetricsURLs)
		c.Labels, c.Thresholds = maps.Clone(c.Labels), maps.Clone(c.Thresholds)
	}
	return list
}

// ListenAddress is where to listen, and who says so: the stronger source of host
// and port.
func (f *File) ListenAddress() (address string, source Source) {
	d := f.c.doc
	host, port := d.settings["api.host"], d.settings["api.port"]
	return net.JoinHostPort(host.value.(string), strconv.FormatInt(port.value.(int64), 10)),
		max(host.origin.Source, port.origin.Source)
}

// ExternalURL is the URL under which the exporter is reached; nil if not known.
func (f *File) ExternalURL() *url.URL {
	s := get[string](f.c.doc, "api.external_url")
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil // the check of the key let it through
	}
	return u
}

// HealthInterval is the time between observations that no scrape asked for.
func (f *File) HealthInterval() time.Duration {
	return get[time.Duration](f.c.doc, "monitoring.health_check_interval")
}

// MetricsInterval is the time between history points.
func (f *File) MetricsInterval() time.Duration {
	return get[time.Duration](f.c.doc, "monitoring.metrics_interval")
}

// HashInterval is the time between comparisons of hashes, if they are on.
func (f *File) HashInterval() time.Duration {
	return get[time.Duration](f.c.doc, "monitoring.hash_interval")
}

// CollectorTimeout caps the time of a scrape; 0 for no cap.
func (f *File) CollectorTimeout() time.Duration {
	return get[time.Duration](f.c.doc, "monitoring.collector_timeout")
}

// Dashboards is whether those for Grafana are served.
func (f *File) Dashboards() bool { return get[bool](f.c.doc, "features.grafana_dashboards") }

// Probe says how latency is sampled.
type Probe struct {
	Enabled   bool
	Samples   int // of each kind per member and metrics interval
	Write     bool
	KeyPrefix string // of the key that is written, without a slash at its end
}

// Probe says how latency is sampled.
func (f *File) Probe() Probe {
	d := f.c.doc
	return Probe{
		Enabled:   get[bool](d, "monitoring.probe.enabled"),
		Samples:   int(get[int64](d, "monitoring.probe.samples")),
		Write:     get[bool](d, "monitoring.probe.write"),
		KeyPrefix: strings.TrimRight(get[string](d, "monitoring.probe.key_prefix"), "/"),
	}
}

// History says how much is kept in memory of each cluster.
type History struct {
	Points  int // one per metrics interval
	Changes int // of leader or membership
}

// History says how much is kept in memory of each cluster.
func (f *File) History() History {
	d := f.c.doc
	return History{
		Points:  int(get[int64](d, "monitoring.history.max_points")),
		Changes: int(get[int64](d, "monitoring.history.leader_changes")),
	}
}

// Logging says what is logged, how and where to.
type Logging struct {
	Level, Format string
	Output        string // stdout or stderr
}

// Logging says what is logged, how and where to.
func (f *File) Logging() Logging {
	d := f.c.doc
	return Logging{
		Level:  get[string](d, "logging.level"),
		Format: get[string](d, "logging.format"),
		Output: get[string](d, "logging.output"),
	}
}

// Value is a setting for people to see.
type Value struct {
	Key    string
	Text   string // as YAML has it in one line, secrets masked
	Origin Origin
	Inert  bool // it means nothing in this version
}

// Values are all settings that have a value, in the order of the documentation.
func (f *File) Values() []Value {
	d := f.c.doc
	var list []Value
	d.visit(root, "", func(k *key, path string) {
		if s := d.settings[path]; s.value != nil {
			list = append(list, Value{Key: path, Text: show(s.value), Origin: s.origin, Inert: k.inert || k.later != "" || k.quiet != ""})
		}
	})
	return list
}

// visit calls do for the place of every value below n, which stands at path.
func (d *document) visit(n *node, path string, do func(k *key, path string)) {
	if n.leaf() {
		do(n.key, path)
		return
	}
	places := []string{path}
	if n.repeated() {
		places = d.elements(path)
	}
	for _, place := range places {
		for _, name := range n.order {
			if _, many := d.sections["clusters"]; place == "" && many && name == "etcd" {
				continue
			}
			d.visit(n.children[name], join(place, name), do)
		}
	}
}
