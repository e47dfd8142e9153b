package app

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/crypto/bcrypt"
)

// guard stands behind exporter-toolkit and keeps what it protects protected.
// The toolkit reads its file anew for each request and takes an empty or
// shortened one at its word: no users, no authentication. The guard remembers
// every protection that the file has named since the start and answers 503
// while one is missing; to drop one on purpose, restart.
//
// It does not trust that the toolkit has read the file that it reads itself, a
// moment later: a file being rewritten is empty for an instant. Passwords and
// certificates are therefore checked again here, for each request; the second
// also ends the sessions that TLS resumes without asking whose they are.
type guard struct {
	path string
	next http.Handler
	log  *slog.Logger

	bcrypt sync.Mutex // held while hashing, which is slow on purpose: a flood gets one core

	mu     sync.Mutex // guards what follows
	want   protection
	locked bool // for the log: one line when it locks, one when it opens
	// good holds digests of passwords that fitted. Only these: a wrong password
	// cannot fill it.
	good map[[sha256.Size]byte]struct{}
}

// maxGood bounds guard.good; a larger number of users just costs time.
const maxGood = 256

// protection is what a web configuration demands of a client.
type protection struct {
	users, tls, sans bool
	cert             int // 0: none; 1: any certificate; 2: one that our CA signed
}

// protectionOf reads what c demands.
func protectionOf(c *web.Config) protection {
	p := protection{
		users: len(c.Users) > 0,
		tls:   c.TLSConfig.IsEnabled(),
		sans:  c.TLSConfig.ClientAllowedSans != nil,
	}
	switch c.TLSConfig.ClientAuth {
	case "RequireAndVerifyClientCert":
		p.cert = 2
	case "RequireAnyClientCert", "RequireClientCert":
		p.cert = 1
	}
	return p
}

// and is what p and q demand together.
func (p protection) and(q protection) protection {
	return protection{p.users || q.users, p.tls || q.tls, p.sans || q.sans, max(p.cert, q.cert)}
}

// newGuard remembers what the file at path demands now.
func newGuard(path string, next http.Handler, log *slog.Logger) (*guard, error) {
	c, err := readWebConfig(path)
	if err != nil {
		return nil, err
	}
	return &guard{path: path, next: next, log: log, want: protectionOf(c), good: map[[sha256.Size]byte]struct{}{}}, nil
}

// readWebConfig reads the toolkit's file; checking it is the toolkit's part.
func readWebConfig(path string) (*web.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("web configuration: %w", err)
	}
	var c web.Config
	if err := yaml.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("web configuration %s: %w", path, err)
	}
	return &c, nil
}

// authenticates reports whether nobody gets through without a password or a
// certificate.
func (g *guard) authenticates() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.want.users || g.want.cert == 2
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := readWebConfig(g.path)
	if err == nil {
		err = g.complete(protectionOf(c), r.TLS != nil)
	}
	g.report(err)
	switch {
	case err != nil:
		http.Error(w, "the web configuration has lost its protection, see the log", http.StatusServiceUnavailable)
	case !g.certified(c, r):
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
	case !g.known(c, r):
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// complete remembers what has been demanded, and returns an error when now
// demands less.
func (g *guard) complete(now protection, overTLS bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	learn := now
	if !overTLS { // a listener that started without TLS stays without
		learn = protection{users: now.users}
	}
	g.want = g.want.and(learn)
	switch {
	case g.want.users && !now.users:
		return errors.New("no users are left")
	case g.want.tls && !now.tls:
		return errors.New("no TLS section is left")
	case g.want.cert > now.cert:
		return errors.New("client certificates are no longer required")
	case g.want.sans && !now.sans:
		return errors.New("no list of allowed client names is left")
	}
	return nil
}

// report logs when the listener locks and when it opens again.
func (g *guard) report(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err != nil && !g.locked:
		g.log.Error("web configuration lost its protection, answering 503 until it is back", "file", g.path, "err", err)
	case err == nil && g.locked:
		g.log.Info("web configuration protects again", "file", g.path)
	}
	g.locked = err != nil
}

// certified reports whether the client has shown the certificate that c demands.
func (g *guard) certified(c *web.Config, r *http.Request) bool {
	if r.TLS == nil {
		return true // complete has seen to it that none is demanded
	}
	p := protectionOf(c)
	switch {
	case p.cert == 2 && len(r.TLS.VerifiedChains) == 0, p.cert == 1 && len(r.TLS.PeerCertificates) == 0:
		return false
	case !p.sans || p.cert == 0 && len(r.TLS.PeerCertificates) == 0:
		return true
	}
	return allowed(c, r.TLS.PeerCertificates)
}

// allowed reports whether the first of certs bears a name that c allows.
func allowed(c *web.Config, certs []*x509.Certificate) bool {
	return len(certs) > 0 && c.TLSConfig.VerifyPeerCertificate([][]byte{certs[0].Raw}, nil) == nil
}

// known reports whether the client has sent the password of one of c's users.
func (g *guard) known(c *web.Config, r *http.Request) bool {
	if len(c.Users) == 0 {
		return true
	}
	user, password, _ := r.BasicAuth()
	hash, ok := c.Users[user]
	if !ok {
		return false
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", user, string(hash), password))
	if g.remembers(digest) {
		return true
	}
	g.bcrypt.Lock()
	defer g.bcrypt.Unlock()
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil {
		return false
	}
	g.remember(digest)
	return true
}

// remembers reports whether digest is of a password that fitted.
func (g *guard) remembers(digest [sha256.Size]byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.good[digest]
	return ok
}

// remember keeps digest for remembers.
func (g *guard) remember(digest [sha256.Size]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.good) >= maxGood {
		clear(g.good)
	}
	g.good[digest] = struct{}{}
}
