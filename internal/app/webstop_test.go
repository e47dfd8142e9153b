package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

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
