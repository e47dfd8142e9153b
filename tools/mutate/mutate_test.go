package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// What the tiny tests do not look at survives, and nothing else: that the
// greatest counts, that only data do, and what becomes of exactly 0.8.
func TestSurvivorsAreFound(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"-want", "95", "testdata/tiny.rules.yml"}, &out, &errs)
	if code != 1 {
		t.Errorf("exit code %d, want 1: %s", code, errs.String())
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if _, after, ok := strings.Cut(line, " => "); ok {
			got = append(got, strings.TrimSpace(after))
		}
	}
	slices.Sort(got)
	want := []string{
		`expr: max by (disk) (used_ratio{kind="data"}) >= 0.8`,
		`expr: max by (disk) (used_ratio{}) > 0.8`,
		`expr: min by (disk) (used_ratio{kind="data"}) > 0.8`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("survivors: %q\nwant: %q\n%s", got, want, out.String())
	}
}

// Rules that record one name with different labels have tests of their own.
func TestWhatReadsARule(t *testing.T) {
	r := &rule{name: "a:limit", labels: map[string]string{"name": "size"}}
	for text, want := range map[string]bool{
		`b > a:limit`:                                 true,
		`b > a:limit{name="size"}`:                    true,
		`b > a:limit{name="age"}`:                     false,
		`a:limit{name="age"} or a:limit{name="size"}`: true,
		`a:limit{cluster="c"}`:                        true,
		`a:limit{name!="age"}`:                        true,
		`a:limits`:                                    false,
		`aa:limit`:                                    false,
		`sum(a:limit) > on () b{name="age"}`:          true,
	} {
		if got := reads(text, r); got != want {
			t.Errorf("reads(%q): %v, want %v", text, got, want)
		}
	}
}
