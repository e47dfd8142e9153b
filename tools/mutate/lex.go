package main

import "strings"

type kind int

const (
	ident kind = iota
	number
	duration
	text   // a string in quotes
	symbol // an operator or a bracket
)

// token is a word of PromQL. It may be in any layout: offsets are all that
// a mutation needs.
type token struct {
	kind  kind
	text  string
	at    int  // offset in the source
	in    byte // the innermost bracket around it: 0, (, { or [
	group string
}

// is tells whether the token is one of the words, as they are written.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if t.text == w && t.kind != text {
			return true
		}
	}
	return false
}

// grouping are the words before a list of labels.
var grouping = map[string]bool{
	"by": true, "without": true, "on": true, "ignoring": true, "group_left": true, "group_right": true,
}

// lex takes the expression apart that begins at an offset. Whatever is between
// words is passed over: blanks, ends of lines, comments.
func lex(src string, from, to int) []token {
	var all []token
	var open []byte     // brackets that are not closed yet
	var groups []string // for each of them, the grouping word before it
	for i := from; i < to; {
		kind, n := next(src[i:to])
		if n == 0 {
			i++
			continue
		}
		if kind == comment {
			i += n
			continue
		}
		t := token{kind: kind, text: src[i : i+n], at: i}
		if strings.ContainsAny(t.text, ")}]") && kind == symbol && len(open) > 0 {
			open, groups = open[:len(open)-1], groups[:len(groups)-1]
		}
		if len(open) > 0 {
			t.in, t.group = open[len(open)-1], groups[len(groups)-1]
		}
		if kind == symbol && strings.ContainsAny(t.text, "({[") {
			word := ""
			if len(all) > 0 && grouping[all[len(all)-1].text] {
				word = all[len(all)-1].text
			}
			open, groups = append(open, t.text[0]), append(groups, word)
		}
		all = append(all, t)
		i += n
	}
	return all
}

const comment kind = -1

// symbols, the longer first.
var symbols = []string{"==", "!=", ">=", "<=", "=~", "!~", "(", ")", "{", "}", "[", "]", ",", "+", "-", "*", "/", "%", "^", "=", ">", "<", ":", "@"}

// next is the kind and length of the word that s begins with; 0 if none does.
func next(s string) (kind, int) {
	switch c := s[0]; {
	case c == '#':
		if n := strings.IndexByte(s, '\n'); n >= 0 {
			return comment, n
		}
		return comment, len(s)
	case c == '"' || c == '\'' || c == '`':
		return text, quoted(s)
	case digit(c):
		return numeral(s)
	case letter(c):
		n := 1
		for n < len(s) && (letter(s[n]) || digit(s[n])) {
			n++
		}
		return ident, n
	}
	for _, sym := range symbols {
		if strings.HasPrefix(s, sym) {
			return symbol, len(sym)
		}
	}
	return symbol, 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// letter of a name; names of recording rules have colons.
func letter(c byte) bool {
	return c == '_' || c == ':' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted is the length of a string with its quotes.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[0] != '`':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// numeral tells numbers from durations, which have units.
func numeral(s string) (kind, int) {
	n := 0
	for n < len(s) && (digit(s[n]) || s[n] == '.') {
		n++
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '-' || s[m] == '+') {
			m++
		}
		for ; m < len(s) && digit(s[m]); m++ {
			n = m + 1
		}
		return number, n
	}
	if n < len(s) && strings.IndexByte("smhdwy", s[n]) >= 0 {
		for n < len(s) && (digit(s[n]) || strings.IndexByte("smhdwy", s[n]) >= 0) {
			n++
		}
		return duration, n
	}
	return number, n
}
