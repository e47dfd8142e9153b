package benchmark

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// ReadReport reads a report in JSON.
func ReadReport(from io.Reader) (Report, error) {
	var r Report
	if err := json.NewDecoder(from).Decode(&r); err != nil {
		return r, fmt.Errorf("not a report: %w", err)
	}
	if r.Schema != Schema {
		return r, fmt.Errorf("not a report of this version: its schema is %q, not %q", r.Schema, Schema)
	}
	return r, nil
}

// WriteJSON writes the report for programs.
func (r Report) WriteJSON(to io.Writer) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Comparison is how a run differs from an earlier one.
type Comparison struct {
	Figures    []FigureChange
	Difference []string // of settings, which the figures may be due to
}

// FigureChange is how a figure changed, as a share of what it was. The interval
// holds the true change in 95 of 100 comparisons, as far as one run tells:
// nothing is known of how runs of one kind differ among themselves.
type FigureChange struct {
	Name          string
	Before, After float64 // means over the time slices of a run
	Change        float64 // +0.1 is a tenth more
	Low, High     float64 // its interval
	Worse         bool    // by more than was allowed, certainly
}

// leastSlices is how many time slices a comparison needs on each side.
const leastSlices = 5

// Compare says how after differs from before. A figure is worse when all of its
// interval is beyond allowed, a share such as 0.05.
func Compare(before, after Report, allowed float64) (Comparison, error) {
	a, b, width := slicesOf(before, after)
	if len(a) < leastSlices || len(b) < leastSlices {
		return Comparison{}, fmt.Errorf("the runs are too short to compare: %d and %d slices of %s, %d are needed",
			len(a), len(b), width, leastSlices)
	}
	if before.Type != after.Type {
		return Comparison{}, fmt.Errorf("a run of %s cannot be compared with one of %s", before.Type, after.Type)
	}
	c := Comparison{Difference: differences(before, after)}
	for _, f := range []struct {
		name      string
		of        func(Point) (float64, bool)
		lessWorse bool
	}{
		{"throughput", func(p Point) (float64, bool) { return perSecond(p.Ops, p.Seconds), true }, true},
		{"p50", func(p Point) (float64, bool) { return known(p.P50) }, false},
		{"p99", func(p Point) (float64, bool) { return known(p.P99) }, false},
	} {
		change, ok := changeOf(values(a, f.of), values(b, f.of))
		if !ok {
			continue
		}
		change.Name = f.name
		change.Worse = f.lessWorse && change.High < -allowed || !f.lessWorse && change.Low > allowed
		c.Figures = append(c.Figures, change)
	}
	if e := after.Operations.ErrorRate(); e > before.Operations.ErrorRate()+allowed {
		c.Figures = append(c.Figures, FigureChange{
			Name: "errors", Before: before.Operations.ErrorRate(), After: e, Change: math.NaN(), Low: math.NaN(), High: math.NaN(), Worse: true,
		})
	}
	return c, nil
}

// Regressed reports whether a figure is worse.
func (c Comparison) Regressed() bool {
	for _, f := range c.Figures {
		if f.Worse {
			return true
		}
	}
	return false
}

// slicesOf are the time slices to compare: seconds, or tenths of short runs. The
// last is left out, as it is not whole.
func slicesOf(before, after Report) (a, b []Point, width string) {
	if min(before.Duration, after.Duration) >= 2*leastSlices {
		return whole(before.Series), whole(after.Series), "a second"
	}
	return whole(before.Tenths), whole(after.Tenths), "a tenth of a second"
}

func whole(points []Point) []Point { return points[:max(0, len(points)-1)] }

func known(v *float64) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return *v, true
}

func values(points []Point, of func(Point) (float64, bool)) []float64 {
	var out []float64
	for _, p := range points {
		if v, ok := of(p); ok {
			out = append(out, v)
		}
	}
	return out
}

// changeOf is by how much the mean changed, with the interval of Welch's t-test.
func changeOf(a, b []float64) (FigureChange, bool) {
	if len(a) < leastSlices || len(b) < leastSlices {
		return FigureChange{}, false
	}
	ma, va := meanAndVariance(a)
	mb, vb := meanAndVariance(b)
	if ma <= 0 {
		return FigureChange{}, false
	}
	sa, sb := va/float64(len(a)), vb/float64(len(b))
	half := 0.0
	if sa+sb > 0 {
		freedom := (sa + sb) * (sa + sb) / (sa*sa/float64(len(a)-1) + sb*sb/float64(len(b)-1))
		half = student95(freedom) * math.Sqrt(sa+sb)
	}
	return FigureChange{
		Before: ma, After: mb, Change: (mb - ma) / ma, Low: (mb - ma - half) / ma, High: (mb - ma + half) / ma,
	}, true
}

func meanAndVariance(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

// student95 is the 97.5 % point of Student's distribution, by the expansion of
// Cornish and Fisher; with four degrees of freedom or more it is right to 1 %.
func student95(freedom float64) float64 {
	const z = 1.959964
	z3, z5 := z*z*z, z*z*z*z*z
	n := max(freedom, 1)
	return z + (z3+z)/(4*n) + (5*z5+16*z3+3*z)/(96*n*n) + (3*z5*z*z+19*z5+17*z3-15*z)/(384*n*n*n)
}

// differences names the settings in which two runs differ.
func differences(a, b Report) []string {
	var out []string
	x, errX := asMap(a.Settings)
	y, errY := asMap(b.Settings)
	if errors.Join(errX, errY) != nil {
		return nil
	}
	x["engine"], y["engine"] = a.Engine, b.Engine
	for _, name := range sortedKeys(x, y) {
		if fmt.Sprint(x[name]) != fmt.Sprint(y[name]) {
			out = append(out, fmt.Sprintf("%s: %v, then %v", name, orNone(x[name]), orNone(y[name])))
		}
	}
	return out
}

func orNone(v any) any {
	if v == nil {
		return "none"
	}
	return v
}
