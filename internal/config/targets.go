package config

import (
	"strconv"

	"go.yaml.in/yaml/v4"
)

// ParseTargets reads a file of targets, YAML or JSON in the form of Prometheus'
// file_sd: a list of groups, each with a list of targets. Targets are endpoints,
// see ParseEndpoints. Labels of groups are for Prometheus, not for us.
func ParseTargets(file string, data []byte, secure bool) ([]string, error) {
	top, problem := parseYAML(file, data)
	if problem != nil {
		return nil, Problems{*problem}
	}
	d := newDocument(file)
	if !is(top, yaml.SequenceNode) {
		d.fail(d.origin(top), "", "expected a list of groups with targets, got %s", describe(top, true))
		return nil, sorted(d.problems)
	}
	var out []string
	seen := map[string]bool{}
	for i, group := range top.Content {
		at := "[" + strconv.Itoa(i) + "]"
		if !is(group, yaml.MappingNode) {
			d.fail(d.origin(group), at, "expected a mapping, got %s", describe(group, true))
			continue
		}
		d.section(group, targetGroup, at)
		for _, u := range d.urls(at+".targets", func(e string) (string, error) { return parseOne(e, secure) }) {
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	if len(d.problems) == 0 && len(out) == 0 {
		d.fail(d.origin(top), "", "no target in it")
	}
	if len(d.problems) > 0 {
		return nil, sorted(d.problems)
	}
	return out, nil
}

// targetGroup is the form of a group of targets.
var targetGroup = buildTree([]*key{
	{path: "targets", kind: kindList},
	{path: "labels", kind: kindMap},
})

// ReadTargets is ParseTargets of a regular file of at most MaxFile bytes.
func ReadTargets(file string, secure bool) ([]string, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, Problems{{Origin: Origin{Source: InFile, Name: file}, Message: err.Error()}}
	}
	return ParseTargets(file, data, secure)
}
