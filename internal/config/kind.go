package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// kind is a type of value: how it is written, read and shown.
type kind struct {
	name  string    // in the documentation
	wants string    // in errors: "expected ..."
	shape yaml.Kind // of its node
	// tags of scalars that are taken for one; what YAML calls a number is not
	// taken for a text, whose zeros and signs a reader would lose.
	tags  []string
	parse func(text string) (any, error)
	// secret values are never shown, not even when they are wrong.
	secret bool
}

var (
	kindText     = &kind{name: "text", wants: "a text", shape: yaml.ScalarNode, tags: []string{"!!str"}, parse: parseText}
	kindFile     = &kind{name: "file", wants: "the name of a file", shape: yaml.ScalarNode, tags: []string{"!!str"}, parse: parseFile}
	kindSecret   = &kind{name: "secret", wants: "a text", shape: yaml.ScalarNode, tags: []string{"!!str"}, parse: parseSecret, secret: true}
	kindBool     = &kind{name: "boolean", wants: "true or false", shape: yaml.ScalarNode, tags: []string{"!!bool"}, parse: parseBool}
	kindInt      = &kind{name: "whole number", wants: "a whole number", shape: yaml.ScalarNode, tags: []string{"!!int"}, parse: parseInt}
	kindNumber   = &kind{name: "number", wants: "a number", shape: yaml.ScalarNode, tags: []string{"!!int", "!!float"}, parse: parseNumber}
	kindDuration = &kind{
		name: "duration", wants: "a duration like 30s", shape: yaml.ScalarNode, tags: []string{"!!str", "!!int", "!!float"},
		parse: func(s string) (any, error) { return parseDuration(s) },
	}
	kindSize = &kind{
		name: "size", wants: "a size like 8GiB", shape: yaml.ScalarNode, tags: []string{"!!str", "!!int"},
		parse: func(s string) (any, error) { n, err := parseSize(s); return size(n), err },
	}
	kindSeconds = &kind{name: "seconds", wants: "seconds or a duration like 26h", shape: yaml.ScalarNode, tags: []string{"!!str", "!!int", "!!float"}, parse: parseSeconds}
	// kindWord is true, false or another word.
	kindWord    = &kind{name: "word", wants: "a word", shape: yaml.ScalarNode, tags: []string{"!!str", "!!bool"}, parse: parseWord}
	kindList    = &kind{name: "list of texts", wants: "a list of texts", shape: yaml.SequenceNode, tags: []string{"!!str"}, parse: parseList}
	kindMap     = &kind{name: "mapping of texts", wants: "a mapping of texts", shape: yaml.MappingNode, tags: []string{"!!str"}}
	kindSecrets = &kind{name: "mapping of secrets", wants: "a mapping of texts", shape: yaml.MappingNode, tags: []string{"!!str"}, secret: true}
	kindSection = &kind{name: "section", wants: "a mapping", shape: yaml.MappingNode}
	kindBlocks  = &kind{name: "list of sections", wants: "a list of mappings", shape: yaml.SequenceNode}
)

type (
	size    int64   // bytes
	seconds float64 // may come from a plain number
)

func parseText(s string) (any, error)   { return s, nil }
func parseWord(s string) (any, error)   { return strings.ToLower(s), nil }
func parseSecret(s string) (any, error) { return Secret(s), nil }

// parseFile refuses names that no error could show in one line.
func parseFile(s string) (any, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return nil, errors.New("is not the name of a file")
	}
	return s, nil
}

func parseBool(s string) (any, error) {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return nil, errors.New("is neither true nor false")
	}
	return v, nil
}

func parseInt(s string) (any, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, errors.New("is not a whole number")
	}
	return v, nil
}

func parseNumber(s string) (any, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, errors.New("is not a number")
	}
	return v, nil
}

// parseSeconds reads a number of seconds, or a duration.
func parseSeconds(s string) (any, error) {
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return seconds(v), nil
	}
	d, err := parseDuration(s)
	return seconds(d.Seconds()), err
}

// parseList reads a list as a flag or a variable has it.
func parseList(s string) (any, error) {
	list := []string{}
	for e := range strings.SplitSeq(s, ",") {
		if e = strings.TrimSpace(e); e != "" {
			list = append(list, e)
		}
	}
	return list, nil
}

// read reads a scalar from text and says in words what is wrong with it.
func (k *kind) read(text string, check check) (any, error) {
	v, err := k.parse(text)
	if err == nil && check != nil {
		err = check(v)
	}
	switch {
	case err == nil:
		return v, nil
	case k.secret:
		return nil, err
	case k.shape == yaml.SequenceNode: // the check names the element
		return nil, err
	}
	return nil, fmt.Errorf("%s %w", quote(text), err)
}

// quote shows a value in an error: one line, and not all of a long one.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "..."
	}
	return strconv.Quote(s)
}

// show gives a value as YAML has it, in one line.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case Secret:
		if v == "" {
			return `""`
		}
		return mask
	case time.Duration:
		return formatDuration(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case size:
		return formatSize(int64(v))
	case seconds:
		return formatDuration(time.Duration(float64(v) * float64(time.Second)))
	case []string:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = strconv.Quote(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]string:
		return showMap(v)
	case map[string]Secret:
		return showMap(v)
	}
	return fmt.Sprint(v) // bool, int64
}

func showMap[V string | Secret](m map[string]V) string {
	parts := make([]string, 0, len(m))
	for k, v := range m {
		parts = append(parts, strconv.Quote(k)+": "+show(v))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}
