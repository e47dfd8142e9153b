package app

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// users is a basic_auth_users section for one user.
func users(t *testing.T, name, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("basic_auth_users:\n  %s: %s\n", name, hash)
}

// status is the code that a request gets, 0 when the connection fails.
func status(c *http.Client, url, user, password string) int {
	req, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func overTLS(t *testing.T, c *tls.Config, http2 bool) *http.Client {
	tr := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: http2}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestWebTLSAndBasicAuth(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.leaf("server")
	file := filepath.Join(dir, "web.yml")
	write(t, file, "tls_server_config:\n  cert_file: server.pem\n  key_file: server-key.pem\n"+users(t, "prometheus", "right"))
	s := serve(t, WebOptions{ConfigFile: file, ListenAddresses: []string{"127.0.0.1:0", "127.0.0.1:0"}}, hello)
	if !s.Authenticates() {
		t.Error("does not know that it authenticates")
	}
	for i, a := range s.Addrs() {
		c, url := overTLS(t, ca.client(""), i == 0), "https://"+a.String()
		for _, tt := range []struct {
			user, password string
			want           int
		}{
			{"", "", 401}, {"prometheus", "wrong", 401}, {"nobody", "right", 401}, {"prometheus", "right", 200}, {"prometheus", "right", 200},
		} {
			if got := status(c, url, tt.user, tt.password); got != tt.want {
				t.Errorf("listener %d, %s:%s gets %d, want %d", i, tt.user, tt.password, got, tt.want)
			}
		}
	}
	if got := status(fresh(t), s.url, "prometheus", "right"); got != http.StatusBadRequest {
		t.Errorf("plain HTTP gets %d", got)
	}
	stranger := overTLS(t, &tls.Config{}, false) // does not know our CA
	if got := status(stranger, "https://"+s.Addrs()[0].String(), "", ""); got != 0 {
		t.Errorf("a client that distrusts the certificate gets %d", got)
	}
	eventually(t, "the failed handshake is logged", func() bool { return s.log.count("TLS handshake error") > 0 })
	if s.log.count("level=WARN") > 0 {
		t.Error("anybody can fill the log with warnings")
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestWebEmptiedFileLocks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	whole := users(t, "u", "p")
	write(t, file, whole)
	s := serve(t, WebOptions{ConfigFile: file}, hello)
	c := fresh(t)
	expect := func(when string, anonymous, known int) {
		t.Helper()
		for range 3 {
			if got := status(c, s.url, "", ""); got != anonymous {
				t.Errorf("%s: anonymous gets %d, want %d", when, got, anonymous)
			}
			if got := status(c, s.url, "u", "p"); got != known {
				t.Errorf("%s: u gets %d, want %d", when, got, known)
			}
		}
	}
	expect("at first", 401, 200)
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	expect("emptied", 503, 503)
	write(t, file, "basic_auth_users: {}\n")
	expect("without users", 503, 503)
	write(t, file, "{{{\n")
	expect("broken", 500, 500) // the toolkit's answer
	os.Remove(file)
	expect("gone", 500, 500)
	write(t, file, whole)
	expect("restored", 401, 200)
	write(t, file, users(t, "u", "new"))
	expect("other password", 401, 401)
	if n, m := s.log.count("lost its protection"), s.log.count("protects again"); n != 1 || m != 1 {
		t.Errorf("%d lines about the lock and %d about the end of it, want one each", n, m)
	}
}

// Protection that was added while running is remembered as well.
func TestWebLearnsProtection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	write(t, file, "http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n")
	s := serve(t, WebOptions{ConfigFile: file}, hello)
	c := fresh(t)
	code, _, header := get(t, c, s.url)
	if code != 200 || header.Get("X-Frame-Options") != "sameorigin" || s.Authenticates() {
		t.Errorf("unprotected: %d, %v, authenticates %v", code, header, s.Authenticates())
	}
	write(t, file, users(t, "u", "p"))
	if got := status(c, s.url, "u", "p"); got != 200 || !s.Authenticates() {
		t.Errorf("with users: %d, authenticates %v", got, s.Authenticates())
	}
	write(t, file, "")
	if got := status(c, s.url, "", ""); got != http.StatusServiceUnavailable {
		t.Errorf("emptied again: %d, want 503", got)
	}
}

// The toolkit read an empty file, let the request through, and the file is
// whole again when the guard looks.
func TestGuardChecksForItself(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	write(t, file, users(t, "u", "p"))
	g, err := newGuard(file, http.HandlerFunc(hello), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		user, password string
		want           int
	}{{"", "", 401}, {"u", "x", 401}, {"x", "p", 401}, {"u", "p", 200}, {"u", "p", 200}} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		if tt.user != "" {
			r.SetBasicAuth(tt.user, tt.password)
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s:%s gets %d, want %d", tt.user, tt.password, w.Code, tt.want)
		}
	}
	if len(g.good) != 1 {
		t.Errorf("%d passwords remembered, want 1: only the right one", len(g.good))
	}
	for i := range maxGood + 10 {
		g.remember([32]byte{byte(i), byte(i >> 8)})
	}
	if len(g.good) > maxGood {
		t.Errorf("%d passwords remembered", len(g.good))
	}
}

func TestWebClientCertificates(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	ca.leaf("server")
	ca.leaf("prometheus")
	ca.leaf("other")
	base := "tls_server_config:\n  cert_file: server.pem\n  key_file: server-key.pem\n"
	mutual := base + "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
	sans := func(names ...string) string {
		return mutual + "  client_allowed_sans: [" + strings.Join(names, ", ") + "]\n"
	}
	file := filepath.Join(dir, "web.yml")
	write(t, file, sans("prometheus", "other"))
	s := serve(t, WebOptions{ConfigFile: file}, hello)
	if !s.Authenticates() {
		t.Error("does not know that it authenticates")
	}
	url := "https://" + s.Addrs()[0].String()
	if got := status(overTLS(t, ca.client(""), false), url, "", ""); got != 0 {
		t.Errorf("without a certificate: %d", got)
	}
	config := ca.client("other")
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	c := overTLS(t, config, false)
	if got := status(c, url, "", ""); got != 200 {
		t.Errorf("with a certificate: %d", got)
	}

	// Taken off the list, the client comes back with the session it still has:
	// the handshake asks nobody, the guard does.
	write(t, file, sans("prometheus"))
	c.CloseIdleConnections()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !resp.TLS.DidResume || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a client off the list: resumed %v, status %d, want 403", resp.TLS.DidResume, resp.StatusCode)
	}

	known := overTLS(t, ca.client("prometheus"), false)
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"whole", sans("prometheus"), 200},
		{"without the list", mutual, 503},
		{"without client certificates", base, 503},
		{"without TLS", "", 503}, // on the connection that is still there
		{"restored", sans("prometheus"), 200},
	} {
		write(t, file, tt.text)
		if got := status(known, url, "", ""); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	write(t, file, base)
	if got := status(overTLS(t, ca.client(""), false), url, "", ""); got != http.StatusServiceUnavailable {
		t.Errorf("without a certificate and without the demand for one: %d, want 503", got)
	}
}

func TestProtection(t *testing.T) {
	none, all := protection{}, protection{users: true, tls: true, sans: true, cert: 2}
	if none.and(all) != all || all.and(none) != all || none.and(none) != none {
		t.Error("demands do not add up")
	}
}
