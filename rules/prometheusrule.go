package rules

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Manifest is what an object in Kubernetes has besides its content.
type Manifest struct {
	Name      string // "": etcd-monitor or etcd-monitor-native
	Namespace string // "" for none
	Labels    map[string]string
}

var (
	objectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	labelKey   = regexp.MustCompile(`^([a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$`)
)

func (m Manifest) validate() error {
	switch {
	case !objectName.MatchString(m.Name):
		return fmt.Errorf("%q is not the name of an object in Kubernetes", m.Name)
	case m.Namespace != "" && !objectName.MatchString(m.Namespace):
		return fmt.Errorf("%q is not the name of a namespace", m.Namespace)
	}
	for k, v := range m.Labels {
		if !labelKey.MatchString(k) || !labelValue.MatchString(v) {
			return fmt.Errorf("%q: %q is not a label in Kubernetes", k, v)
		}
	}
	return nil
}

// PrometheusRule is a rule file as an object for prometheus-operator. It is the
// file itself, indented: what Prometheus gets does not depend on the way.
func PrometheusRule(name string, l Links, m Manifest) ([]byte, error) {
	text, err := Rules(name, l)
	if err != nil {
		return nil, err
	}
	if m.Name == "" {
		m.Name = map[string]string{Exporter: "etcd-monitor", Native: "etcd-monitor-native"}[name]
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	head, groups, ok := bytes.Cut(text, []byte("\ngroups:\n"))
	if !ok {
		return nil, fmt.Errorf("rules %s: no groups in it", name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n#\n# Made by `etcd-monitor render prometheusrule %s`.\n", head, name)
	fmt.Fprintf(&b, "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: %s\n", m.Name)
	if m.Namespace != "" {
		fmt.Fprintf(&b, "  namespace: %s\n", m.Namespace)
	}
	if len(m.Labels) > 0 {
		b.WriteString("  labels:\n")
		for _, k := range slices.Sorted(maps.Keys(m.Labels)) {
			fmt.Fprintf(&b, "    %s: %s\n", k, strconv.Quote(m.Labels[k]))
		}
	}
	b.WriteString("spec:\n  groups:\n")
	for line := range strings.Lines(string(groups)) {
		if line != "\n" {
			line = "  " + line
		}
		b.WriteString(line)
	}
	return []byte(b.String()), nil
}
