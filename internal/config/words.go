package config

import (
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// list reads a list of texts.
func (d *document) list(n *yaml.Node, path string) (list []string, items []Origin) {
	for i, e := range n.Content {
		if d.text(e, path+"["+strconv.Itoa(i)+"]", false) {
			list, items = append(list, e.Value), append(items, d.origin(e))
		}
	}
	return list, items
}

// texts reads a mapping of texts, a map[string]string or map[string]Secret.
func (d *document) texts(n *yaml.Node, path string, secret bool) any {
	shown, hidden := map[string]string{}, map[string]Secret{}
	seen := map[string]Origin{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		full := printable(join(path, k.Value))
		if !d.text(k, path, secret) || !d.text(v, full, secret) {
			continue
		}
		if first, twice := seen[k.Value]; twice {
			d.fail(d.origin(k), full, "given twice (first %s)", first.at())
			continue
		}
		seen[k.Value] = d.origin(k)
		shown[k.Value], hidden[k.Value] = v.Value, Secret(v.Value)
	}
	if secret {
		return hidden
	}
	return shown
}

// text reports whether n is a text, and says so if it is not.
func (d *document) text(n *yaml.Node, path string, secret bool) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(d.origin(n), path, "%s", noAliases)
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		d.fail(d.origin(n), path, "expected %s, got %s", kindText.wants, describe(n, secret))
		return false
	}
	return true
}

// describe says what stands at n instead of what should; of what may be a
// secret, only the type.
func describe(n *yaml.Node, secret bool) string {
	switch {
	case is(n, yaml.SequenceNode):
		return "a list"
	case is(n, yaml.MappingNode):
		return "a mapping"
	case n.Kind != yaml.ScalarNode || !strings.HasPrefix(n.Tag, "!!"):
		return "a value with a tag"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!str" && secret:
		return "a text"
	case n.Tag == "!!str":
		return quote(n.Value)
	case secret && types[n.Tag] != "":
		return types[n.Tag]
	case secret:
		return "something else"
	}
	return strconv.Quote(n.Value) + " without quotes"
}

// types are those of scalars that are no text.
var types = map[string]string{"!!int": "a number", "!!float": "a number", "!!bool": "a boolean", "!!timestamp": "a date"}

// suggest names the key that was probably meant: one of that name in a section
// below, one of the same section that looks like it, or one of that name
// elsewhere.
func (d *document) suggest(name string, s *node) string {
	if len(d.problems) > maxProblems { // nobody will see it
		return ""
	}
	prefix := ""
	if s.key != nil {
		prefix = s.key.path + "."
		if s.repeated() {
			prefix = s.key.path + "[]."
		}
	}
	elsewhere := ""
	for _, k := range keys {
		if !strings.HasSuffix(k.path, "."+name) {
			continue
		}
		if below, ok := strings.CutPrefix(k.path, prefix); ok {
			return " (did you mean " + strconv.Quote(below) + "?)"
		}
		if elsewhere == "" {
			elsewhere = " (did you mean " + strconv.Quote(k.path) + "?)"
		}
	}
	if hint := didYouMean(name, s.order); hint != "" {
		return hint
	}
	return elsewhere
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// printable is a path as it can stand in a line, whatever its keys are.
func printable(path string) string {
	if r := []rune(path); len(r) > 120 {
		path = string(r[:120]) + "..."
	}
	if path == "" || strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}
