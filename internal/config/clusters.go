package config

import (
	"fmt"
	"strings"
	"time"
)

// cluster makes a cluster of what is said at path, and notes what is wrong.
func (d *document) cluster(path string) Cluster {
	c := Cluster{
		Name:        get[string](d, path+".name"),
		DNSSRV:      get[string](d, path+".dns_srv"),
		TargetsFile: d.filename(path + ".file"),
		Labels:      get[map[string]string](d, path+".labels"),
		DialTimeout: get[time.Duration](d, path+".dial_timeout"),
		QuotaBytes:  int64(get[size](d, path+".db_quota_bytes")),
		TLS: TLS{
			Enabled:            get[bool](d, path+".tls.enabled"),
			CAFile:             d.filename(path + ".tls.ca_file"),
			CertFile:           d.filename(path + ".tls.cert_file"),
			KeyFile:            d.filename(path + ".tls.key_file"),
			ServerName:         get[string](d, path+".tls.server_name"),
			InsecureSkipVerify: get[bool](d, path+".tls.insecure_skip_verify"),
		},
		Auth: Auth{
			Username:     get[string](d, path+".auth.username"),
			Password:     get[Secret](d, path+".auth.password"),
			PasswordFile: d.filename(path + ".auth.password_file"),
		},
	}
	if _, there := d.sections[path]; !there && d.failed(path) {
		return c // nothing is said of it that could be wrong
	}
	if !d.given(path + ".discover_members") {
		d.settings[path+".discover_members"] = setting{value: !c.Auth.Enabled()}
	}
	c.DiscoverMembers = get[bool](d, path+".discover_members")
	c.Endpoints = d.urls(path+".endpoints", func(e string) (string, error) { return parseOne(e, c.TLS.Enabled) })
	c.MetricsURLs = d.urls(path+".metrics_urls", metricsURL)
	c.Thresholds = d.thresholds(path)
	if d.contradicts(path, c) {
		return c
	}
	for _, f := range c.faults() {
		d.fault(path, f)
	}
	d.files(path, c)
	return c
}

// get is the value at path, zero where there is none.
func get[T any](d *document, path string) T {
	v, _ := d.settings[path].value.(T)
	return v
}

// urls turns the elements of a list into canonical URLs, each once.
func (d *document) urls(path string, parse func(string) (string, error)) []string {
	s := d.settings[path]
	list, _ := s.value.([]string)
	var out []string
	seen := map[string]bool{}
	ok := true
	for i, e := range list {
		u, err := parse(e)
		switch {
		case err != nil:
			at := s.origin
			if i < len(s.items) {
				at = s.items[i]
			}
			d.fail(at, path, "%s", err)
			ok = false
		case !seen[u]:
			seen[u] = true
			out = append(out, u)
		}
	}
	if ok && s.value != nil {
		s.value = out
		d.settings[path] = s
	}
	return out
}

// parseOne reads one endpoint.
func parseOne(e string, secure bool) (string, error) {
	list, err := ParseEndpoints([]string{e}, secure)
	switch {
	case err != nil:
		return "", err
	case len(list) > 1:
		return "", fmt.Errorf("%s holds %d endpoints: make elements of them", quote(e), len(list))
	}
	return list[0], nil
}

// metricsURL reads where a member serves its metrics, with or without the path
// that is always the same.
func metricsURL(e string) (string, error) {
	return parseOne(strings.TrimSuffix(strings.TrimSuffix(e, "/"), "/metrics"), false)
}

// thresholds are the limits of a cluster: a flag counts everywhere, then what
// is said of the cluster, then what is said of all. What counts is noted as the
// cluster's own setting, for who wants to see it.
func (d *document) thresholds(path string) Thresholds {
	t := Thresholds{}
	for _, l := range limits {
		own, all := path+".thresholds."+l.key, "monitoring.thresholds."+l.key
		s, ok := d.settings[own]
		if !ok || d.settings[all].origin.Source > InFile {
			s = d.settings[all]
			d.settings[own] = s
		}
		if s.value != nil {
			t[l.Name] = l.base(number(s.value))
		}
	}
	return t
}

// contradicts reports whether what is wrong with a cluster has been told, so
// that it would be wrong again in other words.
func (d *document) contradicts(path string, c Cluster) bool {
	if len(c.Endpoints) == 0 && (len(get[[]string](d, path+".endpoints")) > 0 || d.failed(path+".endpoints")) {
		return true
	}
	if !c.TLS.Enabled && d.settings[path+".tls.enabled"].origin.Source == InFile {
		for _, e := range c.Endpoints {
			if strings.HasPrefix(e, "https://") {
				d.fail(d.settings[path+".tls.enabled"].origin, path+".tls.enabled", "is false, but endpoint %s is https", e)
				return true
			}
		}
	}
	return false
}

// failed reports whether something is wrong at path.
func (d *document) failed(path string) bool {
	for i := range d.problems {
		if strings.HasPrefix(d.problems[i].Key, path) {
			return true
		}
	}
	return false
}

// fault tells what is wrong with the cluster at path, in the words of whoever
// said it.
func (d *document) fault(path string, f fault) {
	key, at := d.said(path, f.key)
	other, otherAt := "", Origin{}
	if f.other != "" {
		other, otherAt = d.said(path, f.other)
	}
	if d.failed(key) {
		return
	}
	// Who set a limit that does not go with the default, or a cluster's own that
	// does not go with that of all, set the odd one.
	if f.reverse != "" && otherAt.Source != Default &&
		(at.Source == Default || strings.HasPrefix(other, path) && !strings.HasPrefix(key, path)) {
		key, at, other, otherAt = other, otherAt, key, at
		f.format = f.reverse
	}
	if at.Source == Default {
		at = d.sections[path]
	}
	name := last(other)
	if k := byPath[other]; k != nil && k.flag != "" && at.Source > InFile {
		name = "--" + k.flag
	}
	d.fail(at, key, "%s", f.message(name))
}

// said finds where a key of a cluster was said: there, or of all clusters.
func (d *document) said(path, key string) (string, Origin) {
	name := d.spelled(key)
	own := path + "." + name
	at := d.settings[own].origin
	if all := "monitoring." + name; d.given(all) && d.settings[all].origin == at {
		return all, at
	}
	return own, at
}

// spelled is a key as the file has it: thresholds are named in base units.
func (d *document) spelled(key string) string {
	name, ok := strings.CutPrefix(key, "thresholds.")
	if !ok {
		return key
	}
	for _, l := range limits {
		if l.Name == name {
			return "thresholds." + l.key
		}
	}
	return key
}
