package rules

import (
	"bytes"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// CheckAlertmanager reports what is wrong with a configuration of Alertmanager.
// Besides what Alertmanager itself refuses when it starts, that is what it finds
// out with the first alert: secrets that are not where they are looked for, and
// templates that are not defined or fail. Only who has its files can tell, so it
// is to be run where Alertmanager runs. The error is a config.Problems.
func CheckAlertmanager(file string) error {
	c := &amChecker{checker: checker{file: file}, dir: filepath.Dir(file)}
	top := c.load()
	if top == nil {
		return c.err()
	}
	c.keys(top)
	c.receivers(top)
	c.durations(top)
	c.matchers(top)
	c.secretFiles(top)
	c.templates(top)
	return c.err()
}

type amChecker struct {
	checker
	dir string
}

//go:embed alertmanager.keys
var keyList string

// known are the keys that Alertmanager has, see tools/alertmanager/keys.
var known = func() map[string]bool {
	all := map[string]bool{}
	for k := range strings.Lines(keyList) {
		all[strings.TrimSpace(k)] = true
	}
	return all
}

// keys finds those that Alertmanager does not know. path is where a node stands in
// the file, schema where its type stands in the list.
func (c *amChecker) keys(top *yaml.Node) {
	all := known()
	var visit func(n *yaml.Node, path, schema string)
	visit = func(n *yaml.Node, path, schema string) {
		schema = strings.Replace(schema, "route.routes[]", "route", 1) // a route within a route
		if n.Kind == yaml.SequenceNode {
			for i, e := range n.Content {
				visit(e, at(path, i), schema+"[]")
			}
			return
		}
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			key := join(schema, k.Value)
			switch {
			case all[schema+".*"]:
				key = schema + ".*"
			case !all[key]:
				c.fail(k, join(path, k.Value), "unknown key")
				continue
			case k.Value == "http_config", k.Value == "tls_config":
				key = k.Value
			}
			visit(v, join(path, k.Value), key)
		}
	}
	visit(top, "", "")
}

// receivers checks that routes name what there is.
func (c *amChecker) receivers(top *yaml.Node) {
	names := map[string]int{}
	list := get(top, "receivers")
	for i, r := range items(list) {
		name := text(r, "name")
		switch line, twice := names[name]; {
		case name == "":
			c.fail(r, at("receivers", i), "has no name")
		case twice:
			c.fail(r, at("receivers", i), "%q is there already (line %d)", name, line)
		}
		names[name] = r.Line
	}
	root := get(top, "route")
	if root == nil {
		c.fail(top, "route", "is missing")
		return
	}
	if text(root, "receiver") == "" {
		c.fail(root, "route.receiver", "is missing: what no route claims must go somewhere")
	}
	if len(items(get(root, "matchers"))) > 0 {
		c.fail(get(root, "matchers"), "route.matchers", "the first route takes everything")
	}
	c.eachRoute(root, "route", func(n *yaml.Node, path string) {
		r := get(n, "receiver")
		if r == nil {
			return
		}
		if _, ok := names[r.Value]; !ok {
			c.fail(r, path+".receiver", "there is no receiver %q", r.Value)
		}
	})
}

// eachRoute calls do for a route and all below it, each once.
func (c *amChecker) eachRoute(n *yaml.Node, path string, do func(n *yaml.Node, path string)) {
	do(n, path)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Content[i].Value == "routes" && v.Kind == yaml.SequenceNode {
			for j, r := range v.Content {
				if r.Kind == yaml.MappingNode {
					c.eachRoute(r, at(path+".routes", j), do)
				}
			}
		}
	}
}

// timed are keys of durations that Alertmanager reads with its own units.
var timed = []string{"group_wait", "group_interval", "repeat_interval", "resolve_timeout"}

func (c *amChecker) durations(top *yaml.Node) {
	walk(top, "", "", func(n *yaml.Node, path, key string) {
		if !slices.Contains(timed, key) {
			return
		}
		d, err := model.ParseDuration(n.Value)
		switch {
		case err != nil:
			c.fail(n, path, "%q is not a duration like 5m", n.Value)
		case d == 0 && key != "group_wait":
			c.fail(n, path, "must not be 0")
		case key == "repeat_interval" && time.Duration(d) > 120*time.Hour:
			c.fail(n, path, "is longer than Alertmanager remembers (--data.retention, 120h): it would repeat earlier")
		}
	})
}

// matchers checks that matchers can be read, by the parser that all modes have.
func (c *amChecker) matchers(top *yaml.Node) {
	walk(top, "", "", func(n *yaml.Node, path, key string) {
		if key != "matchers" && key != "source_matchers" && key != "target_matchers" {
			return
		}
		if _, err := parse.Matchers(n.Value); err != nil {
			c.fail(n, path, "%s", err)
		}
	})
}

// insideHTTP are sections whose files Alertmanager looks for beside its
// configuration; all others it looks for where it was started.
var insideHTTP = regexp.MustCompile(`\.(http_config|tls_config)\.`)

// secretFiles opens what is named.
func (c *amChecker) secretFiles(top *yaml.Node) {
	walk(top, "", "", func(n *yaml.Node, path, key string) {
		name := n.Value
		isFile := strings.HasSuffix(key, "_file") || key == "files" && insideHTTP.MatchString(path)
		if !isFile || name == "" {
			return
		}
		if !filepath.IsAbs(name) {
			if !insideHTTP.MatchString(path) {
				c.fail(n, path, "%s: make the name absolute: Alertmanager looks for it below the directory that it is started in, not beside this file", name)
				return
			}
			name = filepath.Join(c.dir, name)
		}
		if err := readable(name); err != nil {
			c.fail(n, path, "%s: %s", name, err)
		}
	})
}

// readable says why a file is none that a secret can be read from.
func readable(name string) error {
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return errors.New("there is no such file")
	case err != nil:
		return errors.New("cannot be looked at")
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	}
	data, err := os.ReadFile(name)
	switch {
	case err != nil:
		return errors.New("cannot be read")
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("is empty")
	}
	return nil
}
