package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
)

// bench is what mutants of one file are tested with.
type bench struct {
	source   *source
	promtool string
	workers  int
	only     *regexp.Regexp
	quick    bool
	tests    []*testFile
	others   map[string]string // rule files that the tests load besides
	plans    map[*rule]*plan
}

// testFile is a file of unit tests that loads the rules.
type testFile struct {
	name, text string
	groups     []testGroup
}

// testGroup is one test of it, in promtool's words.
type testGroup struct{ name, text string }

// newBench reads the tests and says which are for what.
func newBench(o options, s *source) (*bench, error) {
	b := &bench{source: s, promtool: o.promtool, workers: o.workers, only: o.only, quick: o.quick, others: map[string]string{}, plans: map[*rule]*plan{}}
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
	for i := range s.rules {
		if r := &s.rules[i]; b.only.MatchString(r.name) {
			b.plans[r] = b.plan(r)
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
