package etcd

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

const (
	// certificateRefresh: connections live for months, and a certificate that
	// was renewed meanwhile is seen in a new handshake only.
	certificateRefresh = 5 * time.Minute
	// maxChain bounds the certificates of one server that are looked at.
	maxChain = 8
)

// Certificate is one that a server showed, or one of our files.
type Certificate struct {
	Endpoint string // that showed it; empty for a file
	File     string // that holds it; empty for one that was shown
	Kind     string // server, server_chain, client, ca
	Subject  string
	NotAfter time.Time
}

// certificates are those last seen.
type certificates struct {
	mu    sync.Mutex // guards what follows
	shown map[string][]Certificate
	files []Certificate
	read  time.Time // of files, and of the last handshakes made for this
}

// show notes what an endpoint showed in a handshake, believed or not.
func (c *certificates) show(endpoint string, chain []*x509.Certificate) {
	var certs []Certificate
	for i, x := range chain[:min(len(chain), maxChain)] {
		kind := "server"
		if i > 0 {
			kind = "server_chain"
		}
		certs = append(certs, certificateOf(x, Certificate{Endpoint: endpoint, Kind: kind}))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shown == nil {
		c.shown = map[string][]Certificate{}
	}
	c.shown[endpoint] = certs
}

func certificateOf(x *x509.Certificate, c Certificate) Certificate {
	c.Subject, c.NotAfter = cluster.SafeLabel(x.Subject.String()), x.NotAfter
	return c
}

// Certificates lists what was last seen, of each subject of one origin the one
// that expires first.
func (c *Client) Certificates() []Certificate {
	certs := &c.trust.certificates
	certs.mu.Lock()
	all := slices.Clone(certs.files)
	for _, shown := range certs.shown {
		all = append(all, shown...)
	}
	certs.mu.Unlock()
	slices.SortFunc(all, func(a, b Certificate) int {
		return cmp.Or(strings.Compare(a.Endpoint, b.Endpoint), strings.Compare(a.File, b.File),
			strings.Compare(a.Kind, b.Kind), strings.Compare(a.Subject, b.Subject), a.NotAfter.Compare(b.NotAfter))
	})
	return slices.CompactFunc(all, func(a, b Certificate) bool {
		return a.Endpoint == b.Endpoint && a.File == b.File && a.Kind == b.Kind && a.Subject == b.Subject
	})
}

// RefreshCertificates reads our files again and shakes hands with every endpoint
// and metrics URL once more, seldom, and returns without waiting.
func (c *Client) RefreshCertificates(ctx context.Context) {
	certs := &c.trust.certificates
	certs.mu.Lock()
	due := time.Since(certs.read) > certificateRefresh
	if due {
		certs.read = time.Now()
	}
	certs.mu.Unlock()
	if !due {
		return
	}
	files := c.trust.fileCertificates()
	endpoints := c.current()
	certs.mu.Lock()
	certs.files = files
	for u := range certs.shown {
		if !slices.ContainsFunc(endpoints, func(e *endpoint) bool { return e.url == u }) && !slices.Contains(c.opts.Cluster.MetricsURLs, u) {
			delete(certs.shown, u)
		}
	}
	certs.mu.Unlock()
	for _, e := range endpoints {
		if e.secure() {
			go c.shakeHands(ctx, e.url, e.guard(c.allowLoopback.Load()))
		}
	}
	for _, u := range c.opts.Cluster.MetricsURLs {
		if isSecure(u) {
			go c.shakeHands(ctx, u, nil)
		}
	}
}

// shakeHands makes a connection for nothing but its handshake.
func (c *Client) shakeHands(ctx context.Context, endpoint string, guard control) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Cluster.DialTimeout)
	defer cancel()
	u, err := url.Parse(endpoint)
	if err != nil {
		return
	}
	address := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443"))
	d := tls.Dialer{NetDialer: &net.Dialer{ControlContext: guard}, Config: c.trust.clientConfig(endpoint)}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		c.opts.Logger.Debug("handshake", "cluster", c.opts.Cluster.Name, "endpoint", endpoint, "err", err)
		return
	}
	_ = conn.Close()
}

// fileCertificates reads the certificates in our files. What cannot be read is
// missing; connections say why.
func (t *trust) fileCertificates() []Certificate {
	return append(certificatesOf(t.files.CertFile, "client"), certificatesOf(t.files.CAFile, "ca")...)
}

func certificatesOf(file, kind string) []Certificate {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var certs []Certificate
	for _, x := range certificatesIn(text) {
		certs = append(certs, certificateOf(x, Certificate{File: file, Kind: kind}))
	}
	return certs
}

// certificatesIn are those that can be parsed, whatever stands between them.
func certificatesIn(text []byte) []*x509.Certificate {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return certs
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if x, err := x509.ParseCertificate(block.Bytes); err == nil {
			certs = append(certs, x)
		}
	}
}
