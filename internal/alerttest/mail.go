package alerttest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// serveMail runs an SMTP server that asks for a login; stop ends it.
func (s *Sinks) serveMail(l net.Listener) (stop func()) {
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sinks: s}, nil }))
	srv.Domain = "localhost"
	srv.AllowInsecureAuth = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	return func() { _ = srv.Close(); <-done }
}

// session is a connection of somebody who brings mail.
type session struct {
	sinks *Sinks
	known bool
	to    []string
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != smtpUser || password != smtpPassword {
			s.sinks.errorf("mail: login %q with the wrong password", username)
			return errors.New("who are you?")
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		s.sinks.errorf("mail: without a login")
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = append(s.to, to); return nil }
func (s *session) Reset()                                    { s.to = nil }
func (*session) Logout() error                               { return nil }

func (s *session) Data(r io.Reader) error {
	n, err := readMail(r)
	if err != nil {
		s.sinks.errorf("mail: %v", err)
		return err
	}
	s.sinks.add(n)
	return nil
}

var (
	subject  = regexp.MustCompile(`^\[(\w+)\] (Etcd\w+|\d+ alerts)`)
	named    = regexp.MustCompile(`cluster="([^"]*)"`)
	severity = regexp.MustCompile(`severity="([^"]*)"`)
)

// readMail makes a note of a mail, whose Text is the subject, the text part and
// the HTML part.
func readMail(r io.Reader) (Note, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Note{}, err
	}
	title, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Note{}, err
	}
	parts, err := readParts(m)
	if err != nil {
		return Note{}, err
	}
	found := subject.FindStringSubmatch(title)
	if found == nil || len(parts) != 2 {
		return Note{}, fmt.Errorf("subject %q, %d parts", title, len(parts))
	}
	n := Note{
		Channel: "email", Alert: found[2], Resolved: found[1] == "RESOLVED",
		Text: title + "\n" + strings.Join(parts, "\n"), Header: m.Header,
	}
	if strings.HasSuffix(n.Alert, " alerts") {
		n.Alert = ""
	}
	if c := named.FindStringSubmatch(parts[0]); c != nil {
		n.Cluster = c[1]
	}
	if c := severity.FindStringSubmatch(parts[0]); c != nil {
		n.Severity = c[1]
	}
	return n, nil
}

func readParts(m *mail.Message) ([]string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return nil, fmt.Errorf("content type %q: %w", kind, err)
	}
	var parts []string
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return nil, err
		}
		parts = append(parts, string(text))
	}
}
