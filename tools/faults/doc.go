// Package faults breaks real etcd clusters and looks at what the shipped alerts
// say: which fire, after how long, and which fire that should not. It is made
// of tests alone. `make test` runs a part of them, `make faults` all, and writes
// docs/fault-matrix.md from that run.
package faults
