package grafanatest

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
)

// Table is what a table panel shows.
type Table struct {
	Columns []string
	Rows    [][]Cell
}

// Cell is a text or a number.
type Cell struct {
	Text   string
	Number float64 // NaN for texts and for nothing
}

// Empty is for nothing.
func (c Cell) Empty() bool { return c.Text == "" && math.IsNaN(c.Number) }

// row is a row by the names that Grafana gives fields.
type row map[string]Cell

// Table asks the queries of a table panel, merges their answers into rows and
// names and orders the columns, as its transformations say.
func (v *View) Table(ctx context.Context, p Panel) (Table, error) {
	var rows []row
	for _, t := range p.Targets {
		series, err := v.Ask(ctx, t)
		if err != nil {
			return Table{}, err
		}
		value := "Value"
		if len(p.Targets) > 1 {
			value += " #" + t.RefID
		}
		for _, s := range series {
			r := row{value: {Number: s.Last()}}
			for name, text := range s.Labels {
				r[name] = Cell{Text: text, Number: math.NaN()}
			}
			rows = merge(rows, r)
		}
	}
	if len(p.Transformations) != 2 || p.Transformations[0].ID != "merge" || p.Transformations[1].ID != "organize" {
		return Table{}, fmt.Errorf("%s: transformations that we do not know", p.Title)
	}
	t := organize(rows, p.Transformations[1])
	t.sort(p.Options.SortBy)
	return t, nil
}

// merge adds a row, into every one that says the same where both say something.
func merge(rows []row, added row) []row {
	merged := false
	for _, r := range rows {
		shared, differ := false, false
		for name, cell := range added {
			if have, ok := r[name]; ok {
				shared = true
				differ = differ || have.Text != cell.Text || have.Text == "" && have.Number != cell.Number
			}
		}
		if shared && !differ {
			maps.Copy(r, added)
			merged = true
		}
	}
	if merged {
		return rows
	}
	return append(rows, added)
}

// organize picks, orders and names columns.
func organize(rows []row, t Transformation) Table {
	fields := map[string]bool{}
	for _, r := range rows {
		for name := range r {
			fields[name] = !t.Options.ExcludeByName[name]
		}
	}
	var shown []string
	for name, yes := range fields {
		if yes {
			shown = append(shown, name)
		}
	}
	place := func(name string) int {
		if i, ok := t.Options.IndexByName[name]; ok {
			return i
		}
		return len(t.Options.IndexByName)
	}
	slices.SortFunc(shown, func(a, b string) int { return place(a) - place(b) })
	var out Table
	for _, name := range shown {
		if renamed := t.Options.RenameByName[name]; renamed != "" {
			out.Columns = append(out.Columns, renamed)
		} else {
			out.Columns = append(out.Columns, name)
		}
	}
	for _, r := range rows {
		cells := make([]Cell, len(shown))
		for i, name := range shown {
			cell, ok := r[name]
			if !ok {
				cell = Cell{Number: math.NaN()}
			}
			cells[i] = cell
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func (t *Table) sort(by []SortBy) {
	for _, s := range by {
		i := slices.Index(t.Columns, s.DisplayName)
		if i < 0 {
			continue
		}
		sort.SliceStable(t.Rows, func(a, b int) bool {
			if s.Desc {
				a, b = b, a
			}
			x, y := t.Rows[a][i], t.Rows[b][i]
			if x.Text != y.Text {
				return strings.Compare(x.Text, y.Text) < 0
			}
			return x.Number < y.Number
		})
	}
}
