// Package rules holds the alerts that the product ships and the way to their
// readers: rule files for Prometheus, and a configuration with templates for
// Alertmanager. The files are what counts and can be used as they lie here; the
// package embeds them, renders them for other places, and checks such files.
package rules

import (
	"embed"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

//go:embed *.rules.yml alertmanager.yml templates/*.tmpl
var files embed.FS

// Names of rule files: what needs only the exporter, and what needs only etcd's
// own metrics.
const (
	Exporter = "exporter"
	Native   = "native"
)

// Names are the rule files there are.
var Names = []string{Exporter, Native}

// RunbookBaseURL is where the links of the shipped rules lead for runbooks.
const RunbookBaseURL = "https://github.com/etcd-monitor/etcd-monitor/blob/main/docs/runbooks/"

// Links say where the links of alerts lead instead, for sites that cannot reach
// ours. Empty ones stay as they are: runbooks of the project, and dashboards
// without a host, for Grafana's is not known.
type Links struct {
	Runbooks   string // URL of the directory of runbooks
	Dashboards string // URL of Grafana
}

// Rules is a rule file for Prometheus.
func Rules(name string, l Links) ([]byte, error) {
	if !slices.Contains(Names, name) {
		return nil, fmt.Errorf("rules %q: there are %s", name, strings.Join(Names, " and "))
	}
	file := "etcd-native.rules.yml"
	if name == Exporter {
		file = "etcd-monitor.rules.yml"
	}
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return l.replace(text)
}

// replace puts the links into a rule file.
func (l Links) replace(text []byte) ([]byte, error) {
	var pairs []string
	if l.Runbooks != "" {
		base, err := baseURL(l.Runbooks)
		if err != nil {
			return nil, fmt.Errorf("runbooks: %w", err)
		}
		pairs = append(pairs, RunbookBaseURL, base)
	}
	if l.Dashboards != "" {
		base, err := baseURL(l.Dashboards)
		if err != nil {
			return nil, fmt.Errorf("dashboards: %w", err)
		}
		pairs = append(pairs, "dashboard_url: /d/", "dashboard_url: "+base+"d/")
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(text))), nil
}

// baseURL is a URL with a slash at its end that means itself in YAML and in a
// template.
func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "", u.Fragment != "":
		return "", fmt.Errorf("%q is not a URL like https://docs.example.com/runbooks/", s)
	case u.User != nil:
		return "", errors.New("a user or a password in a URL would be shown to everybody")
	case strings.ContainsAny(s, " \t\r\n\"'`{}#&*!|>%@\\"):
		return "", fmt.Errorf("%q has characters in it that cannot stand in a rule file", s)
	}
	return strings.TrimSuffix(s, "/") + "/", nil
}

// Templates are the templates for Alertmanager, by name of their file.
func Templates() (map[string][]byte, error) {
	entries, err := files.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = files.ReadFile("templates/" + e.Name()); err != nil {
			return nil, err
		}
	}
	return all, nil
}
