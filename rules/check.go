package rules

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// checker collects what is wrong with a file.
type checker struct {
	file     string
	problems config.Problems
}

// fail notes a problem at a node.
func (c *checker) fail(n *yaml.Node, key, format string, args ...any) {
	o := config.Origin{Source: config.InFile, Name: c.file}
	if n != nil {
		o.Line, o.Column = n.Line, n.Column
	}
	c.problems = append(c.problems, config.Problem{Origin: o, Key: key, Message: fmt.Sprintf(format, args...)})
}

// err is everything that was noted, in the order of the file; nil for nothing.
func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(c.problems, func(a, b config.Problem) int {
		return cmp.Or(cmp.Compare(a.Origin.Line, b.Origin.Line), cmp.Compare(a.Origin.Column, b.Origin.Column))
	})
	return slices.Compact(c.problems)
}

// load reads the file as the one mapping that it should be, nil if it is none.
func (c *checker) load() *yaml.Node {
	data, err := os.ReadFile(c.file)
	if err != nil {
		if path, ok := errors.AsType[*os.PathError](err); ok {
			err = path.Err
		}
		c.fail(nil, "", "%s", err)
		return nil
	}
	if len(data) > config.MaxFile {
		c.fail(nil, "", "larger than 1 MiB")
		return nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		c.fail(nil, "", "no YAML: %s", err)
		return nil
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		c.fail(nil, "", "no mapping")
		return nil
	}
	c.twice(doc.Content[0], "")
	return doc.Content[0]
}

// twice finds keys that are given more than once, of which only one would count.
func (c *checker) twice(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if line, ok := seen[k.Value]; ok {
				c.fail(k, join(path, k.Value), "given twice (first at line %d)", line)
			}
			seen[k.Value] = k.Line
			c.twice(n.Content[i+1], join(path, k.Value))
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			c.twice(e, at(path, i))
		}
	}
}

// each calls do for the keys of a mapping, with their paths.
func each(n *yaml.Node, path string, do func(k, v *yaml.Node, path string)) {
	if n = follow(n); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		do(n.Content[i], follow(n.Content[i+1]), join(path, n.Content[i].Value))
	}
}

// walk calls do for every scalar below n. What an alias stands for is visited
// where it stands.
func walk(n *yaml.Node, path, key string, do func(n *yaml.Node, path, key string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(n.Content[i+1], join(path, n.Content[i].Value), n.Content[i].Value, do)
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			walk(e, at(path, i), key, do)
		}
	case yaml.ScalarNode:
		do(n, path, key)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
