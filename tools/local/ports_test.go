package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// taken says that nobody can listen on some addresses.
func taken(addrs ...string) func(string) error {
	return func(addr string) error {
		if slices.Contains(addrs, addr) {
			return errors.New("in use")
		}
		return nil
	}
}

func TestMemberPort(t *testing.T) {
	for _, test := range []struct {
		want, got int
		said      string
	}{{2379, 2379, ""}, {0, 0, ""}, {22379, 0, "22379 is not to be had (in use)"}} {
		var out bytes.Buffer
		got, err := MemberPort(test.want, taken("127.0.0.1:22379"), &out)
		if err != nil || got != test.got || !strings.Contains(out.String(), test.said) || (test.said == "") != (out.Len() == 0) {
			t.Errorf("port %d: %d, %v, %q", test.want, got, err, &out)
		}
	}
}

func TestAddr(t *testing.T) {
	for _, test := range []struct {
		want, got string // got is a pattern
		said      string
	}{
		{":8080", `^:8080$`, ""},
		{"127.0.0.1:0", `^127\.0\.0\.1:\d{5}$`, ""},
		{":9090", `^:\d{5}$`, "cannot listen on :9090 (in use): it listens on :"},
	} {
		var out bytes.Buffer
		got, err := Addr("the exporter", test.want, taken(":9090"), &out)
		if err != nil || !regexp.MustCompile(test.got).MatchString(got) ||
			!strings.Contains(out.String(), test.said) || (test.said == "") != (out.Len() == 0) {
			t.Errorf("%s: %s, %v, %q", test.want, got, err, &out)
		}
	}
	never := func(string) error { return errors.New("no network") }
	if _, err := Addr("the exporter", ":8080", never, io.Discard); err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("error is %v", err)
	}
}

func TestFree(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	port := ln.Addr().(*net.TCPAddr).Port
	for _, addr := range []string{ln.Addr().String(), fmt.Sprintf(":%d", port)} {
		if Free(addr) == nil {
			t.Errorf("%s is free while somebody listens", addr)
		}
	}
	etcdtest.OK(t, ln.Close())
	etcdtest.OK(t, Free(ln.Addr().String()))
}

func TestURL(t *testing.T) {
	for listen, want := range map[string]string{
		":8080":          "http://localhost:8080",
		"0.0.0.0:8080":   "http://localhost:8080",
		"[::]:8080":      "http://localhost:8080",
		"[::1]:8080":     "http://[::1]:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"example:8080":   "http://example:8080",
	} {
		if got := URL(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

func TestEnviron(t *testing.T) {
	got := Environ([]string{"HOME=/h", "ETCDCTL_ENDPOINTS=a", "ETCD_MONITOR_ENDPOINTS=b", "ETCD=c"})
	if !slices.Equal(got, []string{"HOME=/h", "ETCD=c"}) {
		t.Errorf("environment is %q", got)
	}
}
