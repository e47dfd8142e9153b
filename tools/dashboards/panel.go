package main

// q is a query over the time range; legend names its series, with {{label}}.
func q(legend, expr string) target {
	return target{Datasource: chosen, Expr: expr, LegendFormat: legend, Format: "time_series", Range: true, EditorMode: "code"}
}

// now is a query for the last value only, by which a table or a stat is cheap.
func now(legend, expr string) target {
	t := q(legend, expr)
	t.Range, t.Instant = false, true
	return t
}

// panelOf is a panel with what all have: a question for a title, what the answer
// means for a description, queries.
func panelOf(kind, title, description string, width, height int, targets []target) *panel {
	for i := range targets {
		if targets[i].RefID == "" {
			targets[i].RefID = string(rune('A' + i))
		}
	}
	return &panel{
		Type: kind, Title: title, Description: description, GridPos: gridPos{H: height, W: width},
		Datasource: &chosen, Targets: targets,
		FieldConfig: &fieldConfig{Defaults: field{Color: &color{Mode: "palette-classic"}}, Overrides: []override{}},
	}
}

// graph draws lines over time.
func graph(title, description string, targets ...target) *panel {
	p := panelOf("timeseries", title, description, 8, 8, targets)
	p.FieldConfig.Defaults.Custom = map[string]any{
		"drawStyle": "line", "lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": false,
		"axisSoftMin": 0, "thresholdsStyle": map[string]any{"mode": "off"},
	}
	p.Options = map[string]any{
		"legend":  legendOf("list"),
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
	return p
}

func legendOf(mode string, calcs ...string) map[string]any {
	if calcs == nil {
		calcs = []string{}
	}
	return map[string]any{"displayMode": mode, "placement": "bottom", "showLegend": true, "calcs": calcs}
}

// stat shows single values, large, coloured by the thresholds.
func stat(title, description string, targets ...target) *panel {
	p := panelOf("stat", title, description, 3, 4, targets)
	p.FieldConfig.Defaults.Color = &color{Mode: "thresholds"}
	p.FieldConfig.Defaults.Thresholds = steps("green")
	p.Options = map[string]any{
		"graphMode": "none", "colorMode": "background", "justifyMode": "auto", "textMode": "auto", "wideLayout": true,
		"orientation": "auto", "showPercentChange": false, "percentChangeColorMode": "standard", "reduceOptions": lastValue(),
	}
	return p
}

func lastValue() map[string]any {
	return map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
}

// timeline shows states as coloured bars over time.
func timeline(title, description string, targets ...target) *panel {
	p := panelOf("state-timeline", title, description, 24, 6, targets)
	p.FieldConfig.Defaults.Color = &color{Mode: "thresholds"}
	p.FieldConfig.Defaults.Thresholds = steps("text")
	p.FieldConfig.Defaults.Custom = map[string]any{"lineWidth": 0, "fillOpacity": 80}
	p.Options = map[string]any{
		"showValue": "auto", "rowHeight": 0.85, "mergeValues": true, "alignValue": "left",
		"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}},
		"tooltip": map[string]any{"mode": "single", "sort": "none"},
	}
	return p
}

// bars shows the last values as bars.
func bars(title, description string, targets ...target) *panel {
	p := panelOf("bargauge", title, description, 8, 8, targets)
	p.FieldConfig.Defaults.Color = &color{Mode: "thresholds"}
	p.FieldConfig.Defaults.Thresholds = steps("green")
	p.Options = map[string]any{
		"displayMode": "basic", "orientation": "horizontal", "valueMode": "color", "namePlacement": "auto", "showUnfilled": true,
		"sizing": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 40,
		"legend":        map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}},
		"reduceOptions": lastValue(),
	}
	return p
}

// heatmap draws how a histogram's buckets fill over time.
func heatmap(title, description string, targets ...target) *panel {
	for i := range targets {
		targets[i].Format = "heatmap"
	}
	p := panelOf("heatmap", title, description, 12, 8, targets)
	p.FieldConfig.Defaults = field{Custom: map[string]any{"scaleDistribution": map[string]any{"type": "linear"}}}
	p.Options = map[string]any{
		"calculate": false, "cellGap": 1, "showValue": "never",
		"color": map[string]any{
			"mode": "scheme", "scheme": "Oranges", "steps": 64, "reverse": false, "exponent": 0.5, "scale": "exponential", "fill": "dark-orange",
		},
		"yAxis":        map[string]any{"axisPlacement": "left", "unit": "s", "reverse": false},
		"rowsFrame":    map[string]any{"layout": "auto"},
		"filterValues": map[string]any{"le": 1e-9},
		"legend":       map[string]any{"show": true},
		"tooltip":      map[string]any{"mode": "single", "yHistogram": false, "showColorScale": false},
		"exemplars":    map[string]any{"color": "rgba(255,0,255,0.7)"},
	}
	return p
}
