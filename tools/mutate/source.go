package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// source is a rule file as it is written.
type source struct {
	path  string
	text  string
	rules []rule
}

// rule is where the parts of a rule are in the text that are mutated.
type rule struct {
	name       string
	labels     map[string]string // of what it records: several may share a name
	expr       span
	wait, keep span // for, keep_firing_for; empty where there are none
	severity   span
	first, end int // its first line, from 1, and the one after its last
}

// span is a range of offsets.
type span struct{ from, to int }

func (s span) of(text string) string { return text[s.from:s.to] }

// read finds the rules of a file. It goes by the positions of the YAML parser,
// not by what the parser made of the text: mutants differ in one word.
func read(path string) (*source, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &source{path: path, text: string(raw)}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	lines := lineStarts(s.text)
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: no groups of rules", path)
	}
	for _, group := range items(child(doc.Content[0], "groups")) {
		s.endRule(group.Line)
		for _, r := range items(child(group, "rules")) {
			found, err := locate(s.text, lines, r)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, r.Line, err)
			}
			s.endRule(r.Line)
			s.rules = append(s.rules, found)
		}
	}
	s.endRule(len(lines) + 1)
	if len(s.rules) == 0 {
		return nil, fmt.Errorf("%s: no rules", path)
	}
	return s, nil
}

// endRule says that the last rule so far ends before a line.
func (s *source) endRule(line int) {
	if n := len(s.rules); n > 0 && s.rules[n-1].end == 0 {
		s.rules[n-1].end = line
	}
}

// only is a version of the file, perhaps a mutated one, with nothing but some of
// the rules. Lines stay where they are.
func (s *source) only(text string, needed map[*rule]bool) string {
	lines := strings.Split(text, "\n")
	for i := range s.rules {
		r := &s.rules[i]
		if !needed[r] {
			clear(lines[r.first-1 : min(r.end-1, len(lines))])
		}
	}
	return strings.Join(lines, "\n")
}

func (s *source) base() string { return filepath.Base(s.path) }

// line is the number of the line of an offset, from 1.
func (s *source) line(at int) int { return 1 + strings.Count(s.text[:at], "\n") }

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// child is the value of a key, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// pairs are the keys and values of a mapping.
func pairs(n *yaml.Node) map[string]string {
	all := map[string]string{}
	if n == nil || n.Kind != yaml.MappingNode {
		return all
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		all[n.Content[i].Value] = n.Content[i+1].Value
	}
	return all
}

func locate(text string, lines []int, r *yaml.Node) (rule, error) {
	out := rule{first: r.Line}
	for _, key := range []string{"alert", "record"} {
		if n := child(r, key); n != nil {
			out.name = n.Value
		}
	}
	if child(r, "record") != nil {
		out.labels = pairs(child(r, "labels"))
	}
	expr := child(r, "expr")
	if out.name == "" || expr == nil {
		return out, fmt.Errorf("a rule needs a name and an expr")
	}
	out.expr = block(text, lines, expr, r.Column)
	for key, to := range map[string]*span{"for": &out.wait, "keep_firing_for": &out.keep} {
		if n := child(r, key); n != nil {
			*to = scalar(lines, n)
		}
	}
	if n := child(child(r, "labels"), "severity"); n != nil {
		out.severity = scalar(lines, n)
	}
	return out, nil
}

// scalar is the place of a plain word.
func scalar(lines []int, n *yaml.Node) span {
	from := lines[n.Line-1] + n.Column - 1
	if n.Style == yaml.SingleQuotedStyle || n.Style == yaml.DoubleQuotedStyle {
		from++
	}
	return span{from, from + len(n.Value)}
}

// block is the place of a scalar of any style: the rest of its line, or of the
// line below it, and all lines that are indented deeper than its key.
func block(text string, lines []int, n *yaml.Node, column int) span {
	from := lines[n.Line-1] + n.Column - 1
	if n.Style == yaml.FoldedStyle || n.Style == yaml.LiteralStyle {
		from = lines[n.Line]
	}
	i := n.Line
	for ; i < len(lines); i++ {
		rest := text[lines[i]:]
		words := strings.TrimLeft(rest, " ")
		if indent := len(rest) - len(words); indent < column && !strings.HasPrefix(words, "\n") {
			break
		}
	}
	to := len(text)
	if i < len(lines) {
		to = lines[i]
	}
	out := span{from, from + len(strings.TrimRight(text[from:to], " \n"))}
	if n.Style == yaml.SingleQuotedStyle || n.Style == yaml.DoubleQuotedStyle {
		out.from, out.to = out.from+1, out.to-1
	}
	return out
}
