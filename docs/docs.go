// Package docs holds the documents. Runbooks are also in the binary, for the
// night on which nothing else can be reached.
package docs

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed runbooks/*.md
var runbooks embed.FS

// Runbook is the page about an alert, in Markdown. The error is fs.ErrNotExist
// for a name that has none.
func Runbook(alert string) ([]byte, error) {
	if !slices.Contains(Runbooks(), alert) {
		return nil, fs.ErrNotExist
	}
	return runbooks.ReadFile("runbooks/" + alert + ".md")
}

// Runbooks are the names of the alerts that have a page.
func Runbooks() []string {
	names, err := fs.Glob(runbooks, "runbooks/Etcd*.md")
	if err != nil {
		panic(err) // the pattern is a literal
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(name, "runbooks/"), ".md")
	}
	return names
}
