package main

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

func drawStats(p grafanatest.Panel, lines []line) string {
	var b strings.Builder
	many := ""
	if len(lines) > 2 || len(lines) > 1 && p.GridPos.W < 4 {
		many = " many"
	}
	fmt.Fprintf(&b, `<div class="stats%s">`, many)
	for _, l := range lines {
		text, color := show(p.FieldConfig.Defaults, l.Last())
		name := l.name
		if p.Options.TextMode == "name" {
			text, name = l.name, ""
		} else if len(lines) == 1 {
			name = ""
		}
		fmt.Fprintf(&b, `<div class="stat" style="background:%s"><b>%s</b><span>%s</span></div>`, color, html.EscapeString(text), html.EscapeString(name))
	}
	return b.String() + `</div>`
}

func drawBars(p grafanatest.Panel, lines []line) string {
	high := 0.0
	for _, l := range lines {
		high = math.Max(high, l.Last())
	}
	if f := p.FieldConfig.Defaults; f.Max != nil {
		high = *f.Max
	}
	if high == 0 {
		high = 1
	}
	var b strings.Builder
	for _, l := range lines {
		text, color := show(p.FieldConfig.Defaults, l.Last())
		share := math.Max(0, math.Min(1, l.Last()/high))
		fmt.Fprintf(&b, `<div class="bar"><span>%s</span><u><i style="width:%.1f%%;background:%s"></i></u><b style="color:%s">%s</b></div>`,
			html.EscapeString(l.name), share*100, color, color, html.EscapeString(text))
	}
	return b.String()
}

func drawTable(p grafanatest.Panel, t grafanatest.Table) string {
	var b strings.Builder
	b.WriteString(`<table><tr>`)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, `<th>%s</th>`, html.EscapeString(c))
	}
	for _, row := range t.Rows {
		b.WriteString(`</tr><tr>`)
		for i, cell := range row {
			b.WriteString(drawCell(ofColumn(p, t.Columns[i]), cell))
		}
	}
	return b.String() + `</tr></table>`
}

func drawCell(f grafanatest.Field, cell grafanatest.Cell) string {
	text, color := cell.Text, ""
	switch {
	case cell.Empty():
		return `<td></td>`
	case cell.Text == "":
		text, color = show(f, cell.Number)
	default:
		for _, m := range f.Mappings {
			if r, ok := m.Options[cell.Text]; ok {
				color = named[r.Color]
			}
		}
	}
	text = html.EscapeString(text)
	if len(f.Links) > 0 {
		text = `<a>` + text + `</a>`
	}
	return fmt.Sprintf(`<td style="color:%s">%s</td>`, color, text)
}
