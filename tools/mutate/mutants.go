package main

import (
	"fmt"
	"strconv"
	"strings"
)

// mutant is a rule file with one thing changed.
type mutant struct {
	of   *source
	rule *rule
	at   span   // what is replaced
	by   string // what replaces it
}

// text is the mutated file.
func (m *mutant) text() string {
	return m.of.text[:m.at.from] + m.by + m.of.text[m.at.to:]
}

// key names the mutant in the list of equivalent ones: lines before and after,
// without a number that the next change would move.
func (m *mutant) key() string {
	from := strings.LastIndexByte(m.of.text[:m.at.from], '\n') + 1
	to := len(m.of.text)
	if n := strings.IndexByte(m.of.text[m.at.to:], '\n'); n >= 0 {
		to = m.at.to + n
	}
	before, after := m.of.text[from:to], m.of.text[from:m.at.from]+m.by+m.of.text[m.at.to:to]
	return fmt.Sprintf("%s: %s => %s", m.rule.name, squeeze(before), squeeze(after))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// String says where the mutant is and what it is.
func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d: %s", m.of.path, m.of.line(m.at.from), m.key())
}

// mutants makes all of a file.
func mutants(s *source) []*mutant {
	var all []*mutant
	for i := range s.rules {
		r := &s.rules[i]
		add := func(at span, by string) {
			if at.of(s.text) != by {
				all = append(all, &mutant{of: s, rule: r, at: at, by: by})
			}
		}
		tokens := lex(s.text, r.expr.from, r.expr.to)
		for k := range tokens {
			mutate(tokens, k, add)
		}
		for _, d := range []span{r.wait, r.keep} {
			if d.to > 0 {
				add(d, "0s")
				for _, by := range durations(d.of(s.text)) {
					add(d, by)
				}
			}
		}
		if r.severity.to > 0 {
			add(r.severity, severities[r.severity.of(s.text)])
		}
	}
	return all
}

var severities = map[string]string{"critical": "warning", "warning": "info", "info": "warning", "none": "info"}

// swaps are words that replace each other, wherever they are.
var swaps = map[string][]string{
	"and": {"or", "unless"}, "or": {"and"}, "unless": {"and"},
	"max": {"min"}, "min": {"max"}, "sum": {"max"}, "avg": {"max"}, "count": {"sum"},
	"by": {"without"}, "without": {"by"},
	"min_over_time": {"max_over_time"}, "max_over_time": {"min_over_time"},
	"clamp_min": {"clamp_max"}, "clamp_max": {"clamp_min"},
}

// operators outside of matchers.
var operators = map[string][]string{
	">": {">=", "<"}, ">=": {">", "<"}, "<": {"<=", ">"}, "<=": {"<", ">"}, "==": {"!="}, "!=": {"=="},
	"+": {"-"}, "-": {"+"}, "*": {"/"}, "/": {"*"},
}

var matchers = map[string]string{"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}

// mutate adds what may become of one token.
func mutate(tokens []token, k int, add func(span, string)) {
	t := tokens[k]
	at := span{t.at, t.at + len(t.text)}
	switch {
	case t.in == '{':
		if by, ok := matchers[t.text]; ok && t.kind == symbol {
			add(at, by)
			dropMatcher(tokens, k, add)
		}
	case t.group != "" && t.kind == ident:
		dropLabel(tokens, k, add)
	case t.kind == ident:
		for _, by := range swaps[t.text] {
			add(at, by)
		}
	case t.kind == symbol:
		for _, by := range operators[t.text] {
			add(at, by)
		}
	case t.kind == number:
		for _, by := range numbers(t.text) {
			add(at, by)
		}
	case t.kind == duration:
		for _, by := range durations(t.text) {
			add(at, by)
		}
	}
}

// dropMatcher takes out the matcher around the operator k, and the parts of a
// regular expression one by one.
func dropMatcher(tokens []token, k int, add func(span, string)) {
	if k == 0 || k+2 >= len(tokens) {
		return
	}
	name, value := tokens[k-1], tokens[k+1]
	at := span{name.at, value.at + len(value.text)}
	switch before, after := tokens[k-2], tokens[k+2]; {
	case after.is(","):
		at.to = after.at + 1
	case before.is(","):
		at.from = before.at
	}
	add(at, "")
	parts := strings.Split(strings.Trim(value.text, `"'`), "|")
	if !strings.HasSuffix(tokens[k].text, "~") || len(parts) < 2 {
		return
	}
	for i := range parts {
		rest := append(append([]string{}, parts[:i]...), parts[i+1:]...)
		add(span{value.at + 1, value.at + len(value.text) - 1}, strings.Join(rest, "|"))
	}
}

// dropLabel takes the label k out of its list.
func dropLabel(tokens []token, k int, add func(span, string)) {
	at := span{tokens[k].at, tokens[k].at + len(tokens[k].text)}
	switch before, after := tokens[k-1], tokens[k+1]; {
	case after.is(","):
		at.to = tokens[k+2].at
	case before.is(","):
		at.from = before.at
	}
	add(at, "")
}

// numbers are one less and one more of a small whole number, and a tenth of
// any other.
func numbers(s string) []string {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	if v == float64(int(v)) && v <= 10 {
		return []string{strconv.Itoa(int(v) - 1), strconv.Itoa(int(v) + 1)}
	}
	format := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return []string{format(v * 0.9), format(v * 1.1)}
}

// durations are half of it and twice it, in seconds.
func durations(s string) []string {
	unit := map[byte]int{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400, 'y': 365 * 86400}
	total, n := 0, 0
	for i := range len(s) {
		if digit(s[i]) {
			n = 10*n + int(s[i]-'0')
			continue
		}
		if s[i] == 'm' && i+1 < len(s) && s[i+1] == 's' {
			return nil // milliseconds: nothing of ours
		}
		total, n = total+n*unit[s[i]], 0
	}
	if total == 0 {
		return nil
	}
	return []string{strconv.Itoa(total/2) + "s", strconv.Itoa(total*2) + "s"}
}
