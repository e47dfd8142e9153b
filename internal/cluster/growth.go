package cluster

import (
	"math"
	"slices"
	"time"
)

// SizePoint is the size of one member's database at one time, in bytes.
type SizePoint struct {
	At    time.Time
	Size  int64 // allocated; shrinks only by a defragmentation or a restore
	InUse int64
}

// Growth is how fast a member's database grows, in bytes per second.
type Growth struct {
	Size  float64
	InUse float64
}

const (
	growthMinPoints = 6
	growthMinSpan   = time.Minute
	growthMaxPoints = 100 // pairs grow with the square
)

// GrowthOf is a robust slope (Theil-Sen: the median of the slopes of all pairs)
// over the points since the last defragmentation, oldest first. It is unknown
// for fewer than 6 points or less than a minute of them. A burst or a
// compaction moves a median little, where a line through first and last, or of
// least squares, follows it.
func GrowthOf(points []SizePoint) Opt[Growth] {
	for i := len(points) - 1; i > 0; i-- {
		if points[i].Size < points[i-1].Size {
			points = points[i:]
			break
		}
	}
	points = thin(points)
	if len(points) < growthMinPoints || points[len(points)-1].At.Sub(points[0].At) < growthMinSpan {
		return Opt[Growth]{}
	}
	return Known(Growth{
		Size:  slope(points, func(p SizePoint) int64 { return p.Size }),
		InUse: slope(points, func(p SizePoint) int64 { return p.InUse }),
	})
}

// thin keeps at most growthMaxPoints, evenly spread, the last one included.
func thin(points []SizePoint) []SizePoint {
	n := len(points)
	if n <= growthMaxPoints {
		return points
	}
	kept := make([]SizePoint, growthMaxPoints)
	for i := range kept {
		kept[i] = points[i*(n-1)/(growthMaxPoints-1)]
	}
	return kept
}

func slope(points []SizePoint, value func(SizePoint) int64) float64 {
	slopes := make([]float64, 0, len(points)*(len(points)-1)/2)
	for i := range points {
		for j := range i {
			if dt := points[i].At.Sub(points[j].At).Seconds(); dt > 0 {
				slopes = append(slopes, float64(value(points[i])-value(points[j]))/dt)
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	slices.Sort(slopes)
	m := len(slopes) / 2
	if len(slopes)%2 == 1 {
		return slopes[m]
	}
	return (slopes[m-1] + slopes[m]) / 2
}

// SecondsToQuota is how long a database of that size, growing like that, takes
// to reach its quota: +Inf when it does not grow or has no limit, 0 when it is
// there.
func SecondsToQuota(size int64, quota float64, g Growth) float64 {
	left := quota - float64(size)
	switch {
	case left <= 0:
		return 0
	case g.Size <= 0 || math.IsInf(quota, 1):
		return math.Inf(1)
	}
	return left / g.Size
}
