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
	// sparse is what the range of a histogram of round trips to peers does not get
	// below: members measure each way every half minute, whatever the load.
	sparse = time.Minute
)

const duration = `(?:[0-9]+(?:ms|[smhdwy]))+`

var (
	waiting = regexp.MustCompile(`(?m)^(\s+(?:for|keep_firing_for): )(` + duration + `)$`)
	ranges  = regexp.MustCompile(`(round_trip\w*_bucket)?\[(` + duration + `)(?::(` + duration + `)?)?\]`)
	offset  = regexp.MustCompile(`(\boffset )(` + duration + `)`)
)

// rescale makes rules of hours into rules of minutes.
func rescale(t testing.TB, rules string) string {
	t.Helper()
	shorterDownTo := func(text string, least time.Duration) string {
		d, err := model.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return model.Duration(max(time.Duration(d)/factor, least).Round(time.Second)).String()
	}
	shorter := func(text string) string { return shorterDownTo(text, shortest) }
	replace := func(re *regexp.Regexp, text string) string {
		return re.ReplaceAllStringFunc(text, func(s string) string {
			m := re.FindStringSubmatch(s)
			return m[1] + shorter(m[2])
		})
	}
	rules = replace(waiting, rules)
	rules = replace(offset, rules)
	return ranges.ReplaceAllStringFunc(rules, func(s string) string {
		m := ranges.FindStringSubmatch(s)
		least := shortest
		if m[1] != "" {
			least = sparse
		}
		out := m[1] + "[" + shorterDownTo(m[2], least)
		if strings.Contains(s, ":") {
			out += ":"
			if m[3] != "" {
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
		{"rate(etcd_network_peer_round_trip_time_seconds_bucket[5m]) > 5", "rate(etcd_network_peer_round_trip_time_seconds_bucket[1m]) > 5"},
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
