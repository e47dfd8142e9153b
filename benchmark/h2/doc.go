// Package h2 is a benchmark engine that speaks gRPC over HTTP/2 itself, for a
// fraction of what a gRPC library costs the client per call.
//
// What makes it lean. A connection has no goroutine of its own: whoever calls
// Flush writes, whoever calls Receive reads. All calls of a Flush leave in one
// write, all answers that one read brings are handed out together. The header
// block of a method is a dozen bytes that are encoded once, because every field
// of it stands in the HPACK table after the first call. Frames are taken apart
// where they lie in the read buffer. Answers to the peer's pings and settings
// leave with the next calls. A call in steady state allocates nothing.
//
// What it does not do is hide trouble. A connection that is lost stays lost, its
// calls end as Unavailable, and nothing is sent twice. What a peer sends beyond
// limits, against flow control or against the order of frames ends the
// connection, and one that does not read makes calls wait, not memory grow.
package h2
