package discover

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

func TestConfiguredEndpointsAreNotLookedFor(t *testing.T) {
	if New(config.Cluster{Endpoints: []string{"http://a:1"}}) != nil {
		t.Error("there is a source")
	}
}

// TestFind: one look, or none.
func TestFind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "targets.yml")
	write(t, file, "- targets: [b:1]\n", time.Now())
	for _, test := range []struct {
		c    config.Cluster
		want string
	}{
		{config.Cluster{Endpoints: []string{"http://a:1"}}, "http://a:1"},
		{config.Cluster{TargetsFile: file}, "http://b:1"},
		{config.Cluster{TargetsFile: file + ".absent"}, "file: " + file + ".absent: no such file or directory"},
	} {
		endpoints, err := Find(t.Context(), test.c)
		got := strings.Join(endpoints, " ")
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func write(t *testing.T, file, text string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestFile: what the file says now, whatever it takes to notice, and nothing of
// one that is broken.
func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "targets.yml")
	s := New(config.Cluster{TargetsFile: file, TLS: config.TLS{Enabled: true}})
	if s.Kind() != File || s.String() != file {
		t.Errorf("the source is %s, %s", s.Kind(), s)
	}
	old := time.Now().Add(-time.Hour)
	for _, step := range []struct {
		name, text string
		at         time.Time
		want       string // endpoints or words of the error
	}{
		{"absent", "", time.Time{}, "targets.yml: no such file or directory"},
		{"there", "- targets: [a:1, b:1]\n", old, "https://a:1 https://b:1"},
		{"replaced, with another time", "- targets: [a:1, c:1]\n", old.Add(time.Second), "https://a:1 https://c:1"},
		{"replaced, with another size", "- targets: [a:1]\n", old.Add(time.Second), "https://a:1"},
		{"half written", "- targets: [a:1", old.Add(2 * time.Second), "targets.yml:2:1: no YAML"},
		{"JSON", `[{"targets": ["http://d:1"], "labels": {"x": "y"}}]`, old.Add(3 * time.Second), "http://d:1"},
		{"written just now", "- targets: [e:1]\n", time.Now(), "https://e:1"},
		{"again, and nothing shows it", "- targets: [f:1]\n", time.Time{}, "https://f:1"},
		{"empty", "", old, "targets.yml:1:1: the file is empty"},
		{"no target", "[]\n", old, "no target in it"},
	} {
		switch {
		case step.at.IsZero() && step.text == "":
		case step.at.IsZero():
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, step.text, info.ModTime())
		default:
			write(t, file, step.text, step.at)
		}
		for range 2 { // what is kept is what was read
			r := s.look(t.Context())
			got := strings.Join(r.Endpoints, " ")
			if r.Err != nil {
				got = r.Err.Error()
			}
			if got != step.want && (r.Err == nil || !strings.Contains(got, step.want)) {
				t.Errorf("%s: %q, want %q", step.name, got, step.want)
			}
		}
	}
	write(t, file, "- targets: [g:1]\n", old)
	s.look(t.Context())
	read := s.read
	if s.look(t.Context()); s.read != read {
		t.Error("a file that did not change is read again")
	}
}

// TestWatch: looks go on at their pace until they are to end.
func TestWatch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "targets.yml")
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var mu sync.Mutex
		var told []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			New(config.Cluster{TargetsFile: file}).Watch(ctx, func(r Result) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, strings.Join(r.Endpoints, " "))
			})
		}()
		for i, text := range []string{"", "- targets: [a:1]\n", "- targets: [", "- targets: [b:1]\n"} {
			if i > 0 {
				write(t, file, text, time.Now().Add(-time.Hour))
			}
			time.Sleep(fileInterval) // of the test's own clock
			synctest.Wait()
		}
		stop()
		<-done
		if want := []string{"", "", "http://a:1", "", "http://b:1"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestInterval(t *testing.T) {
	dns, file := New(config.Cluster{DNSSRV: "x"}), New(config.Cluster{TargetsFile: "x"})
	for _, tt := range []struct {
		s    *Source
		r    Result
		want time.Duration
	}{
		{file, Result{}, fileInterval},
		{file, Result{Err: os.ErrNotExist}, fileInterval},
		{dns, Result{}, dnsInterval},
		{dns, Result{Err: os.ErrNotExist}, dnsRetry},
	} {
		if got := tt.s.interval(tt.r); got != tt.want {
			t.Errorf("%s, %v: %s, want %s", tt.s.Kind(), tt.r.Err, got, tt.want)
		}
	}
}

// records are SRV records by name: "target port", or a code of failure.
type records map[string]any

// nameServer answers from the records, over TCP, where answers may be long.
func nameServer(t *testing.T, all records) *net.Resolver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of a test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answer(conn, all)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	}}
}

