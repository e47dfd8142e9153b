package grafanatest

import (
	"encoding/json"
	"fmt"
)

// Dashboard is what a file of Grafana's describes, as far as we use it.
type Dashboard struct {
	UID, Title, Description, Refresh, Timezone string
	Tags                                       []string
	SchemaVersion, GraphTooltip                int
	Links                                      []Link
	Time                                       struct{ From, To string }
	Annotations                                struct{ List []Annotation }
	Templating                                 struct{ List []Variable }
	Panels                                     []Panel
}

// Link is a link of a dashboard, a panel or a value.
type Link struct {
	Title, Type, URL      string
	Tags                  []string
	IncludeVars, KeepTime bool
	TargetBlank           bool
	Icon, Tooltip         string
}

// Source names a data source.
type Source struct{ Type, UID string }

// Annotation is a query for events.
type Annotation struct {
	Name, IconColor, Expr, Step      string
	TitleFormat, TextFormat, TagKeys string
	Datasource                       Source
	Enable, UseValueForTime          bool
}

// Variable is what is chosen above the panels.
type Variable struct {
	Name, Label, Type, AllValue, Definition, Regex string
	Datasource                                     Source
	Query                                          json.RawMessage
	Refresh                                        int
	Multi, IncludeAll                              bool
}

// Panel is a rectangle with a picture in it, or a row's heading.
type Panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Datasource               Source
	Targets                  []Target
	FieldConfig              FieldConfig
	Options                  Options
	Transformations          []Transformation
	Links                    []Link
}

// Target is a query of a panel.
type Target struct {
	RefID, Expr, LegendFormat, Format string
	Datasource                        Source
	Instant, Range                    bool
}

// FieldConfig is how values look: all of them, and some.
type FieldConfig struct {
	Defaults  Field
	Overrides []Override
}

// Field is how values look.
type Field struct {
	Unit, NoValue string
	Decimals      *int
	Min, Max      *float64
	Color         struct{ Mode, FixedColor string }
	Mappings      []Mapping
	Thresholds    Thresholds
	Links         []Link
	Custom        map[string]any
}

// Mapping shows values as words.
type Mapping struct {
	Type    string
	Options map[string]struct {
		Text, Color string
		Index       int
	}
}

// Thresholds colour values from a number on; the first step has none.
type Thresholds struct {
	Mode  string
	Steps []struct {
		Value *float64
		Color string
	}
}

// Override is how values look that a matcher picks.
type Override struct {
	Matcher    struct{ ID, Options string }
	Properties []struct {
		ID    string
		Value json.RawMessage
	}
}

// Options are those of the panels that we use, together.
type Options struct {
	TextMode, DisplayMode string
	SortBy                []SortBy
	Legend                struct {
		DisplayMode string
		ShowLegend  bool
		Calcs       []string
	}
}

// SortBy is a column that a table is sorted by.
type SortBy struct {
	DisplayName string
	Desc        bool
}

// Transformation changes what the queries brought before it is shown.
type Transformation struct {
	ID      string
	Options struct {
		ExcludeByName map[string]bool
		RenameByName  map[string]string
		IndexByName   map[string]int
	}
}

// Read reads a dashboard.
func Read(text []byte) (*Dashboard, error) {
	d := new(Dashboard)
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("read dashboard: %w", err)
	}
	return d, nil
}

// Drawn are the panels without the headings of rows.
func (d *Dashboard) Drawn() []Panel {
	var drawn []Panel
	for _, p := range d.Panels {
		if p.Type != "row" {
			drawn = append(drawn, p)
		}
	}
	return drawn
}
