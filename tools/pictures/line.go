package main

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// line is a series with its looks.
type line struct {
	grafanatest.Series
	refID, name, color string
	dashed, unlisted   bool // an override's: a limit
}

var palette = []string{
	"#73BF69", "#F2CC0C", "#5794F2", "#FF9830", "#B877D9", "#56A64B", "#8AB8FF", "#F2495C", "#CA95E5", "#FADE2A",
	"#37872D", "#1F60C4", "#FA6400", "#8F3BB8", "#96D98D",
}

// named are the colours that dashboards call by name.
var named = map[string]string{
	"green": "#73BF69", "orange": "#FF9830", "red": "#F2495C", "blue": "#5794F2", "purple": "#B877D9",
	"text": "#8e8e9c", "transparent": "#555960",
}

// lines asks all queries of a panel.
func lines(ctx context.Context, v *grafanatest.View, p grafanatest.Panel) ([]line, error) {
	var all []line
	for _, t := range p.Targets {
		series, err := v.Ask(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			l := line{Series: s, refID: t.RefID, name: strings.TrimSpace(grafanatest.Name(t.LegendFormat, s)), color: palette[len(all)%len(palette)]}
			l.look(p)
			all = append(all, l)
		}
	}
	return all, nil
}

// look applies the overrides of the line's query.
func (l *line) look(p grafanatest.Panel) {
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID != "byFrameRefID" || o.Matcher.Options != l.refID {
			continue
		}
		for _, property := range o.Properties {
			switch property.ID {
			case "color":
				var c struct{ FixedColor string }
				if json.Unmarshal(property.Value, &c) == nil {
					l.color = named[c.FixedColor]
				}
			case "custom.lineStyle":
				l.dashed = true
			case "custom.hideFrom":
				l.unlisted = true
			}
		}
	}
}

// anything reports whether there is a number to show besides limits.
func anything(lines []line) bool {
	for _, l := range lines {
		for _, p := range l.Points {
			if !math.IsNaN(p.Value) && !l.unlisted {
				return true
			}
		}
	}
	return false
}

// event is an annotation.
type event struct {
	at    time.Time
	color string
}

// annotations asks for events as Grafana's Prometheus data source does: a value
// above 0 is one at its time, or at the time that the value says; those that
// follow each other closely are one.
func annotations(ctx context.Context, v *grafanatest.View) ([]event, error) {
	var all []event
	for _, a := range v.Annotations.List {
		step, err := time.ParseDuration(a.Step)
		if err != nil {
			return nil, err
		}
		series, err := v.Ask(ctx, grafanatest.Target{Expr: a.Expr})
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			var last time.Time
			for _, p := range s.Points {
				at := p.At
				if a.UseValueForTime {
					at = time.UnixMilli(int64(p.Value))
				}
				if p.Value > 0 && at.After(last.Add(step)) && at.After(v.From) {
					all = append(all, event{at, named[a.IconColor]})
				}
				last = at
			}
		}
	}
	return all, nil
}
