package alerttest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// What the sinks want to be shown. Each is the content of a file below Secrets.
const (
	smtpUser, smtpPassword = "etcd-monitor@example.com", "the mail server's password"
	routingKey             = "0123456789abcdef0123456789abcdef"
	// Token is what the webhook asks for.
	Token = "the webhook's token"
)

// Note is one thing that one channel was told.
type Note struct {
	Channel  string // email, slack, pagerduty, webhook, watchdog
	Alert    string // its name; "" for a message about several
	Cluster  string
	Severity string
	Resolved bool
	Key      string // by which PagerDuty knows the incident
	At       time.Time
	Text     string              // the whole message: the mail, or the JSON
	Header   map[string][]string // of a mail
}

// Sinks are servers for all that Alertmanager sends. What lacks the right
// credentials is refused, and fails the test.
type Sinks struct {
	MailAddress string // of the SMTP server
	URL         string // of the HTTP server
	Secrets     string // directory of the files with the credentials

	t     testing.TB
	mu    sync.Mutex // guards what follows
	notes []Note
	ended bool
}

// NewSinks starts them; they end with the test.
func NewSinks(t testing.TB) *Sinks {
	t.Helper()
	s := &Sinks{t: t, Secrets: filepath.Join(t.TempDir(), "secrets")}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack", s.slack)
	mux.HandleFunc("POST /pagerduty", s.pagerDuty)
	mux.HandleFunc("POST /webhook", s.webhook)
	mux.HandleFunc("POST /watchdog", s.watchdog)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.errorf("nobody asked for %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	})
	srv := httptest.NewServer(mux)
	s.URL = srv.URL
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.MailAddress = l.Addr().String()
	stop := s.serveMail(l)
	t.Cleanup(func() {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		srv.CloseClientConnections()
		srv.Close()
		stop()
	})
	s.writeSecrets()
	return s
}

func (s *Sinks) writeSecrets() {
	s.t.Helper()
	if err := os.MkdirAll(s.Secrets, 0o700); err != nil {
		s.t.Fatal(err)
	}
	for name, text := range map[string]string{
		"smtp_password": smtpPassword, "slack_url": s.URL + "/slack", "pagerduty_key": routingKey,
		"webhook_token": Token, "watchdog_url": s.URL + "/watchdog",
	} {
		if err := os.WriteFile(filepath.Join(s.Secrets, name), []byte(text+"\n"), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Notes are all that was received, oldest first.
func (s *Sinks) Notes() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Note(nil), s.notes...)
}

// Find gives the notes that cond holds for.
func (s *Sinks) Find(cond func(Note) bool) []Note {
	var found []Note
	for _, n := range s.Notes() {
		if cond(n) {
			found = append(found, n)
		}
	}
	return found
}

// Await waits until a note comes, or has come, that cond holds for.
func (s *Sinks) Await(t testing.TB, limit time.Duration, what string, cond func(Note) bool) Note {
	t.Helper()
	var found []Note
	if err := await(t.Context(), limit, func() bool { found = s.Find(cond); return len(found) > 0 }); err != nil {
		t.Fatalf("%s: %v; received: %v", what, err, s.summary())
	}
	return found[0]
}

// summary is what was received, a word each.
func (s *Sinks) summary() []string {
	var out []string
	for _, n := range s.Notes() {
		state := ""
		if n.Resolved {
			state = " resolved"
		}
		out = append(out, n.Channel+": "+n.Alert+" "+n.Cluster+state)
	}
	return out
}

func (s *Sinks) add(n Note) {
	n.At = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, n)
}

func (s *Sinks) errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.t.Errorf(format, args...)
	}
}
