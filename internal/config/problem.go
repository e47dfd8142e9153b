package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Source is the kind of place that a value comes from. Of two that say
// different things the later one counts.
type Source int

// The sources, weakest first.
const (
	Default     Source = iota
	Etcdctl            // etcdctl's own environment, where nothing else names a cluster
	InFile             // the configuration file
	Environment        // an ETCD_MONITOR_* variable
	CommandLine        // a flag
)

// Origin is where a value comes from.
type Origin struct {
	Source Source
	Name   string // the file, the variable, or the flag with its dashes
	// Line and Column are those of a file, from 1; 0 if they are not known.
	Line, Column int
}

// String gives the origin as people and editors read it.
func (o Origin) String() string {
	switch {
	case o.Source == Default:
		return "default"
	case o.Source != InFile:
		return o.Name
	case o.Line == 0:
		return o.Name
	case o.Column == 0:
		return o.Name + ":" + strconv.Itoa(o.Line)
	}
	return o.Name + ":" + strconv.Itoa(o.Line) + ":" + strconv.Itoa(o.Column)
}

// at names the place to a reader who is told of another one in the same file.
func (o Origin) at() string {
	if o.Source == InFile {
		return "at line " + strconv.Itoa(o.Line)
	}
	return "by " + o.String()
}

// Problem is one thing that is wrong, or worth a warning.
type Problem struct {
	Origin  Origin
	Key     string // as in clusters[0].tls.ca_file; "" for the file as a whole
	Message string
}

// Error gives the problem in one line. A flag or a variable needs no key: its
// name says it.
func (p Problem) Error() string {
	var parts []string
	if p.Origin.Source != Default {
		parts = append(parts, p.Origin.String())
	}
	if p.Key != "" && (p.Origin.Source == InFile || p.Origin.Source == Default) {
		parts = append(parts, p.Key)
	}
	return strings.Join(append(parts, p.Message), ": ")
}

// Warning is what an operator should know of a configuration that is valid.
type Warning Problem

// String gives the warning in one line.
func (w Warning) String() string { return Problem(w).Error() }

// Problems is everything that is wrong, as one error with a line for each.
type Problems []Problem

// Error gives a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the problems one by one.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i := range p {
		errs[i] = p[i]
	}
	return errs
}

// maxProblems is how many are told. Nobody reads more, and a file that is not
// a configuration at all has one for every line.
const maxProblems = 100

// sorted puts problems in the order of the file, each once, and what is not in
// it last.
func sorted(list []Problem) Problems {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(b2i(a.Origin.Source != InFile), b2i(b.Origin.Source != InFile)),
			cmp.Compare(a.Origin.Name, b.Origin.Name),
			cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Origin.Column, b.Origin.Column),
		)
	})
	list = slices.CompactFunc(list, func(a, b Problem) bool {
		return a.Origin == b.Origin && a.Message == b.Message
	})
	if more := len(list) - maxProblems; more > 0 {
		last := list[maxProblems].Origin
		list = append(list[:maxProblems], Problem{Origin: last, Message: fmt.Sprintf("and %d more", more)})
	}
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
