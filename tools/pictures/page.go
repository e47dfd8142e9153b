package main

import (
	"context"
	"fmt"
	"html"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// Sizes in pixels. Grafana's grid has 24 columns and rows of 30 with a gap of 8.
const (
	pageWidth = 1480
	unitWidth = 60
	unitTall  = 38
	gap       = 8
	left, top = 20, 56
	titleTall = 26
)

const style = `
* { box-sizing: border-box; margin: 0 }
body { background: #111217; color: #ccccdc; font: 12px Inter, "DejaVu Sans", "Liberation Sans", sans-serif; width: 1480px; position: relative }
h1 { font-size: 17px; font-weight: 500; position: absolute; left: 20px; top: 16px } h1 small { color: #8e8e9c; font-size: 12px; margin-left: 14px }
.row { position: absolute; font-size: 14px; font-weight: 600; left: 22px; padding-top: 8px }
.panel { position: absolute; background: #181b1f; border: 1px solid #25282d; border-radius: 3px; overflow: hidden }
.title { height: 26px; padding: 5px 8px; font-weight: 600; white-space: nowrap }
.none { color: #8e8e9c; text-align: center; padding: 26px 10px }
.stats { display: flex; flex-wrap: wrap; height: calc(100% - 26px); gap: 4px; padding: 2px 4px 4px }
.stat { flex: 1 1 30%; display: flex; flex-direction: column; justify-content: center; align-items: center; border-radius: 3px; color: #111217; min-width: 0; overflow: hidden }
.stat b { font-size: 20px; font-weight: 600; white-space: nowrap } .many .stat b { font-size: 13px } .stat span { font-size: 10px; white-space: nowrap; opacity: .8 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: 4px 8px; border-bottom: 1px solid #25282d; white-space: nowrap; font-weight: 400 }
th { color: #6e9fff; font-weight: 500 } a { color: #6e9fff }
.legend { padding: 0 8px; line-height: 17px; font-size: 11px; overflow: hidden } .legend span { margin-right: 12px; white-space: nowrap; display: inline-block }
.legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 5px; vertical-align: middle }
.bar { display: flex; align-items: center; padding: 2px 8px; height: 21px } .bar span { width: 46%; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; padding-right: 8px }
.bar u { flex: 1; background: #22252b; height: 14px; text-decoration: none } .bar u i { display: block; height: 14px } .bar b { width: 66px; text-align: right; font-weight: 500 }
svg text { fill: #9d9dab; font-size: 10.5px }
`

// drawPage is the dashboard as a page, and how tall it is.
func drawPage(ctx context.Context, v *grafanatest.View, chosen grafanatest.Values) (string, int, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><meta charset="utf-8"><style>%s</style><h1>%s`, style, html.EscapeString(v.Title))
	for _, variable := range v.Templating.List[1:] {
		choice := "All"
		if c := chosen[variable.Name]; len(c) > 0 {
			choice = strings.Join(c, ", ")
		}
		fmt.Fprintf(&b, `<small>%s: %s</small>`, html.EscapeString(variable.Label), html.EscapeString(choice))
	}
	b.WriteString(`</h1>`)
	events, err := annotations(ctx, v)
	if err != nil {
		return "", 0, err
	}
	height := 0
	for _, p := range v.Panels {
		g := p.GridPos
		x, y := left+g.X*unitWidth, top+g.Y*unitTall
		w, h := g.W*unitWidth-gap, g.H*unitTall-gap
		height = max(height, y+h+gap)
		if p.Type == "row" {
			fmt.Fprintf(&b, `<div class="row" style="top:%dpx">%s</div>`, y, html.EscapeString(p.Title))
			continue
		}
		body, err := drawPanel(ctx, v, p, events, w-2, h-2-titleTall)
		if err != nil {
			return "", 0, fmt.Errorf("%s: %w", p.Title, err)
		}
		fmt.Fprintf(&b, `<div class="panel" style="left:%dpx;top:%dpx;width:%dpx;height:%dpx"><div class="title">%s</div>%s</div>`+"\n",
			x, y, w, h, html.EscapeString(p.Title), body)
	}
	return b.String(), height + gap, nil
}

func drawPanel(ctx context.Context, v *grafanatest.View, p grafanatest.Panel, events []event, w, h int) (string, error) {
	if p.Type == "table" {
		t, err := v.Table(ctx, p)
		if err != nil || len(t.Rows) == 0 {
			return none(p), err
		}
		return drawTable(p, t), nil
	}
	lines, err := lines(ctx, v, p)
	if err != nil {
		return "", err
	}
	if !anything(lines) {
		return none(p), nil
	}
	switch p.Type {
	case "stat":
		return drawStats(p, lines), nil
	case "bargauge":
		return drawBars(p, lines), nil
	case "timeseries":
		return drawGraph(v, p, lines, events, w, h), nil
	case "state-timeline":
		return drawTimeline(v, p, lines, w, h), nil
	case "heatmap":
		return drawHeatmap(v, lines, w, h), nil
	}
	return "", fmt.Errorf("a panel of the kind %q", p.Type)
}

// none is what Grafana shows without data.
func none(p grafanatest.Panel) string {
	text := p.FieldConfig.Defaults.NoValue
	if text == "" {
		text = "No data"
	}
	return `<div class="none">` + html.EscapeString(text) + `</div>`
}
