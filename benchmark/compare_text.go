package benchmark

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

func asMap(v any) (map[string]any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	return m, json.Unmarshal(raw, &m)
}

func sortedKeys(a, b map[string]any) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// WriteText prints a comparison for people.
func (c Comparison) WriteText(w io.Writer) error {
	t := &textWriter{w: w}
	for _, d := range c.Difference {
		t.line("the runs differ in %s", d)
	}
	t.table("figure\tbefore\tafter\tchange\t95 % interval\t", func(row func(string, ...any)) {
		for _, f := range c.Figures {
			row("%s\t%s\t%s\t%s\t%s\t%s", f.Name, f.print(f.Before), f.print(f.After), change(f.Change), f.interval(), f.verdict())
		}
	})
	t.line("")
	t.line("  Means over the time slices of each run. The intervals know nothing of how runs differ among themselves:")
	t.line("  repeat both before you believe a small change.")
	return t.err
}

func (f FigureChange) print(v float64) string {
	switch f.Name {
	case "throughput":
		return fmt.Sprintf("%.0f/s", v)
	case "errors":
		return fmt.Sprintf("%.3g %%", 100*v)
	}
	return seconds(v)
}

func change(share float64) string {
	if math.IsNaN(share) {
		return "-"
	}
	return fmt.Sprintf("%+.1f %%", 100*share)
}

func (f FigureChange) interval() string {
	if math.IsNaN(f.Low) {
		return "-"
	}
	return change(f.Low) + " to " + change(f.High)
}

func (f FigureChange) verdict() string {
	switch {
	case f.Worse:
		return "WORSE"
	case f.Low <= 0 && f.High >= 0:
		return "no difference to be seen"
	}
	return ""
}
