package config

import (
	"strconv"
	"strings"
)

// Overrides are the values that are given outside the file.
type Overrides struct {
	// Flags are those that were given on the command line, by name without
	// dashes. Others than those of Flags() are not looked at.
	Flags map[string]string
	// LookupEnv finds a variable; nil when there is no environment.
	LookupEnv func(string) (string, bool)
}

// env finds a variable. An empty one is as good as none: it is what a manifest
// leaves behind whose value was not filled in.
func (o Overrides) env(name string) (string, bool) {
	if o.LookupEnv == nil || name == "" {
		return "", false
	}
	v, ok := o.LookupEnv(name)
	return v, ok && v != ""
}

// resolve completes what the file says with flags, variables and defaults.
func (d *document) resolve(o Overrides) {
	_, many := d.sections["clusters"]
	if one, ok := d.sections["etcd"]; ok && many {
		d.fail(one, "etcd", `give either "etcd" or "clusters", not both (clusters %s)`, d.sections["clusters"].at())
	}
	for _, k := range keys {
		if k.flag == "" || strings.Contains(k.path, "[]") {
			continue
		}
		text, origin, ok := k.override(o)
		if !ok {
			continue
		}
		if many && strings.HasPrefix(k.path, "etcd.") {
			d.fail(origin, k.path, "is about one cluster, and %s lists several under clusters", d.file)
			continue
		}
		d.set(k, text, origin)
	}
	if _, one := d.sections["etcd"]; !one && !many {
		d.etcdctl(o)
	}
	d.switchTLS()
	for _, c := range d.clusterPaths() {
		d.exclusive(c+".endpoints", c+".dns_srv", c+".file")
		d.exclusive(c+".auth.password_file", c+".auth.password")
	}
	d.valueAndFile()
	d.defaults()
}

// override finds the flag or the variable of a key.
func (k *key) override(o Overrides) (string, Origin, bool) {
	if text, ok := o.Flags[k.flag]; ok {
		return text, Origin{Source: CommandLine, Name: "--" + k.flag}, true
	}
	text, ok := o.env(k.env())
	return text, Origin{Source: Environment, Name: k.env()}, ok
}

// set gives a key the value that a flag or a variable has as text.
func (d *document) set(k *key, text string, origin Origin) {
	v, err := k.kind.read(text, k.check)
	if err != nil {
		d.fail(origin, k.path, "%s", err)
		delete(d.settings, k.path) // what it would have replaced does not count
		return
	}
	d.settings[k.path] = setting{value: v, origin: origin}
}

// etcdctl takes what nobody says from etcdctl's own variables.
func (d *document) etcdctl(o Overrides) {
	for _, k := range keys {
		if _, set := d.settings[k.path]; set || k.etcdctl == "" {
			continue
		}
		text, ok := o.env(k.etcdctl)
		if !ok {
			continue
		}
		origin := Origin{Source: Etcdctl, Name: k.etcdctl}
		if k.path == "etcd.auth.username" { // may be user:password
			user, password, both := strings.Cut(text, ":")
			text = user
			if both {
				d.set(byPath["etcd.auth.password"], password, origin)
			}
		}
		if k.path == "etcd.auth.password" && d.settings["etcd.auth.username"].value == nil {
			continue // a password without a user is no login, and none of ours
		}
		d.set(k, text, origin)
	}
}

// tlsKeys are those below tls that enabled is about.
var tlsKeys = []string{"ca_file", "cert_file", "key_file", "server_name", "insecure_skip_verify"}

// switchTLS takes the file's keys of TLS out where the file says that TLS is
// off. Flags still count.
func (d *document) switchTLS() {
	for _, c := range d.clusterPaths() {
		on := d.settings[c+".tls.enabled"]
		anything := false
		for _, name := range tlsKeys {
			path := c + ".tls." + name
			s := d.settings[path]
			if on.value == false && s.origin.Source <= on.origin.Source {
				delete(d.settings, path)
			} else if s.value != nil && s.value != false && s.value != "" {
				anything = true
			}
		}
		if on.value == nil || on.value == false && anything {
			d.settings[c+".tls.enabled"] = setting{value: anything}
		}
	}
}

// exclusive keeps the strongest of several values that mean the same thing.
func (d *document) exclusive(paths ...string) {
	var strongest Source
	for _, p := range paths {
		strongest = max(strongest, d.settings[p].origin.Source)
	}
	first := ""
	for _, p := range paths {
		s, ok := d.settings[p]
		switch {
		case !ok:
		case s.origin.Source < strongest:
			delete(d.settings, p)
		case first == "":
			first = p
		default:
			d.either(first, p)
		}
	}
}

// either says that two values exclude each other, at the later one.
func (d *document) either(a, b string) {
	x, y := d.settings[a].origin, d.settings[b].origin
	if y.Line < x.Line || y.Line == x.Line && y.Column < x.Column {
		a, b, x, y = b, a, y, x
	}
	d.fail(y, b, "give either %q or %q, not both (%s %s)", last(a), last(b), last(a), x.at())
}

// valueAndFile finds values that are given both themselves and as a file.
func (d *document) valueAndFile() {
	for path := range d.settings {
		base, ok := strings.CutSuffix(path, "_file")
		if _, both := d.settings[base]; ok && both && !strings.HasSuffix(base, ".auth.password") {
			d.either(base, path)
		}
	}
}

// defaults fills in what nobody says.
func (d *document) defaults() {
	for _, k := range keys {
		if k.def == "" {
			continue
		}
		for _, path := range d.expand(k.path) {
			_, set := d.settings[path]
			base, isEndpoints := strings.CutSuffix(path, ".endpoints")
			if set || isEndpoints && (d.given(base+".dns_srv") || d.given(base+".file")) {
				continue
			}
			v, err := k.kind.parse(k.def)
			if err != nil {
				panic(k.path + ": " + err.Error()) // the tests read the whole table
			}
			d.settings[path] = setting{value: v}
		}
	}
}

func (d *document) given(path string) bool {
	_, ok := d.settings[path]
	return ok
}

// clusterPaths are where clusters are described.
func (d *document) clusterPaths() []string {
	if _, many := d.sections["clusters"]; many {
		return d.elements("clusters")
	}
	return []string{"etcd"}
}

func (d *document) elements(list string) []string {
	paths := make([]string, d.counts[list])
	for i := range paths {
		paths[i] = list + "[" + strconv.Itoa(i) + "]"
	}
	return paths
}

// expand gives the places in the file that a row of the table is about.
func (d *document) expand(path string) []string {
	if _, many := d.sections["clusters"]; many && strings.HasPrefix(path, "etcd.") {
		return nil
	}
	list, rest, ok := strings.Cut(path, "[]")
	if !ok {
		return []string{path}
	}
	paths := d.elements(list)
	for i := range paths {
		paths[i] += rest
	}
	return paths
}

// last is the name at the end of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
