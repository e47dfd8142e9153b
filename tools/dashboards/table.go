package main

import "strconv"

// column is a query that fills a column of a table, beside the labels that make
// a row.
type column struct {
	title  string
	query  string
	label  string // shows this label of the query instead of its value
	width  int
	unit   string
	whole  bool // no decimals
	words  []mapping
	steps  *thresholds // colours the cell
	link   *link
	nodata string // what an empty cell says
}

// table has a row for each set of the key labels: the first columns are the
// keys, and every further column is a query.
func table(title, description string, keys []column, columns ...column) *panel {
	p := panelOf("table", title, description, 24, 8, nil)
	p.FieldConfig.Defaults = field{
		Color:  &color{Mode: "thresholds"},
		Custom: map[string]any{"align": "auto", "inspect": false, "filterable": true, "cellOptions": map[string]any{"type": "auto"}},
	}
	p.Options = map[string]any{"showHeader": true, "frameIndex": 0, "cellHeight": "sm"}

	hidden := map[string]bool{"Time": true}
	names, order := map[string]string{}, map[string]int{}
	place := func(name string, c column) {
		if c.title != "" {
			names[name] = c.title
		}
		order[name] = len(order)
		p.override("byName", c.title, c.properties()...)
	}
	for _, k := range keys {
		place(k.label, k)
	}
	for i, c := range columns {
		ref := string(rune('A' + i))
		t := now("", c.query)
		t.RefID, t.Format = ref, "table"
		p.Targets = append(p.Targets, t)
		value := "Value #" + ref
		if len(columns) == 1 {
			value = "Value" // Grafana tells values apart only where there are several
		}
		switch {
		case c.title == "":
			hidden[value] = true
		case c.label == "":
			place(value, c)
		default:
			hidden[value] = true
			place(c.label, c)
		}
	}
	p.Transformations = []transformation{
		{"merge", map[string]any{}},
		{"organize", map[string]any{"excludeByName": hidden, "renameByName": names, "indexByName": order, "includeByName": map[string]bool{}}},
	}
	return p
}

// properties is how the cells of the column look.
func (c column) properties() []property {
	out := []property{}
	add := func(id string, value any) { out = append(out, property{id, value}) }
	if c.width > 0 {
		add("custom.width", c.width)
	}
	if c.unit != "" {
		add("unit", c.unit)
	}
	if c.whole {
		add("decimals", 0)
	}
	if c.words != nil {
		add("mappings", c.words)
	}
	if c.steps != nil {
		add("thresholds", c.steps)
	}
	if c.words != nil || c.steps != nil {
		add("custom.cellOptions", map[string]any{"type": "color-text"})
	}
	if c.link != nil {
		add("links", []link{*c.link})
	}
	if c.nodata != "" {
		add("noValue", c.nodata)
	}
	return out
}

// sorted sorts by a column.
func (p *panel) sorted(title string, descending bool) *panel {
	return p.option("sortBy", []map[string]any{{"displayName": title, "desc": descending}})
}

// says maps numbers to words and colours: says(0, "lost", "red", 1, "yes", "green").
func says(all ...any) []mapping {
	options := map[string]result{}
	for i := 0; i+2 < len(all); i += 3 {
		value := strconv.FormatFloat(number(all[i]), 'f', -1, 64)
		options[value] = result{Text: all[i+1].(string), Color: all[i+2].(string), Index: i / 3}
	}
	return []mapping{{"value", options}}
}

// saysText maps words to themselves, in colour.
func saysText(all ...string) []mapping {
	options := map[string]result{}
	for i := 0; i+1 < len(all); i += 2 {
		options[all[i]] = result{Text: all[i], Color: all[i+1], Index: i / 2}
	}
	return []mapping{{"value", options}}
}

var (
	quorumWords = says(1, "yes", "green", 0, "LOST", "red", -1, "unknown", "orange")
	upWords     = says(1, "yes", "green", 0, "NO", "red")
	stateWords  = says(-1, "unknown", "text", 0, "down", "red", 1, "answers, unconfirmed", "orange", 3, "follower", "green",
		5, "leads, unconfirmed", "orange", 7, "leader", "blue", 8, "learner, down", "red", 9, "learner", "purple")
	severityWords = saysText("critical", "red", "warning", "orange", "info", "blue")
)
