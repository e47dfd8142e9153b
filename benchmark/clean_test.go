package benchmark

import (
	"bytes"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestKeysBefore(t *testing.T) {
	k := keyspace{"/p/", 6}
	for n, want := range map[int64]string{0: "/p/000000", 500: "/p/000500", 999_999: "/p/999999", 1_000_000: "/p0", 1_000_499: "/p0"} {
		if got := string(k.before(n)); got != want {
			t.Errorf("before %d: %q, want %q", n, got, want)
		}
	}
	for n := range int64(1000) {
		if from := n * 1000; bytes.Compare(k.key(from), k.before(from+removeAtOnce)) >= 0 {
			t.Errorf("the range from %d is empty", from)
		}
	}
}

// TestCleanOfFullDigits: keys whose numbers use up their digits are removed like
// any others.
func TestCleanOfFullDigits(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{Members: 1, LogLevel: "error"})
	cfg := configFor(t, c)
	cfg.Type, cfg.Distribution, cfg.ValueSize = Write, Uniform, 8
	cfg.KeySpace, cfg.KeySize = 999_800, len(cfg.prefix("abcdef"))+6
	cfg.Ops = 30_000 // enough to meet the last few hundred keys
	if _, err := Run(t.Context(), cfg); err != nil {
		t.Error(err)
	}
	if n := keysLeft(t, c); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}
