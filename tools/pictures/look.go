package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// show is a value as a field of a panel shows it: text and colour.
func show(f grafanatest.Field, value float64) (text, color string) {
	color = ofThresholds(f.Thresholds, value)
	for _, m := range f.Mappings {
		if r, ok := m.Options[strconv.FormatFloat(value, 'f', -1, 64)]; ok {
			return r.Text, named[r.Color]
		}
	}
	return format(f.Unit, f.Decimals, value), color
}

func ofThresholds(t grafanatest.Thresholds, value float64) string {
	color := ""
	for _, s := range t.Steps {
		if s.Value == nil || value >= *s.Value {
			color = named[s.Color]
		}
	}
	return color
}

// ofColumn is how the cells of a column look: the defaults with the overrides for
// its name.
func ofColumn(p grafanatest.Panel, title string) grafanatest.Field {
	f := p.FieldConfig.Defaults
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID != "byName" || o.Matcher.Options != title {
			continue
		}
		for _, property := range o.Properties {
			into := map[string]any{"unit": &f.Unit, "decimals": &f.Decimals, "mappings": &f.Mappings, "thresholds": &f.Thresholds, "links": &f.Links}[property.ID]
			if into != nil {
				_ = json.Unmarshal(property.Value, into) // checked by the dashboards' own tests
			}
		}
	}
	return f
}

// scaled is a number with the unit that keeps it short.
func scaled(value, base float64, units ...string) string {
	i := 0
	for math.Abs(value) >= base && i < len(units)-1 {
		value, i = value/base, i+1
	}
	return short(value) + units[i]
}

// short has three digits.
func short(value float64) string {
	if value == 0 {
		return "0" // and not -0
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}

// format is a number with a unit of Grafana's.
func format(unit string, decimals *int, v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 0):
		return "∞"
	}
	switch unit {
	case "s":
		return seconds(v)
	case "percentunit":
		return short(v*100) + "%"
	case "bytes":
		return scaled(v, 1024, " B", " KiB", " MiB", " GiB", " TiB")
	case "binBps":
		return scaled(v, 1024, " B/s", " KiB/s", " MiB/s", " GiB/s")
	case "reqps", "cps", "ops":
		return scaled(v, 1000, "", " K", " M") + map[string]string{"reqps": " req/s", "cps": " c/s", "ops": " ops/s"}[unit]
	case "dtdurations":
		return duration(v)
	case "dateTimeFromNow":
		return duration(time.Since(time.UnixMilli(int64(v))).Seconds()) + " ago"
	}
	if decimals != nil {
		return strconv.FormatFloat(v, 'f', *decimals, 64)
	}
	if v == math.Trunc(v) && math.Abs(v) < 10000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return scaled(v, 1000, "", " K", " Mil", " Bil")
}

func seconds(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0 s"
	case a < 1e-3:
		return short(v*1e6) + " µs"
	case a < 1:
		return short(v*1e3) + " ms"
	case a < 120:
		return short(v) + " s"
	}
	return duration(v)
}

// duration is the largest unit, or the two largest.
func duration(v float64) string {
	d := time.Duration(v * float64(time.Second))
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
