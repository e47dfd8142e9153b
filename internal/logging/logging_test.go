package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
)

// newTest returns a logger at debug into a buffer.
func newTest(t *testing.T, format string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var buf bytes.Buffer
	log, _, err := New(Options{Writer: &buf, Level: "debug", Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return log, &buf
}

// line is the one JSON line in buf, which it empties.
func line(t *testing.T, buf *bytes.Buffer) map[string]any {
	t.Helper()
	defer buf.Reset()
	if n := strings.Count(buf.String(), "\n"); n != 1 {
		t.Fatalf("%d lines, want 1:\n%s", n, buf)
	}
	var m map[string]any
	if err := json.Unmarshal(buf.Bytes(), &m); err != nil {
		t.Fatalf("%v in %s", err, buf)
	}
	return m
}

func TestOptions(t *testing.T) {
	for _, format := range append(Formats, "") {
		for _, level := range append(Levels, "") {
			if _, _, err := New(Options{Writer: io.Discard, Level: level, Format: format}); err != nil {
				t.Errorf("format %q, level %q: %v", format, level, err)
			}
		}
	}
	for _, o := range []Options{{Level: "trace"}, {Level: "INFO"}, {Level: "info+2"}, {Format: "xml"}} {
		if _, _, err := New(o); err == nil || !strings.Contains(err.Error(), "want one of") {
			t.Errorf("%+v: error %v does not say what is wanted", o, err)
		}
	}
}

func TestLevels(t *testing.T) {
	for i, level := range Levels {
		var buf bytes.Buffer
		log, _, err := New(Options{Writer: &buf, Level: level})
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("m")
		log.Info("m")
		log.Warn("m")
		log.Error("m")
		if got, want := strings.Count(buf.String(), "msg=m"), len(Levels)-i; got != want {
			t.Errorf("level %s writes %d lines, want %d", level, got, want)
		}
	}
}

func TestLogfmt(t *testing.T) {
	log, buf := newTest(t, "console")
	log.With("cluster", "main").WithGroup("probe").Warn("member unreachable",
		"endpoint", "10.0.0.1:2379", "err", errors.New("connection refused"), "attempt", 3,
		"duration_seconds", 1.5, "voters", []string{"a", "b"})
	got := buf.String()
	for _, want := range []string{
		"level=warn ", " caller=logging_test.go:", ` msg="member unreachable" `, " cluster=main ",
		` probe.err="connection refused" `, " probe.attempt=3 ", " probe.duration_seconds=1.5 ",
		` probe.voters="[\"a\",\"b\"]"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

func TestJSONKeepsTypes(t *testing.T) {
	type endpoint struct {
		URL  string `json:"url"`
		Port int    `json:"port"`
	}
	log, buf := newTest(t, "json")
	type named int
	log.Info("m", "i", 42, "u", uint8(7), "f", 1.5, "b", true, "s", "x", "nil", nil, "n", named(3),
		"d", 1500*time.Millisecond, "t", time.Unix(0, 0), "e", errors.New("boom"),
		"list", []int{1, 2}, "struct", endpoint{"http://a", 2379}, "bytes", []byte("raw"))
	got := line(t, buf)
	for key, want := range map[string]any{
		"i": 42.0, "u": 7.0, "f": 1.5, "b": true, "s": "x", "nil": nil, "n": 3.0,
		"d": "1.5s", "t": "1970-01-01T00:00:00Z", "e": "boom", "bytes": "raw",
		"level": "info", "msg": "m",
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %#v, want %#v", key, v, want)
		}
	}
	if s, ok := got["struct"].(map[string]any); !ok || s["port"] != 2379.0 {
		t.Errorf("struct is %#v", got["struct"])
	}
	if l, ok := got["list"].([]any); !ok || len(l) != 2 {
		t.Errorf("list is %#v", got["list"])
	}
}

func TestSlogConformance(t *testing.T) {
	log, buf := newTest(t, "json")
	// Groups are dotted keys in our lines; the suite wants to see nesting.
	err := slogtest.TestHandler(log.Handler(), func() []map[string]any {
		var all []map[string]any
		for l := range strings.Lines(buf.String()) {
			var flat map[string]any
			if err := json.Unmarshal([]byte(l), &flat); err != nil {
				t.Fatal(err)
			}
			all = append(all, nested(flat))
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

// nested turns {"a.b": 1} into {"a": {"b": 1}}.
func nested(flat map[string]any) map[string]any {
	root := map[string]any{}
	for key, v := range flat {
		if key == "caller" {
			root[key] = v
			continue
		}
		at, parts := root, strings.Split(key, ".")
		for _, p := range parts[:len(parts)-1] {
			if at[p] == nil {
				at[p] = map[string]any{}
			}
			at = at[p].(map[string]any)
		}
		at[parts[len(parts)-1]] = v
	}
	return root
}

func TestBuiltinsCannotBeOverwritten(t *testing.T) {
	for _, format := range []string{"json", "logfmt"} {
		log, buf := newTest(t, format)
		//nolint:sloglint // the forbidden keys are the subject
		log.With("level", "fake").Info("real", "msg", "fake", "time", "fake", "caller", "fake")
		if format == "json" {
			got := line(t, buf)
			if got["level"] != "info" || got["msg"] != "real" || got["time"] == "fake" || got["attr_caller"] != "fake" {
				t.Errorf("built-ins overwritten: %v", got)
			}
			continue
		}
		for _, key := range []string{"level=", "msg=", "time=", "caller="} {
			if n := strings.Count(" "+buf.String(), " "+key); n != 1 {
				t.Errorf("%s stands %d times in %s", key, n, buf)
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	log, buf := newTest(t, "json")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			mine := log.With("goroutine", i).WithGroup("g")
			for n := range 200 {
				mine.Info("m", "n", n, "list", []int{i})
				Zap(mine).Info("z")
			}
		})
	}
	wg.Wait()
	lines := 0
	for l := range strings.Lines(buf.String()) {
		lines++
		if !json.Valid([]byte(l)) {
			t.Fatalf("torn line %q", l)
		}
	}
	if lines != 8*400 {
		t.Errorf("%d lines, want %d", lines, 8*400)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestFlushReportsLostLines(t *testing.T) {
	for _, format := range Formats {
		log, flush, err := New(Options{Writer: full{}, Format: format})
		if err != nil {
			t.Fatal(err)
		}
		if err := flush(); err != nil {
			t.Errorf("%s: nothing lost yet: %v", format, err)
		}
		log.Info("m")
		log.Info("m")
		if err := flush(); !errors.Is(err, errors.ErrUnsupported) || !strings.HasPrefix(err.Error(), "2 log lines lost") {
			t.Errorf("%s: flush says %v", format, err)
		}
	}
}
