package config

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// Load reads the configuration file at path and completes it with what is given
// outside of it; without a path there is only that. The error is a Problems
// with everything that is wrong; nothing of such a file counts.
func Load(path string, o Overrides) (*File, []Warning, error) {
	d := newDocument(path)
	var data []byte
	if path != "" {
		var err error
		if data, err = readConfig(path); err != nil {
			return nil, nil, Problems{{Origin: Origin{Source: InFile, Name: path}, Message: err.Error()}}
		}
	}
	return d.load(data, path != "", o)
}

// readConfig reads the file itself. It may be a pipe; it may not be long.
func readConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > MaxFile {
		return nil, errors.New("larger than 1 MiB")
	}
	return data, nil
}

func (d *document) load(data []byte, isFile bool, o Overrides) (*File, []Warning, error) {
	if isFile {
		top, problem := parseYAML(d.file, data)
		if problem != nil {
			return nil, nil, Problems{*problem}
		}
		d.walk(top, root, "", Origin{Source: InFile, Name: d.file, Line: 1, Column: 1})
	}
	d.resolve(o)
	f := &content{doc: d}
	for _, path := range d.clusterPaths() {
		f.clusters = append(f.clusters, d.cluster(path))
	}
	d.together(f.clusters)
	d.alerts()
	d.gatewayFiles()
	d.notYet()
	if len(d.problems) > 0 {
		return nil, nil, sorted(d.problems)
	}
	return &File{f}, d.warnings, nil
}

// together checks what clusters and sections are to each other.
func (d *document) together(clusters []Cluster) {
	first := map[string]string{}
	for i, path := range d.clusterPaths() {
		name := clusters[i].Name
		before, twice := first[name]
		switch {
		case name == "":
		case twice:
			d.fail(d.settings[path+".name"].origin, path+".name", "another cluster is named %s (%s)", quote(name), d.settings[before+".name"].origin.at())
		default:
			first[name] = path
		}
	}
	if list, ok := d.sections["clusters"]; ok && len(clusters) == 0 && !d.failed("clusters") {
		d.fail(list, "clusters", "no cluster in it")
	}
	if s := d.settings["default_cluster"]; s.value != nil && first[get[string](d, "default_cluster")] == "" {
		d.fail(s.origin, "default_cluster", "there is no cluster %s", quote(get[string](d, "default_cluster")))
	}
	if s := d.settings["features.multi_cluster"]; s.value == "false" && len(clusters) > 1 {
		d.fail(s.origin, "features.multi_cluster", "is false, but there are %d clusters", len(clusters))
	}
	if s := d.settings["api.cors.allow_credentials"]; s.value == true && slices.Contains(get[[]string](d, "api.cors.allowed_origins"), "*") {
		d.fail(s.origin, "api.cors.allow_credentials", "together with the origin * it would let every page act as its visitor")
	}
}

// notYet refuses what this version cannot do, and warns of what it does not do
// though it loads.
func (d *document) notYet() {
	for _, k := range keys {
		s, ok := d.settings[k.path]
		if !ok || s.origin.Source == Default {
			continue
		}
		if k.quiet != "" && s.value == true {
			d.warn(s.origin, k.path, "not active in this version: %s", k.quiet)
		}
		if k.later != "" && !k.isDefault(s.value) {
			d.fail(s.origin, k.path, "%s %s; %s", k.later, notAvailable, k.leave())
		}
	}
}

// isDefault reports whether v says nothing new.
func (k *key) isDefault(v any) bool {
	if k.def == "" {
		return slices.Contains([]string{`""`, "[]", "{}"}, show(v))
	}
	def, err := k.kind.parse(k.def)
	return err == nil && show(def) == show(v)
}

// leave says how to live without the feature.
func (k *key) leave() string {
	if k.def == "" {
		return "leave it out"
	}
	return "leave it at " + strings.Trim(k.show(), `"`)
}

// show gives the default as the file has it.
func (k *key) show() string {
	v, err := k.kind.parse(k.def)
	if err != nil {
		return k.def
	}
	return show(v)
}
