package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// bench is what mutants of one file are tested with.
type bench struct {
	source   *source
	promtool string
	workers  int
	only     *regexp.Regexp
	tests    []*testFile
	others   map[string]string // rule files that the tests load besides
	plans    map[string]plan   // by rule
}

// testFile is a file of unit tests that loads the rules.
type testFile struct {
	name, text string
	groups     []testGroup
}

// testGroup is one test of it, in promtool's words.
type testGroup struct{ name, text string }

// plan is how mutants of a rule are tried.
type plan struct {
	steps []*step
	// needed are the rules that take part: those that are built on the rule, and
	// what all of these are built on. The others only cost time.
	needed map[string]bool
}

// step is a call of promtool: some tests of a file.
type step struct {
	file    string
	pattern string // of the names of tests

	mu     sync.Mutex // guards what follows
	proven bool       // the tests pass without a mutation
	whole  bool       // if all rules are there, and not with the needed ones alone
}

// newBench reads the tests and says which are for what.
func newBench(o options, s *source) (*bench, error) {
	b := &bench{source: s, promtool: o.promtool, workers: o.workers, only: o.only, others: map[string]string{}, plans: map[string]plan{}}
	dir := filepath.Join(filepath.Dir(s.path), "tests")
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := b.load(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(b.tests) == 0 {
		return nil, fmt.Errorf("%s: no file in %s loads it", s.path, dir)
	}
	for _, r := range s.rules {
		if _, ok := b.plans[r.name]; !ok && b.only.MatchString(r.name) {
			b.plans[r.name] = b.plan(r.name)
		}
	}
	return b, nil
}

// load reads a file of tests if it loads the rules.
func (b *bench) load(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var content struct {
		RuleFiles []string    `yaml:"rule_files"`
		Tests     []yaml.Node `yaml:"tests"`
	}
	if err := yaml.Unmarshal(raw, &content); err != nil {
		return err
	}
	if !slices.Contains(content.RuleFiles, "../"+b.source.base()) {
		return nil
	}
	t := &testFile{name: filepath.Base(file), text: string(raw)}
	for i := range content.Tests {
		n := &content.Tests[i]
		text, err := yaml.Marshal(n)
		if err != nil {
			return err
		}
		name := child(n, "name")
		if name == nil {
			return fmt.Errorf("line %d: a test without a name", n.Line)
		}
		t.groups = append(t.groups, testGroup{name.Value, string(text)})
	}
	b.tests = append(b.tests, t)
	for _, rules := range content.RuleFiles {
		if base := filepath.Base(rules); base != b.source.base() {
			other, err := os.ReadFile(filepath.Join(filepath.Dir(file), rules))
			if err != nil {
				return err
			}
			b.others[base] = string(other)
		}
	}
	return nil
}

// anyAlert is what asks about alerts by no name.
var anyAlert = regexp.MustCompile(`ALERTS\{[^}]*\}`)

// plan lists the tests that can tell a mutant of the rule: those that name it or
// a rule that is built on it, then those that ask about alerts of any name.
func (b *bench) plan(rule string) plan {
	names := b.users(rule, map[string]bool{})
	needed := map[string]bool{}
	for _, name := range names {
		b.need(name, needed)
	}
	var named, general []*step
	for _, t := range b.tests {
		var byName, byAny []string
		for _, g := range t.groups {
			switch {
			case slices.ContainsFunc(names, func(name string) bool { return mentions(g.text, name) }):
				byName = append(byName, regexp.QuoteMeta(g.name))
			case slices.ContainsFunc(anyAlert.FindAllString(g.text, -1), func(s string) bool { return !strings.Contains(s, "alertname=\"") }):
				byAny = append(byAny, regexp.QuoteMeta(g.name))
			}
		}
		if len(byName) > 0 {
			named = append(named, &step{file: t.name, pattern: "^(" + strings.Join(byName, "|") + ")$"})
		}
		if len(byAny) > 0 {
			general = append(general, &step{file: t.name, pattern: "^(" + strings.Join(byAny, "|") + ")$"})
		}
	}
	return plan{steps: append(named, general...), needed: needed}
}

// mentions tells whether a name is in a text as a whole word.
func mentions(text, name string) bool {
	for {
		i := strings.Index(text, name)
		if i < 0 {
			return false
		}
		after := text[i+len(name):]
		if (i == 0 || !letter(text[i-1]) && !digit(text[i-1])) && (after == "" || !letter(after[0]) && !digit(after[0])) {
			return true
		}
		text = after
	}
}

// users are a rule and all that need it.
func (b *bench) users(name string, seen map[string]bool) []string {
	if seen[name] {
		return nil
	}
	seen[name] = true
	all := []string{name}
	for _, r := range b.source.rules {
		if mentions(r.expr.of(b.source.text), name) {
			all = append(all, b.users(r.name, seen)...)
		}
	}
	return all
}

// need adds a rule and all that it is built on.
func (b *bench) need(name string, needed map[string]bool) {
	if needed[name] {
		return
	}
	needed[name] = true
	for _, r := range b.source.rules {
		for _, other := range b.source.rules {
			if r.name == name && mentions(r.expr.of(b.source.text), other.name) {
				b.need(other.name, needed)
			}
		}
	}
}
