package config

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// setting is a value and where it comes from.
type setting struct {
	value  any
	origin Origin
	items  []Origin // of the elements of a list in the file
}

// document is what a file says, checked key by key.
type document struct {
	file     string
	settings map[string]setting // by path
	sections map[string]Origin  // of sections and lists of sections, by path
	counts   map[string]int     // of the elements of lists of sections, by path
	problems []Problem
	warnings []Warning

	// What the document knows of the world outside it.
	open func(name string) ([]byte, error)
	now  func() time.Time
}

func newDocument(file string) *document {
	return &document{
		file: file, settings: map[string]setting{}, sections: map[string]Origin{}, counts: map[string]int{},
		open: readFile, now: time.Now,
	}
}

func (d *document) origin(n *yaml.Node) Origin {
	return Origin{Source: InFile, Name: d.file, Line: n.Line, Column: n.Column}
}

// fail notes a problem. A file that is nothing but problems need not be told to
// its end.
func (d *document) fail(o Origin, path, format string, args ...any) {
	if len(d.problems) > 10*maxProblems {
		return
	}
	d.problems = append(d.problems, Problem{Origin: o, Key: path, Message: fmt.Sprintf(format, args...)})
}

func (d *document) warn(o Origin, path, format string, args ...any) {
	d.warnings = append(d.warnings, Warning{Origin: o, Key: path, Message: fmt.Sprintf(format, args...)})
}

// walk reads what stands at n, which the schema calls s. where is the position
// of the key, for values that have none.
func (d *document) walk(n *yaml.Node, s *node, path string, where Origin) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(d.origin(n), path, "%s", noAliases)
		return
	}
	null := n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == ""
	if !null {
		where = d.origin(n)
	}
	switch {
	case s.leaf():
		d.leaf(n, s.key, path, where)
	case s.repeated():
		d.blocks(n, s, path, where)
	case null: // a section whose keys are all commented out
		d.sections[path] = where
	case !is(n, yaml.MappingNode):
		d.fail(where, path, "expected %s, got %s", kindSection.wants, describe(n, true))
	default:
		d.sections[path] = where
		d.section(n, s, path)
	}
}

// is reports whether n is of that kind, and of no type that a tag makes of it.
func is(n *yaml.Node, kind yaml.Kind) bool {
	return n.Kind == kind && (kind != yaml.MappingNode || n.Tag == "!!map") && (kind != yaml.SequenceNode || n.Tag == "!!seq")
}

// section reads the keys of a mapping.
func (d *document) section(n *yaml.Node, s *node, path string) {
	seen := map[string]Origin{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := d.origin(k)
		if k.Kind != yaml.ScalarNode || k.Anchor != "" {
			d.fail(at, path, "a key must be a plain word")
			continue
		}
		full := join(path, k.Value)
		if first, twice := seen[k.Value]; twice {
			d.fail(at, printable(full), "given twice (first %s)", first.at())
			continue
		}
		seen[k.Value] = at
		if child := s.children[k.Value]; child != nil {
			d.walk(v, child, full, at)
		} else {
			d.fail(at, printable(full), "unknown key%s", d.suggest(k.Value, s))
		}
	}
}

// blocks reads a list of sections.
func (d *document) blocks(n *yaml.Node, s *node, path string, where Origin) {
	if !is(n, yaml.SequenceNode) {
		d.fail(where, path, "expected %s, got %s", kindBlocks.wants, describe(n, true))
		return
	}
	list := n.Content
	if len(list) > maxBlocks {
		d.fail(where, path, "%d elements are more than %d", len(list), maxBlocks)
		list = list[:maxBlocks]
	}
	d.sections[path], d.counts[path] = where, len(list)
	for i, e := range list {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case e.Kind == yaml.AliasNode || e.Anchor != "":
			d.fail(d.origin(e), at, "%s", noAliases)
		case !is(e, yaml.MappingNode):
			d.fail(d.origin(e), at, "expected %s, got %s", kindSection.wants, describe(e, true))
		default:
			d.sections[at] = d.origin(e)
			d.section(e, s, at)
		}
	}
}

// leaf reads a value.
func (d *document) leaf(n *yaml.Node, k *key, path string, where Origin) {
	if !is(n, k.kind.shape) || n.Kind == yaml.ScalarNode && !slices.Contains(k.kind.tags, n.Tag) {
		d.fail(where, path, "expected %s, got %s", k.kind.wants, describe(n, k.kind.secret))
		return
	}
	got := setting{origin: where}
	var err error
	switch {
	case k.kind == kindList:
		got.value, got.items = d.list(n, path)
		d.checkMany(k, path, got)
	case k.kind.shape == yaml.MappingNode:
		got.value = d.texts(n, path, k.kind.secret)
		d.checkMany(k, path, got)
	default:
		if got.value, err = k.kind.read(n.Value, k.check); err != nil {
			d.fail(where, path, "%s", err)
			return
		}
	}
	d.settings[path] = got
}

// checkMany checks a list element by element, to tell where the bad one is.
func (d *document) checkMany(k *key, path string, s setting) {
	if k.check == nil {
		return
	}
	list, ok := s.value.([]string)
	if !ok {
		if err := k.check(s.value); err != nil {
			d.fail(s.origin, path, "%s", err)
		}
		return
	}
	for i, e := range list {
		if err := k.check([]string{e}); err != nil {
			d.fail(s.items[i], path, "%s", err)
		}
	}
}
