package logging

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// hidden stands for a secret type: everything that prints it gets the mask.
type hidden string

func (hidden) String() string               { return "<secret>" }
func (hidden) GoString() string             { return "<secret>" }
func (hidden) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }

type panics struct{ password string }

func (panics) Error() string { panic("no") }

type unencodable struct {
	C        chan int
	Password string
}

type badText struct{ hidden string }

func (badText) MarshalText() ([]byte, error) { return nil, errors.New("no") }

func TestSecretsStaySecret(t *testing.T) {
	const canary = "canary-1234567890abcdef"
	type auth struct {
		User     string
		Password hidden
		inner    hidden
	}
	a := auth{"root", canary, canary}
	for _, format := range []string{"json", "logfmt"} {
		log, buf := newTest(t, format)
		log.Info("own type", "v", hidden(canary), "struct", a, "pointer", &a, "slice", []auth{a},
			"map", map[string]hidden{"k": canary}, "wrapped", fmt.Errorf("login %v: %w", a.Password, errors.ErrUnsupported))
		byKey := []any{"password", canary, "auth.Api-Key", canary, "etcd_token", []byte(canary), "secret", &a}
		log.Info("by key", byKey...)
		log.Info("by field", "map", map[string]string{"db_password": canary, "Authorization": "x " + canary})
		log.Info("in text",
			"url", "https://root:"+canary+"@10.0.0.1:2379/x",
			"parsed", &url.URL{Scheme: "https", User: url.UserPassword("u", canary), Host: "h"},
			"query", "GET /x?token="+canary+"&a=b", "dsn", "host=db password='"+canary+" x' user=u",
			"header", "Authorization: Bearer "+canary, "err", errors.New("post https://hooks.slack.com/services/T0/"+canary))
		log.Info("message with https://u:" + canary + "@h")
		log.Info("cannot print", "a", panics{canary}, "b", unencodable{nil, canary}, "c", badText{canary})
		if strings.Contains(buf.String(), canary) {
			t.Errorf("%s leaks:\n%s", format, buf)
		}
		for _, want := range []string{"10.0.0.1:2379/x", "user=u", "a=b", "hooks.slack.com/", "root"} {
			if !strings.Contains(buf.String(), want) {
				t.Errorf("%s: %q was masked too:\n%s", format, want, buf)
			}
		}
	}
}

func TestMaskSparesTheRest(t *testing.T) {
	for _, text := range []string{
		"leader changed", "basic auth is on", "http://127.0.0.1:2379", "a@b.example", "raft token ring",
		"tokens=12", "etcdserver: user name is empty", "bearer realm",
	} {
		if got := maskedText(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if masked("token", true) != any(true) || masked("tokens", "x") != any("x") {
		t.Error("a boolean or another key was masked")
	}
}

func TestHostileValues(t *testing.T) {
	var nilURL *url.URL
	values := map[string]any{
		"newline": "a\nlevel=error msg=forged", "quote": `a"} x`, "nul": "a\x00b", "utf8": "bad\xff",
		"escape": "\x1b[31mred", "c1": "a\u009b31m", "del": "a\x7f", "bidi": "a\u202eb",
		"inf": math.Inf(1), "nan": math.NaN(), "nan32": float32(math.NaN()), "inner": []float64{math.NaN()},
		"chan": make(chan int), "func": func() {}, "nilptr": nilURL, "panic": panics{},
		"year": time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), "complex": complex(1, 2),
		"huge": strings.Repeat("é", maxValue), "hugelist": make([]int, maxValue), "cycle": cyclic(),
		"": "empty key", "a b=c\"d\n": "key", "bad\xffkey": "key",
	}
	for key, v := range values {
		for _, format := range []string{"json", "logfmt"} {
			log, buf := newTest(t, format)
			log.Info("m", key, v, "after", "ok")
			got := buf.String()
			if strings.Count(got, "\n") != 1 || !strings.Contains(got, "after") {
				t.Errorf("%s %q: not one whole line: %q", format, key, got)
			}
			if !utf8.ValidString(got) || strings.ContainsAny(got[:len(got)-1], "\x00\x1b\x7f\u009b\u202e\n") {
				t.Errorf("%s %q: unsafe bytes in %q", format, key, got)
			}
			if len(got) > maxValue+1000 {
				t.Errorf("%s %q: %d bytes long", format, key, len(got))
			}
			if format == "json" && !json.Valid(buf.Bytes()) {
				t.Errorf("%q: not JSON: %q", key, got)
			}
		}
	}
}

// cyclic is a value that contains itself.
func cyclic() any {
	m := map[string]any{}
	m["self"] = m
	return m
}

func FuzzLine(f *testing.F) {
	f.Add("m", "key", "value")
	f.Add("a\nb", "msg", "\xff\x00")
	f.Add("://a:b@", "", `{"password":"x"}`)
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		for _, format := range []string{"json", "logfmt"} {
			log, buf := newTest(t, format)
			log.Info(msg, key, value, "list", []string{value}) //nolint:sloglint // any message
			if got := buf.String(); strings.Count(got, "\n") != 1 || !utf8.ValidString(got) {
				t.Errorf("not one valid line: %q", got)
			}
			if format == "json" && !json.Valid(buf.Bytes()) {
				t.Errorf("not JSON: %q", buf)
			}
		}
	})
}

func BenchmarkDisabled(b *testing.B) {
	log, _, err := New(Options{Writer: failOnWrite{b}, Level: "info"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		log.Debug("scrape", "cluster", "main")
	}
}

type failOnWrite struct{ b *testing.B }

func (f failOnWrite) Write([]byte) (int, error) {
	f.b.Error("a disabled level wrote")
	return 0, nil
}

func BenchmarkLogfmt(b *testing.B) {
	log, _, err := New(Options{Writer: discard{}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		log.Info("member unreachable", "cluster", "main", "endpoint", "https://10.0.0.1:2379", "duration_seconds", 1.5)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
