package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// equivalents are mutants that mean the same as the original, so that no test
// can tell them apart. A reason stands above each:
//
//	# why it means the same
//	file.rules.yml Rule: line before => line after
type equivalents struct {
	path    string
	reasons map[string]string
	seen    map[string]bool // those that survived
}

// readEquivalents reads the entries of one rule file. No list is an empty one.
func readEquivalents(path, base string) (*equivalents, error) {
	e := &equivalents{path: path, reasons: map[string]string{}, seen: map[string]bool{}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	reason := ""
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			reason = ""
			continue
		}
		if text, ok := strings.CutPrefix(line, "#"); ok {
			reason += text
			continue
		}
		file, key, ok := strings.Cut(line, " ")
		if !ok || reason == "" {
			return nil, fmt.Errorf("%s:%d: want a comment with the reason, then: FILE RULE: BEFORE => AFTER", path, i+1)
		}
		if file == base {
			e.reasons[key] = reason
		}
	}
	return e, nil
}

// survived notes that no test killed a mutant, and tells whether it is listed.
func (e *equivalents) survived(m *mutant) bool {
	_, ok := e.reasons[m.key()]
	if ok {
		e.seen[m.key()] = true
	}
	return ok
}

// stale are the entries that no survivor answers to.
func (e *equivalents) stale() []string {
	var keys []string
	for key := range e.reasons {
		if !e.seen[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
