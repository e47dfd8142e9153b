package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// MaxFile is how many bytes of a file are read.
const MaxFile = 1 << 20

// Limits of a file, so that one that is no configuration costs no memory and no
// time. Ours are 5 levels deep; a thousand clusters are below half of the rest.
const (
	maxNodes = 50_000
	maxDepth = 32
	// maxBlocks bounds lists of sections, as clusters is one.
	maxBlocks = 1000
)

// parseYAML gives the mapping of a file with one document. What a value says
// appears in no error: it may be a secret.
func parseYAML(file string, data []byte) (*yaml.Node, *Problem) {
	fail := func(line, column int, format string, args ...any) (*yaml.Node, *Problem) {
		return nil, &Problem{
			Origin:  Origin{Source: InFile, Name: file, Line: line, Column: column},
			Message: fmt.Sprintf(format, args...),
		}
	}
	if len(data) > MaxFile {
		return fail(0, 0, "larger than 1 MiB")
	}
	if line, column := invalidUTF8(data); line > 0 {
		return fail(line, column, "invalid UTF-8")
	}
	if n := entries(data); n > maxNodes {
		return fail(0, 0, "%d entries: more than %d cannot be a configuration", n, maxNodes)
	}
	docs, err := documents(data)
	var bad *yaml.LoadError
	switch {
	case errors.As(err, &bad):
		// Where the part began that has no end says more than where that showed.
		mark := bad.Mark
		message := discreet(bad.Message)
		if bad.ContextMark.Line > 0 && bad.ContextMark.Line < mark.Line {
			message += fmt.Sprintf(" (%s that begins at line %d)", strings.TrimPrefix(bad.ContextMsg, "while "), bad.ContextMark.Line)
		}
		return fail(mark.Line, mark.Column, "no YAML: %s", message)
	case err != nil:
		return fail(0, 0, "no YAML: %s", discreet(err.Error()))
	case len(docs) > 1:
		return fail(docs[1].Line, docs[1].Column, "a second document: one file holds one configuration")
	case len(docs) == 0, len(docs[0].Content) == 0, docs[0].Content[0].Tag == "!!null" && docs[0].Content[0].Value == "":
		return fail(1, 1, "the file is empty")
	}
	top := docs[0].Content[0]
	if top.Kind == yaml.AliasNode {
		return fail(top.Line, top.Column, "%s", noAliases)
	}
	return top, nil
}

// documents reads at most two documents: one too many is enough to know.
func documents(data []byte) ([]*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, err
	}
	var docs []*yaml.Node
	for len(docs) < 2 {
		var doc yaml.Node
		err := loader.Load(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, &doc)
	}
	return docs, nil
}

// entries counts what can begin a value, without parsing.
func entries(data []byte) int {
	n := 0
	for i, c := range data {
		switch c {
		case ',', '[', '{', '*':
			n++
		case ':', '-', '?':
			if i+1 == len(data) || strings.IndexByte(" \t\r\n", data[i+1]) >= 0 {
				n++
			}
		}
	}
	return n
}

// invalidUTF8 finds the first byte that is no UTF-8; line 0 when there is none.
func invalidUTF8(data []byte) (line, column int) {
	line, column = 1, 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1:
			return line, column
		case r == '\n':
			line, column = line+1, 1
		default:
			column++
		}
		data = data[n:]
	}
	return 0, 0
}

const noAliases = "anchors and aliases are not supported: write the value out, or in quotes if it begins with & or *"

var anchorName = regexp.MustCompile(`^unknown anchor .* referenced`)

// discreet takes out of a parser's message what it quotes of the file.
func discreet(message string) string {
	if anchorName.MatchString(message) {
		return noAliases
	}
	message, _, _ = strings.Cut(message, "\n")
	if i := strings.Index(message, " (value: "); i >= 0 {
		message = message[:i]
	}
	return message
}