// answer answers one question, each with its length before it.
func answer(conn net.Conn, all records) {
	defer func() { _ = conn.Close() }()
	length := make([]byte, 2)
	if _, err := io.ReadFull(conn, length); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(length))
	if _, err := io.ReadFull(conn, question); err != nil {
		return
	}
	text := respond(question, all)
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
}

func respond(question []byte, all records) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	switch found := all[m.Questions[0].Name.String()].(type) {
	case nil:
		m.RCode = dnsmessage.RCodeNameError
	case dnsmessage.RCode:
		m.RCode = found
	case []string:
		for i, r := range found {
			target, err := dnsmessage.NewName(r)
			if err != nil {
				return nil
			}
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.SRVResource{Priority: uint16(i % 2), Target: target, Port: 2379},
			})
		}
	}
	answer, err := m.Pack()
	if err != nil {
		return nil
	}
	return answer
}

func TestDNS(t *testing.T) {
	const secure, plain = "_etcd-client-ssl._tcp.example.com.", "_etcd-client._tcp.example.com."
	many := make([]string, maxEndpoints+1)
	for i := range many {
		many[i] = strings.Repeat("a", 1+i%60) + strings.Repeat("b", 1+i/60) + "."
	}
	for _, tt := range []struct {
		name    string
		records records
		tls     bool
		want    string
	}{
		{"with TLS", records{secure: []string{"E2.example.com.", "e1.example.com."}, plain: []string{"p."}}, false, "https://e1.example.com:2379 https://e2.example.com:2379"},
		{"without", records{plain: []string{"p."}}, false, "http://p:2379"},
		{"without, where TLS is configured", records{plain: []string{"p."}}, true, "no SRV records _etcd-client-ssl._tcp.example.com, and TLS is configured"},
		{"none", records{}, false, "no SRV records _etcd-client-ssl._tcp.example.com or _etcd-client._tcp.example.com"},
		{"names without records", records{secure: []string{}, plain: []string{}}, false, "no SRV records"},
		{"no such service", records{secure: []string{"."}, plain: []string{"p."}}, false, "http://p:2379"},
		{"a name server that fails for one is no reason to go without TLS", records{secure: dnsmessage.RCodeServerFailure, plain: []string{"p."}}, false, "SRV records _etcd-client-ssl._tcp.example.com: "},
		{"a target that is no name", records{plain: []string{"a b."}}, false, "SRV records _etcd-client._tcp.example.com: "},
		{"too many", records{plain: many}, false, "more than 200 cannot be a cluster"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(config.Cluster{DNSSRV: "example.com.", TLS: config.TLS{Enabled: tt.tls}})
			s.resolver = nameServer(t, tt.records)
			r := s.look(t.Context())
			got := strings.Join(r.Endpoints, " ")
			if r.Err != nil {
				got = r.Err.Error()
			}
			if got != tt.want && (r.Err == nil || !strings.Contains(strings.ReplaceAll(got, "com.", "com"), tt.want)) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if s := New(config.Cluster{DNSSRV: "example.com"}); s.Kind() != DNS || s.String() != "_etcd-client-ssl._tcp.example.com, _etcd-client._tcp.example.com" {
		t.Errorf("the source is %s, %s", s.Kind(), s)
	}
}
