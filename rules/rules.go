// Package rules holds the alerts that the product ships and the way to their
// readers: rule files for Prometheus, and a configuration with templates for
// Alertmanager. The files are what counts and can be used as they lie here.
package rules
