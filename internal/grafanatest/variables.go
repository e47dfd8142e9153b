package grafanatest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Values are what is chosen for the variables of a dashboard, by name. What is
// not among them is All.
type Values map[string][]string

// All is the choice of all values.
const All = "$__all"

// View is a dashboard with values chosen, over a time range.
type View struct {
	*Dashboard
	Prometheus Prometheus
	From, To   time.Time
	Step       time.Duration

	chosen Values
	listed map[string][]string // the values that each variable offers
}

// Open opens a dashboard: it lists what its variables offer, in their order,
// since a variable may depend on those before it.
func (d *Dashboard) Open(ctx context.Context, p Prometheus, chosen Values, from, to time.Time, step time.Duration) (*View, error) {
	v := &View{d, p, from, to, step, Values{}, map[string][]string{}}
	for _, variable := range d.Templating.List {
		v.chosen[variable.Name] = []string{All}
		if c, ok := chosen[variable.Name]; ok {
			v.chosen[variable.Name] = c
		}
		if variable.Type != "query" {
			continue
		}
		values, err := v.list(ctx, variable)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		v.listed[variable.Name] = values
	}
	return v, nil
}

// What the query of a variable may be: the values of a label, or whatever a
// query finds, of which the variable's regular expression takes a part.
var (
	labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)$`)
)

func (v *View) list(ctx context.Context, variable Variable) ([]string, error) {
	var query struct{ Query string }
	if err := json.Unmarshal(variable.Query, &query); err != nil {
		return nil, err
	}
	text, err := v.Interpolate(query.Query)
	if err != nil {
		return nil, err
	}
	if m := labelValues.FindStringSubmatch(text); m != nil {
		return v.Prometheus.LabelValues(ctx, m[2], m[1], v.From, v.To)
	}
	m := queryResult.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is a query of no kind that we know", query.Query)
	}
	part, err := regexp.Compile(strings.Trim(variable.Regex, "/"))
	if err != nil {
		return nil, err
	}
	series, err := v.Prometheus.Instant(ctx, m[1], v.To)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, s := range series {
		if found := part.FindStringSubmatch(s.String()); found != nil {
			values = append(values, found[1])
		}
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

// Offers are the values that a variable offers.
func (v *View) Offers(name string) []string { return v.listed[name] }

// reference is a variable in a query: $name or ${name}.
var reference = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)

// Interpolate puts values in the place of variables as Grafana does in queries
// for Prometheus: one value as it is, several as alternatives of a regular
// expression, all of them as the variable says or as alternatives too.
func (v *View) Interpolate(expr string) (string, error) {
	var wrong error
	out := reference.ReplaceAllStringFunc(expr, func(name string) string {
		name = strings.Trim(name, "${}")
		switch name {
		case "__rate_interval":
			return fmt.Sprintf("%ds", int(v.rateInterval().Seconds()))
		case "__range":
			return fmt.Sprintf("%ds", int(v.To.Sub(v.From).Seconds()))
		case "1": // of label_replace
			return "$1"
		}
		i := slices.IndexFunc(v.Templating.List, func(of Variable) bool { return of.Name == name })
		if i < 0 {
			wrong = fmt.Errorf("%s: there is no variable %q", expr, name)
			return ""
		}
		return v.matching(v.Templating.List[i])
	})
	return out, wrong
}

// matching is a regular expression, inside a quoted string, for what is chosen.
func (v *View) matching(variable Variable) string {
	values := v.chosen[variable.Name]
	if slices.Equal(values, []string{All}) {
		if variable.AllValue != "" {
			return variable.AllValue
		}
		values = v.listed[variable.Name]
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(value), `\`, `\\`)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "(" + strings.Join(quoted, "|") + ")"
}

// rateInterval is at least four scrapes, and a scrape more than what lies
// between two points.
func (v *View) rateInterval() time.Duration {
	return max(v.Step+v.Prometheus.Scrape, 4*v.Prometheus.Scrape)
}

// Ask asks what a panel asks with a query: the last value or all in the range.
func (v *View) Ask(ctx context.Context, t Target) ([]Series, error) {
	expr, err := v.Interpolate(t.Expr)
	if err != nil {
		return nil, err
	}
	if t.Instant {
		return v.Prometheus.Instant(ctx, expr, v.To)
	}
	return v.Prometheus.Range(ctx, expr, v.From, v.To, v.Step)
}

var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// Name is what a format with {{label}} makes of a series' labels.
func Name(format string, s Series) string {
	return placeholder.ReplaceAllStringFunc(format, func(label string) string {
		return s.Labels[placeholder.FindStringSubmatch(label)[1]]
	})
}
