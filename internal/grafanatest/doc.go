// Package grafanatest stands in for Grafana, in tests and for the pictures in
// docs/: it reads dashboards as Grafana's JSON has them, puts values in the place
// of variables, asks Prometheus what the panels ask, and makes rows of a table of
// the answers. It knows what our dashboards use and nothing else, and fails where
// it meets something that it does not know.
package grafanatest
