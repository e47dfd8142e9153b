// Package benchmark drives load against etcd and tells what it measured.
//
// It is a library: no flags, no exit, no state outside a run. Its figures are
// meant to be believed, which decides most of what is here. With a rate, calls
// are due at fixed times whatever etcd does, and latency counts from when a call
// was due: a server that stands still for a second is seen for that second. A
// percentile that the sample cannot support is left out. Failures are counted
// by code and never as latency. What is read was written before the clock
// started, and what is written is removed afterwards.
package benchmark
