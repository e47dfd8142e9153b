package logging

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type peer struct{ id uint64 }

func (p peer) MarshalLogObject(e zapcore.ObjectEncoder) error {
	e.AddUint64("id", p.id)
	return nil
}

func TestZapFieldsKeepTypes(t *testing.T) {
	log, buf := newTest(t, "json")
	z := Zap(log).Named("etcd-client").With(zap.String("cluster", "main"))
	_, _, here, _ := runtime.Caller(0)
	z.Info("m", zap.Int("i", -1), zap.Uint64("u", 1<<40), zap.Bool("b", true), zap.Float64("f", 1.5),
		zap.Duration("d", time.Second), zap.Time("t", time.Unix(0, 0)), zap.Error(errors.New("boom")),
		zap.NamedError("cause", errors.New("bang")), zap.Strings("endpoints", []string{"a"}), zap.Skip(),
		zap.Object("peer", peer{7}), zap.Any("any", map[string]int{"x": 1}), zap.ByteString("bytes", []byte("raw")),
		zap.Namespace("ns"), zap.Int("inner", 2))
	got := line(t, buf)
	for key, want := range map[string]any{
		"level": "info", "msg": "m", "logger": "etcd-client", "cluster": "main",
		"i": -1.0, "u": float64(1 << 40), "b": true, "f": 1.5, "d": "1s", "t": "1970-01-01T00:00:00Z",
		"err": "boom", "cause": "bang", "peer.id": 7.0, "bytes": "raw", "ns.inner": 2.0,
		"caller": "zap_test.go:" + strconv.Itoa(here+1),
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %#v, want %#v", key, v, want)
		}
	}
	if l, ok := got["endpoints"].([]any); !ok || len(l) != 1 {
		t.Errorf("endpoints are %#v", got["endpoints"])
	}
}

func TestZapLevels(t *testing.T) {
	for _, tt := range []struct {
		level, msg, want string
		write            func(*zap.Logger, string)
	}{
		{"debug", "m", "debug", func(l *zap.Logger, m string) { l.Debug(m) }},
		{"info", "m", "", func(l *zap.Logger, m string) { l.Debug(m) }},
		{"info", "m", "info", func(l *zap.Logger, m string) { l.Info(m) }},
		{"info", "m", "warn", func(l *zap.Logger, m string) { l.Warn(m) }},
		{"error", "m", "", func(l *zap.Logger, m string) { l.Warn(m) }},
		{"error", "m", "error", func(l *zap.Logger, m string) { l.Error(m) }},
		{"info", "m", "error", func(l *zap.Logger, m string) { l.DPanic(m) }},
		// Retries are the caller's to report, not the client's.
		{"info", "retrying of unary invoker failed", "", func(l *zap.Logger, m string) { l.Warn(m) }},
		{"debug", "retrying of unary invoker failed", "debug", func(l *zap.Logger, m string) { l.Warn(m) }},
	} {
		var buf bytes.Buffer
		log, _, err := New(Options{Writer: &buf, Level: tt.level})
		if err != nil {
			t.Fatal(err)
		}
		tt.write(Zap(log), tt.msg)
		got, _, _ := strings.Cut(strings.TrimPrefix(buf.String(), "level="), " ")
		if got != tt.want {
			t.Errorf("logger at %s, message %q: level %q, want %q", tt.level, tt.msg, got, tt.want)
		}
	}
}

func TestZapNamespaceInWith(t *testing.T) {
	log, buf := newTest(t, "json")
	z := Zap(log).With(zap.Int("a", 1), zap.Namespace("ns"), zap.Int("b", 2))
	z.Info("m", zap.Int("c", 3), zap.Stringer("nil", (*time.Location)(nil)))
	got := line(t, buf)
	for key, want := range map[string]any{"a": 1.0, "ns.b": 2.0, "ns.c": 3.0} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v in %v", key, got[key], want, got)
		}
	}
}

func TestZapSurvivesHostileFields(t *testing.T) {
	log, buf := newTest(t, "json")
	Zap(log).Warn("a\nb", zap.Error(panics{}), zap.NamedError("nil", nil), zap.String("level", "fake"),
		zap.String("password", "canary"), zap.Any("chan", make(chan int)), zap.Complex128("c", 1))
	got := line(t, buf)
	if got["level"] != "warn" || got["attr_level"] != "fake" || got["password"] != mask {
		t.Errorf("got %v", got)
	}
}
