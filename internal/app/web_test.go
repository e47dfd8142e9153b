package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
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

func TestWebShutdownWaitsForRequests(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := serve(t, WebOptions{}, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "complete")
	})
	type answer struct {
		body string
		err  error
	}
	answered, stopped := make(chan answer, 1), make(chan error, 1)
	go func() {
		resp, err := fresh(t).Get(s.url)
		if err != nil {
			answered <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		answered <- answer{string(body), err}
	}()
	<-entered
	go func() { stopped <- s.stop() }()
	eventually(t, "new connections are refused", func() bool {
		c, err := net.Dial("tcp", s.Addrs()[0].String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	select {
	case err := <-stopped:
		t.Fatalf("Run returned %v with a request running", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	if a := <-answered; a.err != nil || a.body != "complete" {
		t.Errorf("the running request got %q, %v", a.body, a.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestWebShutdownCutsOffAfterTheGrace(t *testing.T) {
	entered, ended := make(chan struct{}), make(chan struct{})
	s := serve(t, WebOptions{Grace: 100 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(ended)
	})
	go func() {
		if resp, err := fresh(t).Get(s.url); err == nil {
			resp.Body.Close()
		}
	}()
	<-entered
	if err := s.stop(); err == nil || !strings.Contains(err.Error(), "1 requests cut off after 100ms") {
		t.Errorf("stopped with %v", err)
	}
	<-ended // its context was cancelled
}

func TestWebStoppedBeforeItRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := newServer(WebOptions{ListenAddresses: []string{"127.0.0.1:0"}}, http.HandlerFunc(hello), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
	if c, err := net.Dial("tcp", s.Addrs()[0].String()); err == nil {
		c.Close()
		t.Error("still listening")
	}
}

func TestWebListenerFails(t *testing.T) {
	s := serve(t, WebOptions{ListenAddresses: []string{"127.0.0.1:0", "127.0.0.1:0"}}, hello)
	get(t, fresh(t), s.url) // it runs
	s.listeners[1].Close()
	if err := s.stop(); err == nil || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run returned %v for a listener that died", err)
	}
}

// A client that stops reading costs one connection until the write timeout,
// and nobody else anything.
func TestWebSlowReader(t *testing.T) {
	failed := make(chan error, 1)
	s := serve(t, WebOptions{WriteTimeout: 500 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/big" {
			hello(w, r)
			return
		}
		chunk := make([]byte, 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				failed <- err
				return
			}
		}
	})
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n") // and never reads
	client := fresh(t)
	for range 20 {
		if code, body, _ := get(t, client, s.url); code != http.StatusOK || body != "hello" {
			t.Errorf("somebody else gets %d %q", code, body)
		}
	}
	select {
	case <-failed:
	case <-time.After(10 * time.Second):
		t.Error("the stalled response was not given up")
	}
}

func TestWebSlowHeader(t *testing.T) {
	s := serve(t, WebOptions{}, hello, func(srv *http.Server) { srv.ReadHeaderTimeout = 200 * time.Millisecond })
	c, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nX-Slow: ")
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestWebLimits(t *testing.T) {
	s := serve(t, WebOptions{MaxConnections: 2}, hello)
	srv := s.servers[0]
	if srv.ReadHeaderTimeout != 5*time.Second || srv.ReadTimeout != 30*time.Second || srv.WriteTimeout != 35*time.Second ||
		srv.IdleTimeout != time.Minute || srv.MaxHeaderBytes != 32<<10 {
		t.Errorf("defaults: %v %v %v %v %v", srv.ReadHeaderTimeout, srv.ReadTimeout, srv.WriteTimeout, srv.IdleTimeout, srv.MaxHeaderBytes)
	}

	big, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	big.Header.Set("X-Big", strings.Repeat("x", 64<<10))
	client := fresh(t)
	resp, err := client.Do(big)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of header get %d", resp.StatusCode)
	}
	client.CloseIdleConnections()

	// Two connections are served, a third waits until one goes.
	ask := func(c net.Conn) error {
		c.SetDeadline(time.Now().Add(500 * time.Millisecond))
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", s.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns[:2] {
		eventually(t, fmt.Sprintf("connection %d is served", i), func() bool { return ask(c) == nil })
	}
	if ask(conns[2]) == nil {
		t.Error("a third connection was served at the same time")
	}
	conns[0].Close()
	conns[2].SetDeadline(time.Now().Add(10 * time.Second))
	if resp, err := http.ReadResponse(bufio.NewReader(conns[2]), nil); err != nil {
		t.Errorf("the third connection was forgotten: %v", err)
	} else {
		resp.Body.Close()
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
