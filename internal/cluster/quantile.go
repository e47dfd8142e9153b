package cluster

import (
	"math"
	"slices"
)

// quantiles that are published, with the number of samples that each needs:
// a percentile of fewer is the maximum under another name.
var quantiles = []struct {
	q       float64
	samples int
}{{0.5, 10}, {0.95, 20}, {0.99, 100}}

// Latency sums up a window of latency samples, in seconds.
type Latency struct {
	Count     int
	Sum       float64
	Quantiles map[float64]float64 // 0.5, 0.95, 0.99, as far as Count supports them
}

// LatencyOf sums up samples in seconds. It sorts them in place. Quantiles are by
// nearest rank: the value of a sample, never of an interpolation.
func LatencyOf(samples []float64) Latency {
	slices.Sort(samples)
	l := Latency{Count: len(samples), Quantiles: map[float64]float64{}}
	for _, s := range samples {
		l.Sum += s
	}
	for _, q := range quantiles {
		if l.Count >= q.samples {
			l.Quantiles[q.q] = nearestRank(samples, q.q)
		}
	}
	return l
}

func nearestRank(sorted []float64, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}
