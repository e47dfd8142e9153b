package main

// tag is what all dashboards have, and find each other by.
const tag = "etcd-monitor"

// newDashboard is a dashboard without panels. What is the same for all stands
// here.
func newDashboard(name, title, description string) *dashboard {
	return &dashboard{
		UID: "etcd-monitor-" + name, Title: title, Description: description, Tags: []string{"etcd", tag},
		SchemaVersion: schemaVersion, Version: 1, GraphTooltip: 1, Refresh: "30s", Timezone: "browser",
		Time: timeRange{"now-1h", "now"},
		Links: []link{
			{Title: "etcd", Type: "dashboards", Icon: "external link", Tags: []string{tag}, IncludeVars: true, KeepTime: true},
			{Title: "Runbooks", Type: "link", Icon: "doc", Tooltip: "What to do about each alert", URL: base, Tags: []string{}, TargetBlank: true},
		},
		Annotations: annotationList{List: []annotation{}},
		Templating: variableList{List: []variable{{
			Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: 1,
		}}},
	}
}

// choose adds a variable with the values of a label. All of them is what all
// matches, or the list of them if that is empty.
func (d *dashboard) choose(name, label, query, all string) {
	d.Templating.List = append(d.Templating.List, variable{
		Name: name, Label: label, Type: "query", Datasource: &chosen, Definition: query,
		Query:   map[string]any{"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 1},
		Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: all,
		Current: map[string]any{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
	})
}

// chooseFound adds a variable with the values of the label of its name that a
// query finds.
func (d *dashboard) chooseFound(name, label, query string) {
	d.choose(name, label, "query_result("+query+")", "")
	v := &d.Templating.List[len(d.Templating.List)-1]
	v.Query = map[string]any{"query": v.Definition, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 3}
	v.Regex = `/\b` + name + `="([^"]*)"/`
}

// marks adds events that explain what lines do.
func (d *dashboard) marks(all ...annotation) {
	for i := range all {
		all[i].Datasource, all[i].Enable = chosen, true
		if all[i].Step == "" {
			all[i].Step = "60s"
		}
	}
	d.Annotations.List = append(d.Annotations.List, all...)
}

// leaderChanged knows the time of the change from the value itself, better than
// by when it was scraped.
var leaderChanged = annotation{
	Name: "Leader changes", IconColor: "purple", TagKeys: "cluster", TitleFormat: "New leader", TextFormat: "{{cluster}}",
	Expr: clusters.gauge(perCluster, "etcd_monitor_cluster_leader_since_timestamp_seconds") + " * 1000", UseValueForTime: true,
}

var membershipChanged = annotation{
	Name: "Membership changes", IconColor: "blue", TagKeys: "cluster", TitleFormat: "Members added, removed or promoted", TextFormat: "{{cluster}}",
	Expr: most("max", perCluster, "increase("+clusters.of("etcd_monitor_cluster_membership_changes_total")+"[$__rate_interval])") + " > 0",
}

var defragmented = annotation{
	Name: "Defragmentations", IconColor: "orange", TagKeys: "cluster,member", TitleFormat: "Defragmentation", TextFormat: "{{cluster}} {{member}}",
	Expr: members.gauge(perMember, "etcd_monitor_member_defrag_inflight") + " > 0",
}

// row puts panels under a heading, from left to right, in lines.
func (d *dashboard) row(title string, panels ...*panel) {
	y := 0
	for _, p := range d.Panels {
		y = max(y, p.GridPos.Y+p.GridPos.H)
	}
	open, none := false, []*panel{}
	d.add(&panel{Type: "row", Title: title, GridPos: gridPos{H: 1, W: 24, Y: y}, Collapsed: &open, Panels: &none})
	y++
	x, height := 0, 0
	for _, p := range panels {
		if x+p.GridPos.W > 24 {
			x, y, height = 0, y+height, 0
		}
		p.GridPos.X, p.GridPos.Y = x, y
		x, height = x+p.GridPos.W, max(height, p.GridPos.H)
		d.add(p)
	}
}

func (d *dashboard) add(p *panel) {
	p.ID = len(d.Panels) + 1
	d.Panels = append(d.Panels, p)
}
