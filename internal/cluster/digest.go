package cluster

import "time"

// Digest is a selection of one member's own metrics, as the member told them,
// under our names without their prefix: "proposals_pending". It outlives a round
// and carries its time.
type Digest struct {
	At         time.Time // when it was asked for
	Values     []DigestValue
	Histograms []DigestHistogram
	// Truncated: the member told more series than the limit; some are missing.
	Truncated bool
}

// DigestValue is one series. Labels are in the order in which the metric
// declares them.
type DigestValue struct {
	Name   string
	Labels []string
	Value  float64
}

// DigestHistogram is one classic histogram, cumulative as in an exposition.
type DigestHistogram struct {
	Name    string
	Labels  []string
	Buckets []DigestBucket // ascending; the one of +Inf is Count
	Count   uint64
	Sum     float64
}

// DigestBucket counts the observations of at most Upper seconds.
type DigestBucket struct {
	Upper float64
	Count uint64
}
