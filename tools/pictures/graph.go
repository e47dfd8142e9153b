package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// area is where lines are drawn, and what it covers.
type area struct {
	x, y, w, h float64
	from, to   time.Time
	low, high  float64
	log        bool
}

func (a area) atX(t time.Time) float64 {
	return a.x + a.w*float64(t.Sub(a.from))/float64(a.to.Sub(a.from))
}

func (a area) atY(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log10(math.Max(v, a.low)), math.Log10(low), math.Log10(high)
	}
	return a.y + a.h*(1-(v-low)/(high-low))
}

func drawGraph(v *grafanatest.View, p grafanatest.Panel, lines []line, events []event, w, h int) string {
	legend, rows := drawLegend(p, lines, w)
	tall := h - rows*17 - 6
	a := area{x: 62, y: 6, w: float64(w) - 74, h: float64(tall) - 26, from: v.From, to: v.To}
	custom := p.FieldConfig.Defaults.Custom
	if s, ok := custom["scaleDistribution"].(map[string]any); ok {
		a.log = s["type"] == "log"
	}
	a.fit(lines)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%d" height="%d">`, w, tall)
	a.axes(&b, p.FieldConfig.Defaults)
	if style, ok := custom["thresholdsStyle"].(map[string]any); ok && style["mode"] == "dashed" {
		for _, s := range p.FieldConfig.Defaults.Thresholds.Steps[1:] {
			if *s.Value <= a.high {
				fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-dasharray="8 6"/>`,
					a.x, a.x+a.w, a.atY(*s.Value), a.atY(*s.Value), named[s.Color])
			}
		}
	}
	for _, e := range events {
		fmt.Fprintf(&b, `<line x1="%[1]f" x2="%[1]f" y1="%[2]f" y2="%[3]f" stroke="%[4]s" stroke-dasharray="3 3"/><path d="M%[1]f %[3]f l-4 6 h8 z" fill="%[4]s"/>`,
			a.atX(e.at), a.y, a.y+a.h, e.color)
	}
	for _, l := range lines {
		dash := ""
		if l.dashed {
			dash = ` stroke-dasharray="8 6"`
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"%s/>`, a.path(l, v.Step, custom["lineInterpolation"] == "stepAfter"), l.color, dash)
	}
	return b.String() + `</svg>` + legend
}

// fit makes the area cover all lines, limits too, and 0 unless it is logarithmic.
func (a *area) fit(lines []line) {
	a.low, a.high = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, point := range l.Points {
			if math.IsNaN(point.Value) || math.IsInf(point.Value, 0) || a.log && point.Value <= 0 {
				continue
			}
			a.low, a.high = math.Min(a.low, point.Value), math.Max(a.high, point.Value)
		}
	}
	if a.log {
		a.low, a.high = math.Pow(10, math.Floor(math.Log10(a.low))), math.Pow(10, math.Ceil(math.Log10(a.high)))
		if a.low == a.high {
			a.high *= 10
		}
		return
	}
	a.low = math.Min(a.low, 0)
	if a.high <= a.low {
		a.high = a.low + 1
	}
	a.high += (a.high - a.low) * 0.05
}

func (a area) axes(b *strings.Builder, f grafanatest.Field) {
	for _, tick := range a.ticks(f.Unit) {
		y := a.atY(tick)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#25282d"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			a.x, a.x+a.w, y, y, a.x-6, y+4, html.EscapeString(format(f.Unit, f.Decimals, tick)))
	}
	const columns = 4
	for i := range columns + 1 {
		t := a.from.Add(a.to.Sub(a.from) * time.Duration(i) / columns)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, a.atX(t), a.y+a.h+18, t.Format("15:04"))
	}
}

// ticks are a handful of round numbers.
func (a area) ticks(unit string) []float64 {
	var out []float64
	if a.log {
		for t := a.low; t <= a.high*1.0001; t *= 10 {
			out = append(out, t)
		}
		return out
	}
	base := 1.0
	if unit == "bytes" || unit == "binBps" {
		for base*1024 <= a.high {
			base *= 1024
		}
	}
	rough := (a.high - a.low) / 4 / base
	step := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5, 10} {
		if step*m >= rough*0.7 {
			step *= m
			break
		}
	}
	step *= base
	for t := math.Ceil(a.low/step) * step; t <= a.high; t += step {
		out = append(out, t)
	}
	return out
}

// path is the line, broken where a point is missing.
func (a area) path(l line, step time.Duration, stairs bool) string {
	var b strings.Builder
	var last grafanatest.Point
	open := false
	for _, p := range l.Points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			open = false
			continue
		}
		switch {
		case !open || p.At.Sub(last.At) > step*3/2:
			fmt.Fprintf(&b, "M%.1f %.1f", a.atX(p.At), a.atY(p.Value))
		case stairs:
			fmt.Fprintf(&b, "H%.1fV%.1f", a.atX(p.At), a.atY(p.Value))
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", a.atX(p.At), a.atY(p.Value))
		}
		open, last = true, p
	}
	return b.String()
}

// drawLegend lists the lines, and says how many rows of text that takes.
func drawLegend(p grafanatest.Panel, lines []line, w int) (string, int) {
	var b strings.Builder
	rows, x := 1, 0
	for _, l := range lines {
		if l.unlisted {
			continue
		}
		text := l.name
		if p.Options.Legend.DisplayMode == "table" {
			text += "  " + format(p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.Decimals, l.Last())
		}
		width := 31 + len([]rune(text))*13/2
		if x += width; x > w-16 {
			rows, x = rows+1, width
		}
		fmt.Fprintf(&b, `<span><i style="background:%s"></i>%s</span>`, l.color, html.EscapeString(text))
	}
	rows = min(rows, 4)
	return fmt.Sprintf(`<div class="legend" style="height:%dpx">%s</div>`, rows*17, b.String()), rows
}
