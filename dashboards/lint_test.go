package dashboards

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// A rule looks for one kind of mistake. Most are those of Grafana's
// dashboard-linter; the others are ours. broken makes the mistake, in a dashboard
// without it.
type rule struct {
	name   string
	check  func(known, *grafanatest.Dashboard) []string
	broken func(*grafanatest.Dashboard)
}

func rules() []rule {
	return slices.Concat(dashboardRules, panelRules, queryRules)
}

func TestLint(t *testing.T) {
	k := whatIsKnown(t)
	for name, d := range shipped(t) {
		for _, r := range rules() {
			for _, mistake := range r.check(k, d) {
				t.Errorf("%s: %s: %s", name, r.name, mistake)
			}
		}
	}
}

// TestLintFinds makes every mistake once.
func TestLintFinds(t *testing.T) {
	k := whatIsKnown(t)
	for _, r := range rules() {
		d := shipped(t)["cluster"]
		r.broken(d)
		if len(r.check(k, d)) == 0 {
			t.Errorf("%s: finds nothing in a dashboard that is broken", r.name)
		}
	}
}

// eachPanel collects what is wrong with panels, with their titles.
func eachPanel(check func(known, grafanatest.Panel) string) func(known, *grafanatest.Dashboard) []string {
	return func(k known, d *grafanatest.Dashboard) []string {
		var out []string
		for _, p := range d.Drawn() {
			if wrong := check(k, p); wrong != "" {
				out = append(out, p.Title+": "+wrong)
			}
		}
		return out
	}
}

// first is the first panel of a kind.
func first(d *grafanatest.Dashboard, kind string) *grafanatest.Panel {
	return &d.Panels[slices.IndexFunc(d.Panels, func(p grafanatest.Panel) bool { return p.Type == kind })]
}

var dashboardRules = []rule{
	{"it is found: UID, tags, schema", func(_ known, d *grafanatest.Dashboard) []string {
		if !strings.HasPrefix(d.UID, "etcd-monitor-") || len(d.UID) > 40 || !slices.Contains(d.Tags, "etcd-monitor") || d.SchemaVersion < 42 {
			return []string{d.UID}
		}
		return nil
	}, func(d *grafanatest.Dashboard) { d.Tags = nil }},
	{"one crosshair, one refresh, the reader's time", func(_ known, d *grafanatest.Dashboard) []string {
		if d.GraphTooltip != 1 || d.Refresh == "" || d.Timezone != "browser" {
			return []string{"graphTooltip, refresh or timezone"}
		}
		return nil
	}, func(d *grafanatest.Dashboard) { d.GraphTooltip = 0 }},
	{"the data source is chosen by the first variable", func(_ known, d *grafanatest.Dashboard) []string {
		if v := d.Templating.List[0]; v.Name != "datasource" || v.Type != "datasource" || v.Label != "Data source" || string(v.Query) != `"prometheus"` {
			return []string{v.Name}
		}
		return nil
	}, func(d *grafanatest.Dashboard) { d.Templating.List[0].Name = "ds" }},
	{"variables ask the chosen source, follow the time range, take several and all", func(_ known, d *grafanatest.Dashboard) []string {
		var out []string
		for _, v := range d.Templating.List[1:] {
			if v.Type != "query" || v.Datasource.UID != "${datasource}" || v.Refresh != 2 || !v.Multi || !v.IncludeAll || v.Label == "" {
				out = append(out, v.Name)
			}
		}
		return out
	}, func(d *grafanatest.Dashboard) { d.Templating.List[1].Multi = false }},
	{"a variable cluster", func(_ known, d *grafanatest.Dashboard) []string {
		if !slices.ContainsFunc(d.Templating.List, func(v grafanatest.Variable) bool { return v.Name == "cluster" }) {
			return []string{"none"}
		}
		return nil
	}, func(d *grafanatest.Dashboard) { d.Templating.List[1].Name = "c" }},
	{"it leads to the other dashboards and to the runbooks, and takes its variables along", func(_ known, d *grafanatest.Dashboard) []string {
		if len(d.Links) != 2 || !slices.Equal(d.Links[0].Tags, []string{"etcd-monitor"}) || !d.Links[0].IncludeVars || !d.Links[0].KeepTime ||
			d.Links[1].URL != RunbookBaseURL {
			return []string{"links"}
		}
		return nil
	}, func(d *grafanatest.Dashboard) { d.Links[0].IncludeVars = false }},
	{"panels have IDs of their own and do not overlap", overlaps, func(d *grafanatest.Dashboard) { d.Panels[3].GridPos.X-- }},
}

