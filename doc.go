// Package etcdmonitor holds no code: it is the root of the module, and the
// place of the tests that look at the module as a whole.
//
// The binary is in cmd/etcd-monitor. Importable are collector (the exporter),
// benchmark, rules and dashboards; everything else is internal.
package etcdmonitor
