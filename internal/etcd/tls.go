package etcd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// trust reads the files of a TLS client at each handshake, so that certificates
// and CAs rotate without a restart. A file that cannot be read or parsed (a
// rotation half done) leaves the last good content in force, and is told once.
type trust struct {
	files        config.TLS
	log          *slog.Logger
	certificates certificates

	mu    sync.Mutex // guards what follows
	roots *x509.CertPool
	pair  *tls.Certificate
	told  map[string]string // by the file that could not be read the last time: why
}

// newTrust reads the files once: what is wrong from the start is an error.
func newTrust(files config.TLS, log *slog.Logger) (*trust, error) {
	t := &trust{files: files, log: log, told: map[string]string{}}
	if _, err := t.currentRoots(); err != nil {
		return nil, err
	}
	if _, err := t.currentPair(); err != nil {
		return nil, err
	}
	return t, nil
}

// currentRoots are the CAs to trust; nil means those of the system.
func (t *trust) currentRoots() (*x509.CertPool, error) {
	if t.files.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(t.files.CAFile)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = errors.New("no certificate in it")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("CA file %s: %w", t.files.CAFile, err)
		if t.roots == nil {
			return nil, err
		}
		t.tell(t.files.CAFile, err)
		return t.roots, nil
	}
	t.tell(t.files.CAFile, nil)
	t.roots = pool
	return pool, nil
}

// currentPair is our certificate; an empty one when none is configured.
func (t *trust) currentPair() (*tls.Certificate, error) {
	if t.files.CertFile == "" {
		return &tls.Certificate{}, nil
	}
	pair, err := tls.LoadX509KeyPair(t.files.CertFile, t.files.KeyFile)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("client certificate %s with key %s: %w", t.files.CertFile, t.files.KeyFile, err)
		if t.pair == nil {
			return nil, err
		}
		t.tell(t.files.CertFile, err)
		return t.pair, nil
	}
	t.tell(t.files.CertFile, nil)
	t.pair = &pair
	return &pair, nil
}

// tell logs that the last good content of a file stays in force from now on, or
// that it does no longer. The caller holds mu.
func (t *trust) tell(file string, err error) {
	why, before := "", t.told[file]
	if err != nil {
		why = err.Error()
	}
	switch {
	case why == before:
		return
	case err != nil:
		t.log.Error("TLS file cannot be used, its last good content stays in force", "err", err)
	default:
		t.log.Info("TLS file can be used again", "file", file)
	}
	t.told[file] = why
}

// clientConfig is the TLS side of one endpoint. Verification is ours, because
// the pool of tls.Config.RootCAs cannot change once a connection uses it.
func (t *trust) clientConfig(endpoint string) *tls.Config {
	host := t.files.ServerName
	if host == "" {
		host, _, _ = strings.Cut(hostOf(endpoint), "%") // a zone
	}
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         host,
		InsecureSkipVerify: true, // VerifyConnection below verifies, with the CAs of now
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return t.currentPair()
		},
	}
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		t.certificates.show(endpoint, cs.PeerCertificates)
		if t.files.InsecureSkipVerify {
			return nil
		}
		return t.verify(cs, host)
	}
	return c
}

func (t *trust) verify(cs tls.ConnectionState, host string) error {
	roots, err := t.currentRoots()
	if err != nil {
		return err
	}
	if len(cs.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err = cs.PeerCertificates[0].Verify(opts)
	return err
}

// hostOf is the host of an endpoint, without port and brackets.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isLoopback reports whether the endpoint's host is the loopback by its name.
func isLoopback(endpoint string) bool {
	host := hostOf(endpoint)
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
