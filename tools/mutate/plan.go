package main

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// plan is how mutants of a rule are tried.
type plan struct {
	// needed are the rules that take part: those that are built on the rule, and
	// what all of these are built on. The others only cost time.
	needed map[*rule]bool

	mu    sync.Mutex // guards what follows
	steps []*step
}

// step is a call of promtool: some tests of a file.
type step struct {
	file    string
	pattern string // of the names of tests

	mu     sync.Mutex // guards what follows
	proven bool       // the tests pass without a mutation
	whole  bool       // if all rules are there, and not with the needed ones alone
}

// anyAlert is what asks about alerts by no name.
var anyAlert = regexp.MustCompile(`ALERTS\{[^}]*\}`)

// tiers of tests, those first that most likely tell a mutant and cost least.
const (
	byRule  = iota // they name the rule
	byUser         // they name a rule that is built on it
	byAlert        // they ask about alerts of any name
	tiers
)

// plan lists the tests that can tell a mutant of the rule.
func (b *bench) plan(r *rule) *plan {
	users := b.users(r, map[*rule]bool{})
	p := &plan{needed: map[*rule]bool{}}
	for _, u := range users {
		b.need(u, p.needed)
	}
	// A mutant may lack a matcher, or have another one.
	for i := range b.source.rules {
		if other := &b.source.rules[i]; reads(r.expr.of(b.source.text), &rule{name: other.name}) {
			b.need(other, p.needed)
		}
	}
	var steps [tiers][]*step
	for _, t := range b.tests {
		var names [tiers][]string
		for _, g := range t.groups {
			if tier := g.tier(r, users); tier < tiers {
				names[tier] = append(names[tier], regexp.QuoteMeta(g.name))
			}
		}
		for tier, n := range names {
			if len(n) > 0 {
				steps[tier] = append(steps[tier], &step{file: t.name, pattern: "^(" + strings.Join(n, "|") + ")$"})
			}
		}
	}
	if b.quick {
		steps[byAlert] = nil
	}
	p.steps = slices.Concat(steps[:]...)
	return p
}

func (g testGroup) tier(r *rule, users []*rule) int {
	switch {
	case reads(g.text, r):
		return byRule
	case slices.ContainsFunc(users, func(u *rule) bool { return reads(g.text, u) }):
		return byUser
	case slices.ContainsFunc(anyAlert.FindAllString(g.text, -1), func(s string) bool { return !strings.Contains(s, "alertname=\"") }):
		return byAlert
	}
	return tiers
}

// order is the steps as they are best tried now.
func (p *plan) order() []*step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.steps)
}

// killer puts a step first: the next mutant of the rule is most like this one.
func (p *plan) killer(s *step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.steps, s)
	copy(p.steps[1:], p.steps[:i])
	p.steps[0] = s
}

// reads tells whether a text has the name of a rule as a whole word, and does not
// ask for other labels than those that the rule records.
func reads(text string, r *rule) bool {
	for {
		i := strings.Index(text, r.name)
		if i < 0 {
			return false
		}
		after := text[i+len(r.name):]
		whole := (i == 0 || !letter(text[i-1]) && !digit(text[i-1])) && (after == "" || !letter(after[0]) && !digit(after[0]))
		if whole && !r.excluded(after) {
			return true
		}
		text = after
	}
}

var equals = regexp.MustCompile(`(\w+)="([^"]*)"`)

// excluded tells whether matchers, if a text begins with them, leave out what
// the rule records.
func (r *rule) excluded(text string) bool {
	inner, _, ok := strings.Cut(text, "}")
	if !ok || !strings.HasPrefix(inner, "{") {
		return false
	}
	for _, m := range equals.FindAllStringSubmatch(inner, -1) {
		if v, ok := r.labels[m[1]]; ok && v != m[2] {
			return true
		}
	}
	return false
}

// users are a rule and all that need it.
func (b *bench) users(of *rule, seen map[*rule]bool) []*rule {
	if seen[of] {
		return nil
	}
	seen[of] = true
	all := []*rule{of}
	for i := range b.source.rules {
		if r := &b.source.rules[i]; reads(r.expr.of(b.source.text), of) {
			all = append(all, b.users(r, seen)...)
		}
	}
	return all
}

// need adds a rule and all that it is built on. Alerts that share a name stay
// together: tests ask for the name.
func (b *bench) need(of *rule, needed map[*rule]bool) {
	if needed[of] {
		return
	}
	needed[of] = true
	for i := range b.source.rules {
		r := &b.source.rules[i]
		if reads(of.expr.of(b.source.text), r) || r.labels == nil && r.name == of.name {
			b.need(r, needed)
		}
	}
}
