package main

import "strings"

// base is where the runbooks are; whoever serves or renders the dashboards may
// put another in its place.
const base = "https://github.com/etcd-monitor/etcd-monitor/blob/main/docs/runbooks/"

func (p *panel) size(width, height int) *panel {
	p.GridPos.W, p.GridPos.H = width, height
	return p
}

func (p *panel) unit(u string) *panel {
	p.FieldConfig.Defaults.Unit = u
	return p
}

func (p *panel) decimals(n int) *panel {
	p.FieldConfig.Defaults.Decimals = &n
	return p
}

func (p *panel) between(low, high float64) *panel {
	p.FieldConfig.Defaults.Min, p.FieldConfig.Defaults.Max = &low, &high
	return p
}

// empty says why there may be nothing to see. It stands where the values would,
// and a panel that says nothing must always have data.
func (p *panel) empty(reason string) *panel {
	p.FieldConfig.Defaults.NoValue = reason
	return p
}

func (p *panel) custom(key string, value any) *panel {
	p.FieldConfig.Defaults.Custom[key] = value
	return p
}

func (p *panel) option(key string, value any) *panel {
	p.Options.(map[string]any)[key] = value
	return p
}

// logarithmic is for latency: a limit of 100 ms would flatten a line at 1 ms.
func (p *panel) logarithmic() *panel {
	delete(p.FieldConfig.Defaults.Custom, "axisSoftMin")
	return p.custom("scaleDistribution", map[string]any{"type": "log", "log": 10})
}

// valued shows the last value and the largest in the legend.
func (p *panel) valued() *panel {
	return p.option("legend", legendOf("table", "lastNotNull", "max"))
}

// names shows the names of series, not their values.
func (p *panel) names() *panel { return p.option("textMode", "name") }

func (p *panel) override(id string, what any, properties ...property) *panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, override{matcher{id, what}, properties})
	return p
}

// limits draws thresholds of etcd-monitor as dashed lines, at most two: what
// warns and what pages.
func (p *panel) limits(names ...string) *panel {
	for i, name := range names {
		t := q("limit: "+name, limit(name))
		t.RefID = []string{"Limit", "Critical"}[i]
		p.Targets = append(p.Targets, t)
		p.override("byFrameRefID", t.RefID,
			property{"color", color{"fixed", []string{"orange", "red"}[i]}},
			property{"custom.lineStyle", map[string]any{"fill": "dash", "dash": []int{8, 6}}},
			property{"custom.fillOpacity", 0},
			property{"custom.hideFrom", map[string]bool{"legend": true, "tooltip": false, "viz": false}})
	}
	return p
}

// fixedLimits draws literals instead: etcd's own metrics know no thresholds.
func (p *panel) fixedLimits(values ...float64) *panel {
	p.FieldConfig.Defaults.Thresholds = steps("transparent", values[0], "orange")
	if len(values) > 1 {
		p.FieldConfig.Defaults.Thresholds = steps("transparent", values[0], "orange", values[1], "red")
	}
	return p.custom("thresholdsStyle", map[string]any{"mode": "dashed"})
}

// colors colours values from each number on: steps(green, 1, red).
func (p *panel) colors(first string, from ...any) *panel {
	p.FieldConfig.Defaults.Thresholds = steps(first, from...)
	return p
}

func steps(first string, from ...any) *thresholds {
	t := &thresholds{Mode: "absolute", Steps: []step{{nil, first}}}
	for i := 0; i+1 < len(from); i += 2 {
		value := number(from[i])
		t.Steps = append(t.Steps, step{&value, from[i+1].(string)})
	}
	return t
}

func number(v any) float64 {
	if n, ok := v.(int); ok {
		return float64(n)
	}
	return v.(float64)
}

func (p *panel) words(m []mapping) *panel {
	p.FieldConfig.Defaults.Mappings = m
	return p
}

// runbooks links to what to do about the alerts that watch the same.
func (p *panel) runbooks(alerts ...string) *panel {
	for _, name := range alerts {
		p.Links = append(p.Links, link{
			Title: "Runbook: " + name, Type: "link", Icon: "doc", URL: base + name + ".md", Tags: []string{}, TargetBlank: true,
		})
	}
	return p
}

// to is where a click on a value leads: a dashboard of ours with the labels of
// the value's row or series for variables.
func to(title, uid string, labels ...string) link {
	query := []string{"${datasource:queryparam}", "${__url_time_range}"}
	for _, l := range labels {
		query = append(query, "var-"+l+"=${__field.labels."+l+":percentencode}")
	}
	return link{Title: title, Type: "link", URL: "/d/" + uid + "?" + strings.Join(query, "&"), Tags: []string{}}
}

// row is to, for cells of a table.
func (l link) row() link {
	l.URL = strings.ReplaceAll(l.URL, "__field.labels.", "__data.fields.")
	return l
}

func (p *panel) linked(l link) *panel {
	p.FieldConfig.Defaults.Links = append(p.FieldConfig.Defaults.Links, l)
	return p
}
