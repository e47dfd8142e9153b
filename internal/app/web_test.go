package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a log that many goroutines write and a test reads.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

// served is a running server.
type served struct {
	*server
	log  *lines
	url  string // of the first listener, without TLS
	stop func() error
}

// serve runs h until the test ends or stop is called, which returns what Run
// returned.
func serve(t *testing.T, o WebOptions, h http.HandlerFunc, change ...func(*http.Server)) *served {
	t.Helper()
	if o.ListenAddresses == nil {
		o.ListenAddresses = []string{"127.0.0.1:0"}
	}
	log := &lines{}
	s, err := newServer(o, h, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(s.servers[0])
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return &served{s, log, "http://" + s.Addrs()[0].String(), stop}
}

// get returns the status, the body and the header of an answer.
func get(t *testing.T, c *http.Client, url string) (int, string, http.Header) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// fresh is a client that shares no connection with others.
func fresh(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

// eventually waits for what other goroutines do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func TestWebServesOnAllListeners(t *testing.T) {
	s := serve(t, WebOptions{ListenAddresses: []string{"127.0.0.1:0", "127.0.0.1:0"}}, hello)
	if len(s.Addrs()) != 2 || s.Authenticates() {
		t.Errorf("%d listeners, authenticates %v", len(s.Addrs()), s.Authenticates())
	}
	for _, a := range s.Addrs() {
		code, body, header := get(t, fresh(t), "http://"+a.String())
		if code != http.StatusOK || body != "hello" {
			t.Errorf("%s answers %d %q", a, code, body)
		}
		for name, want := range headers {
			if got := header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestWebHandlerOverridesHeaders(t *testing.T) {
	s := serve(t, WebOptions{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
	})
	if _, _, h := get(t, fresh(t), s.url); h.Get("Content-Security-Policy") != "default-src 'self'" || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", h)
	}
}

func TestWebRefusesToStart(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	bad := filepath.Join(t.TempDir(), "web.yml")
	write(t, bad, "nonsense: true\n")
	for _, tt := range []struct {
		o    WebOptions
		want string
	}{
		{WebOptions{}, "no address"},
		{WebOptions{ListenAddresses: []string{"127.0.0.1:0", l.Addr().String()}}, "listen on " + l.Addr().String()},
		{WebOptions{ListenAddresses: []string{"vsock://:1"}}, "listen on vsock://:1"},
		{WebOptions{ListenAddresses: []string{"127.0.0.1:0"}, ConfigFile: bad}, "nonsense"},
		{WebOptions{ListenAddresses: []string{"127.0.0.1:0"}, ConfigFile: bad + ".missing"}, "no such file"},
		{WebOptions{SystemdSocket: true}, "systemd handed over none"},
	} {
		s, err := newServer(tt.o, http.HandlerFunc(hello), slog.New(slog.DiscardHandler))
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.o, err, tt.want)
		}
	}
}

func TestWebHandlerPanics(t *testing.T) {
	s := serve(t, WebOptions{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("told to")
		}
		hello(w, r)
	})
	if resp, err := fresh(t).Get(s.url + "/panic"); err == nil {
		resp.Body.Close()
		t.Error("a panic was answered")
	}
	if code, _, _ := get(t, fresh(t), s.url); code != http.StatusOK {
		t.Errorf("after a panic: %d", code)
	}
	if s.log.count(`level=WARN msg="http server"`) != 1 || s.log.count("told to") != 1 {
		t.Errorf("log:\n%s", s.log.buf.String())
	}
}
