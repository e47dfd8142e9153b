package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

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

func TestWebDefaults(t *testing.T) {
	s := serve(t, WebOptions{}, hello)
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
	resp, err := fresh(t).Do(big)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of header get %d", resp.StatusCode)
	}
}

// Two connections are served, a third waits until one goes.
func TestWebConnectionLimit(t *testing.T) {
	s := serve(t, WebOptions{MaxConnections: 2}, hello)
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
