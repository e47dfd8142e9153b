package etcd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/credentials"
)

const (
	// alertWait is how long a refusal that the server has sent may take to
	// arrive, once our own writing has failed.
	alertWait = 50 * time.Millisecond
	// helloWait bounds the look at whether a port speaks the other scheme.
	helloWait = 500 * time.Millisecond
)

// handshaker remembers why a handshake failed.
type handshaker struct {
	credentials.TransportCredentials
	e *endpoint
}

func (h *handshaker) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		if hungUp(err) && h.e.speaksPlain(ctx) {
			err = errPlainPort
		}
		h.e.failedToConnect(err)
		return nil, nil, err
	}
	return &watched{Conn: conn, e: h.e}, info, nil
}

func (h *handshaker) Clone() credentials.TransportCredentials {
	return &handshaker{TransportCredentials: h.TransportCredentials.Clone(), e: h.e}
}

// watched remembers why a connection broke before it brought an answer. With
// TLS 1.3 the server's refusal of our certificate arrives only there, as an
// alert to be read, while our own first write may already fail.
type watched struct {
	net.Conn
	e *endpoint

	mu   sync.Mutex // guards seen
	seen bool       // something was read, or nothing will be
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	first := !w.seen
	w.seen = w.seen || n > 0
	w.mu.Unlock()
	if first {
		w.first(b[:n], err)
	}
	return n, err
}

// first is what the first read brought.
func (w *watched) first(b []byte, err error) {
	switch {
	case len(b) > 0:
		if err := sniff(b); err != nil {
			w.e.failedToConnect(err)
		}
	case err == nil, errors.Is(err, net.ErrClosed):
	case hungUp(err) && !w.e.secure() && w.e.speaksTLS(context.Background()):
		w.e.failedToConnect(errTLSPort)
	case errors.Is(err, io.EOF):
		w.e.failedToConnect(fmt.Errorf("%w: %w", errUnusable, err))
	default:
		w.e.failedToConnect(err)
	}
}

// sniff recognizes servers that are not etcd by their first bytes.
func sniff(b []byte) error {
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return errHTTP1
	case len(b) > 2 && b[0] == 21 && b[1] == 3: // a TLS alert
		return errTLSPort
	}
	return nil
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if err != nil {
		_ = w.SetReadDeadline(time.Now().Add(alertWait))
		_, _ = w.Read(make([]byte, 1)) // an alert that is waiting is remembered
	}
	return n, err
}

// Close is how gRPC gives up on a connection. One that was in use is closed in
// the end as well; nobody waits for it then.
func (w *watched) Close() error {
	err := w.Conn.Close()
	w.mu.Lock()
	seen := w.seen
	w.mu.Unlock()
	w.e.mu.Lock()
	waiting := len(w.e.attempt.waiting) > 0
	w.e.mu.Unlock()
	if !seen || waiting {
		w.e.failedToConnect(errUnusable)
	}
	return err
}

// hungUp reports that the server ended the connection without a word. That is
// how etcd meets those who come with the wrong scheme, and how a proxy in front
// of a dead member does: saying hello in the other scheme tells them apart.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || isErrno(err, syscall.ECONNRESET)
}

// speaksTLS reports whether the endpoint answers a TLS handshake, whatever it
// answers.
func (e *endpoint) speaksTLS(ctx context.Context) bool {
	conn, err := e.hello(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	// Nothing is sent over it, so it does not matter who it is.
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}).HandshakeContext(ctx)
	return err == nil || strings.Contains(err.Error(), "remote error: tls:")
}

// speaksPlain reports whether the endpoint answers HTTP/2 without TLS.
func (e *endpoint) speaksPlain(ctx context.Context) bool {
	conn, err := e.hello(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	const empty = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // a SETTINGS frame
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+empty); err != nil {
		return false
	}
	frame := make([]byte, 4) // its length, and its type
	_, err = io.ReadFull(conn, frame)
	return err == nil && frame[3] == 4
}

// hello is one more connection, for a short look.
func (e *endpoint) hello(ctx context.Context) (net.Conn, error) {
	end := time.Now().Add(helloWait)
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	conn, err := e.dial(ctx)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(end)
}
