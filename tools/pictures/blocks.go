package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// drawTimeline draws states as blocks, a line of them for each series.
func drawTimeline(v *grafanatest.View, p grafanatest.Panel, lines []line, w, h int) string {
	a := area{x: 130, y: 2, w: float64(w) - 142, h: float64(h) - 26, from: v.From, to: v.To}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, w, h)
	a.axes(&b, grafanatest.Field{})
	tall := a.h / float64(len(lines))
	for i, l := range lines {
		y := a.y + float64(i)*tall
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`, a.x-8, y+tall/2+4, html.EscapeString(l.name))
		for _, s := range states(l, v) {
			text, color := show(p.FieldConfig.Defaults, s.value)
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity="0.8"/>`,
				a.atX(s.from), y+tall*0.08, a.atX(s.to)-a.atX(s.from), tall*0.84, color)
			if a.atX(s.to)-a.atX(s.from) > float64(len(text))*7 {
				fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" style="fill:#111217">%s</text>`, a.atX(s.from)+6, y+tall/2+4, html.EscapeString(text))
			}
		}
	}
	return b.String() + `</svg>`
}

// drawHeatmap draws the buckets of a classic histogram; those of a native one are
// another query, of which there is one where there are no classic ones.
func drawHeatmap(v *grafanatest.View, lines []line, w, h int) string {
	buckets := slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.Labels["le"] == "" })
	bound := func(l line) float64 {
		le, err := strconv.ParseFloat(l.Labels["le"], 64)
		if err != nil {
			return math.Inf(1)
		}
		return le
	}
	slices.SortFunc(buckets, func(x, y line) int { return int(math.Copysign(1, bound(x)-bound(y))) })
	a := area{x: 62, y: 6, w: float64(w) - 74, h: float64(h) - 32, from: v.From, to: v.To}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, w, h)
	a.axes(&b, grafanatest.Field{})
	most := 0.0
	counts := make([]map[int64]float64, len(buckets)) // of each bucket alone, by time
	for i, l := range buckets {
		counts[i] = map[int64]float64{}
		for _, p := range l.Points {
			counts[i][p.At.Unix()] = p.Value
		}
	}
	for i := len(counts) - 1; i > 0; i-- {
		for at := range counts[i] {
			counts[i][at] -= counts[i-1][at]
			most = math.Max(most, counts[i][at])
		}
	}
	tall, wide := a.h/float64(len(buckets)), a.w*float64(v.Step)/float64(v.To.Sub(v.From))
	for i, l := range buckets {
		y := a.y + a.h - float64(i+1)*tall
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`, a.x-6, y+4, format("s", nil, bound(l)))
		for _, p := range l.Points {
			if n := counts[i][p.At.Unix()]; n > 0 {
				fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#FF9830" fill-opacity="%.2f"/>`,
					a.atX(p.At)-wide, y+0.5, wide, tall-1, 0.12+0.88*math.Sqrt(n/most))
			}
		}
	}
	return b.String() + `</svg>`
}