func overlaps(_ known, d *grafanatest.Dashboard) []string {
	var out []string
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			out = append(out, p.Title+": its ID is another's")
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.X < 0 || g.X+g.W > 24 || g.W == 0 || g.H == 0 {
			out = append(out, p.Title+": outside")
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, taken := cells[[2]int{x, y}]; taken {
					out = append(out, p.Title+" lies over "+other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
	return slices.Compact(out)
}

// units are Grafana's that we use; a typo would be shown as it is.
var units = words("s percentunit bytes binBps reqps cps ops short none dtdurations dateTimeFromNow")

// kinds are those whose options dashboard-schema judges.
var kinds = words("timeseries stat table state-timeline bargauge heatmap")

var panelRules = []rule{
	{"a kind that we can judge", eachPanel(func(_ known, p grafanatest.Panel) string {
		if !kinds[p.Type] {
			return p.Type
		}
		return ""
	}), func(d *grafanatest.Dashboard) { d.Panels[1].Type = "piechart" }},
	{"a title and a description, in a sentence", eachPanel(func(_ known, p grafanatest.Panel) string {
		if p.Title == "" || len(p.Description) < 8 || !strings.HasSuffix(p.Description, ".") {
			return "description: " + p.Description
		}
		return ""
	}), func(d *grafanatest.Dashboard) { d.Panels[1].Description = "" }},
	{"lines and bars have a unit, and units exist", eachPanel(func(_ known, p grafanatest.Panel) string {
		unit := p.FieldConfig.Defaults.Unit
		if unit == "" && (p.Type == "timeseries" || p.Type == "bargauge") || unit != "" && !units[unit] {
			return "unit " + unit
		}
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if u := strings.Trim(string(property.Value), `"`); property.ID == "unit" && !units[u] {
					return "unit " + u
				}
			}
		}
		return ""
	}), func(d *grafanatest.Dashboard) { first(d, "timeseries").FieldConfig.Defaults.Unit = "" }},
	{"queries, of the chosen data source, with names of their own", eachPanel(func(_ known, p grafanatest.Panel) string {
		seen := map[string]bool{}
		for _, t := range p.Targets {
			if t.Datasource.UID != "${datasource}" || t.RefID == "" || seen[t.RefID] || t.Instant == t.Range {
				return t.RefID
			}
			seen[t.RefID] = true
		}
		if len(seen) == 0 || p.Datasource.UID != "${datasource}" {
			return "no query or no data source"
		}
		return ""
	}), func(d *grafanatest.Dashboard) { first(d, "timeseries").Targets[0].Datasource.UID = "prometheus" }},
	{
		"legends name labels that the query keeps", eachPanel(legends),
		func(d *grafanatest.Dashboard) { first(d, "timeseries").Targets[0].LegendFormat = "{{pod}}" },
	},
	{"links lead to runbooks of alerts that exist", eachPanel(func(k known, p grafanatest.Panel) string {
		for _, l := range p.Links {
			name := strings.TrimSuffix(strings.TrimPrefix(l.URL, RunbookBaseURL), ".md")
			if !k.alerts[name] {
				return l.URL
			}
		}
		return ""
	}), func(d *grafanatest.Dashboard) { d.Panels[1].Links[0].URL = RunbookBaseURL + "EtcdNoSuchThing.md" }},
	{
		"what older releases of etcd lack is said", eachPanel(releases),
		func(d *grafanatest.Dashboard) { first(d, "timeseries").Targets[0].Expr = "etcd_network_known_peers{}" },
	},
}

var (
	kept  = regexp.MustCompile(` by \(([^)]*)\)`)
	named = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func legends(_ known, p grafanatest.Panel) string {
	for _, t := range p.Targets {
		labels := map[string]bool{"le": p.Type == "heatmap"}
		for _, m := range kept.FindAllStringSubmatch(t.Expr, -1) {
			for l := range words(m[1]) {
				labels[l] = true
			}
		}
		for _, m := range named.FindAllStringSubmatch(t.LegendFormat, -1) {
			if !labels[m[1]] {
				return t.LegendFormat
			}
		}
		if t.LegendFormat == "" && t.Format == "time_series" {
			return t.RefID + " has no legend"
		}
	}
	return ""
}

func releases(k known, p grafanatest.Panel) string {
	said := p.Description + p.FieldConfig.Defaults.NoValue
	for _, t := range p.Targets {
		for _, s := range selectors(t.Expr) {
			m := k.metrics[s.family(k)]
			since := m.since
			if since == "" && strings.Contains(m.help, "etcd 3.6 and later") {
				since = "3.6"
			}
			if since != "" && !strings.Contains(said, "etcd "+since+" and later") {
				return s.metric + " needs etcd " + since
			}
		}
	}
	return ""
}

// TestAlertsLeadHere: the shipped alerts link to dashboards, with variables.
func TestAlertsLeadHere(t *testing.T) {
	variables := map[string]map[string]bool{}
	for _, d := range shipped(t) {
		variables[d.UID] = map[string]bool{}
		for _, v := range d.Templating.List {
			variables[d.UID][v.Name] = true
		}
	}
	found := 0
	for _, file := range []string{"../rules/etcd-monitor.rules.yml", "../rules/etcd-native.rules.yml"} {
		for _, m := range regexp.MustCompile(`dashboard_url: /d/([\w-]+)(?:\?(.*))?`).FindAllStringSubmatch(text(t, file), -1) {
			found++
			if variables[m[1]] == nil {
				t.Errorf("%s links to %s, which does not exist", file, m[1])
			}
			for _, v := range regexp.MustCompile(`\bvar-(\w+)=`).FindAllStringSubmatch(m[2], -1) {
				if !variables[m[1]][v[1]] {
					t.Errorf("%s chooses %s in %s, which has no such variable", file, v[1], m[1])
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d links found", found)
	}
}
