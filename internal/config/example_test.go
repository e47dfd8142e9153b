package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const example = "../../config.example.yaml"

// TestExample: the example at the root loads without a word, and says what is
// true without it.
func TestExample(t *testing.T) {
	f, warnings, err := Load(example, Overrides{})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v\n%v", err, warnings)
	}
	plain, _, err := Load("", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	without := map[string]string{}
	for _, v := range plain.Values() {
		without[v.Key] = v.Text
	}
	for _, v := range f.Values() {
		if without[v.Key] != v.Text {
			t.Errorf("%s is %s, and without the file %q", v.Key, v.Text, without[v.Key])
		}
		delete(without, v.Key)
	}
	for key := range without {
		t.Errorf("%s has no value", key)
	}
}

// commentedOut is a line of YAML behind a comment sign: a comment for people has
// one space after it.
var commentedOut = regexp.MustCompile(`(?m)^( *)#([^ \n#]|  )`)

// TestExampleHasEveryKey: each is there, in its place, with a value that it
// takes, used or commented out.
func TestExampleHasEveryKey(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	text := commentedOut.ReplaceAllString(string(data), "$1$2")
	text, _, _ = strings.Cut(text, "\n# ---")
	later := strings.TrimPrefix(commentedOut.ReplaceAllString(string(data), "$1$2"), text)
	// The head shows command lines, which are not YAML.
	_, text, _ = strings.Cut(text, "\n\n")
	found := map[string]bool{}
	for _, part := range []string{text, later} {
		docs, err := documents([]byte(part))
		if err != nil || len(docs) != 1 {
			t.Fatalf("%d documents, %v", len(docs), err)
		}
		d := newDocument(example)
		d.walk(docs[0].Content[0], root, "", Origin{})
		for _, p := range d.problems {
			t.Errorf("%s: %s", p.Key, p.Message)
		}
		pathsOf(docs[0].Content[0], "", found)
	}
	for _, k := range keys {
		if k.standsForItself() && !found[k.path] {
			t.Errorf("%s is not in it", k.path)
		}
	}
}

// pathsOf notes the paths of the keys below n.
func pathsOf(n *yaml.Node, path string, into map[string]bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, e := range n.Content {
			pathsOf(e, path+"[]", into)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			full := join(path, n.Content[i].Value)
			into[full] = true
			pathsOf(n.Content[i+1], full, into)
		}
	}
}
