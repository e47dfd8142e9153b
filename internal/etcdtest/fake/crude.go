package fake

import (
	"net"
	"net/http"
	"testing"
	"time"
)

// Handler serves HTTP/2 without TLS, for answers that gRPC's own server would
// not send. It returns the URL.
func Handler(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var both http.Protocols
	both.SetUnencryptedHTTP2(true)
	both.SetHTTP1(true)
	srv := &http.Server{Handler: h, Protocols: &both, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + ln.Addr().String()
}

// TCP serves each connection with f, for what is no HTTP/2, and closes it when
// f returns. It returns the URL.
func TCP(t testing.TB, f func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return // closed
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}

// Preface is an HTTP/2 server's first word: settings, all at their defaults.
var Preface = []byte{0, 0, 0, 4, 0, 0, 0, 0, 0}

// GoAway tells the client that none of its calls will be answered here.
var GoAway = []byte{0, 0, 8, 7, 0, 0, 0, 0, 0 /* last stream */, 0, 0, 0, 0 /* no error */, 0, 0, 0, 0}
