// Package rules holds the alerts that the product ships and the way to their
// readers: rule files for Prometheus, and a configuration with templates for
// Alertmanager. The files are what counts and can be used as they lie here; the
// package embeds them, renders them for other places, and checks such files.
package rules

import "embed"

//go:embed *.rules.yml alertmanager.yml templates/*.tmpl
var files embed.FS
