package faults

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

const (
	interval = 5 * time.Second // of scrapes and of evaluations
	// factor divides every duration of a rule: for, keep_firing_for, ranges,
	// offsets and the steps of subqueries. Thresholds stay as they are.
	factor = 30
	// shortest is what no duration gets below: four scrapes.
	shortest = 4 * interval
	// Round trips to peers keep the time of the members, whatever the load. They are
	// counted every half minute: sparse divides the ranges, five minutes become one.
	// They are averages, which forget a probe that was held back within minutes:
	// patient divides for and keep_firing_for.
	sparse, patient = 5, 2
)

const duration = `(?:[0-9]+(?:ms|[smhdwy]))+`

var (
	rule    = regexp.MustCompile(`(?m)^      - (?:alert|record): `)
	trips   = regexp.MustCompile(`round_trip\w*_bucket`)
	waiting = regexp.MustCompile(`(?m)^(\s+(?:for|keep_firing_for): )(` + duration + `)$`)
	ranges  = regexp.MustCompile(`\[(` + duration + `)(?::(` + duration + `)?)?\]`)
	offset  = regexp.MustCompile(`(\boffset )(` + duration + `)`)
)

// rescale makes rules of hours into rules of minutes.
func rescale(t testing.TB, rules string) string {
	t.Helper()
	var out strings.Builder
	from := 0
	for _, at := range append(rule.FindAllStringIndex(rules, -1), []int{len(rules), 0}) {
		text, spans, waits := rules[from:at[0]], factor, factor
		if trips.MatchString(text) {
			spans, waits = sparse, patient
		}
		out.WriteString(divide(t, text, spans, waits))
		from = at[0]
	}
	return out.String()
}

// divide makes the durations of one rule shorter: ranges, offsets and steps by
// spans, what is waited for by waits.
func divide(t testing.TB, rule string, spans, waits int) string {
	t.Helper()
	shorter := func(text string, by int) string {
		d, err := model.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return model.Duration(max(time.Duration(d)/time.Duration(by), shortest).Round(time.Second)).String()
	}
	replace := func(re *regexp.Regexp, text string, by int) string {
		return re.ReplaceAllStringFunc(text, func(s string) string {
			m := re.FindStringSubmatch(s)
			return m[1] + shorter(m[2], by)
		})
	}
	rule = replace(waiting, rule, waits)
	rule = replace(offset, rule, spans)
	return ranges.ReplaceAllStringFunc(rule, func(s string) string {
		m := ranges.FindStringSubmatch(s)
		out := "[" + shorter(m[1], spans)
		if strings.Contains(s, ":") {
			out += ":"
			if m[2] != "" {
				out += interval.String()
			}
		}
		return out + "]"
	})
}

func TestRescale(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"      for: 1h\n", "      for: 2m\n"},
		{"      keep_firing_for: 1m\n", "      keep_firing_for: 20s\n"},
		{"rate(x[5m]) > 5", "rate(x[20s]) > 5"},
		{
			"      - alert: A\n        expr: rate(peer_round_trip_time_seconds_bucket[5m]) > 5\n        for: 10m\n      - alert: B\n        for: 10m\n",
			"      - alert: A\n        expr: rate(peer_round_trip_time_seconds_bucket[1m]) > 5\n        for: 5m\n      - alert: B\n        for: 20s\n",
		},
		{"x offset 1d > 24 * 3600", "x offset 48m > 24 * 3600"},
		{"max_over_time(x[1h:1m])", "max_over_time(x[2m:5s])"},
		{"max_over_time(x[6h:])", "max_over_time(x[12m:])"},
		{"takes {{ $value }} for 5m of [x]", "takes {{ $value }} for 5m of [x]"},
	} {
		if got := rescale(t, c.in); got != c.out {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.out)
		}
	}
}
