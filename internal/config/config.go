// Package config holds what an operator configures: the clusters to watch, with
// their endpoints, credentials and thresholds. It checks, and says what is
// wrong in words that name the flag or key; it reads no flags and dials nobody.
package config

import "time"

// Cluster is one logical etcd cluster to watch.
type Cluster struct {
	Name      string
	Endpoints []string // canonical URLs, see ParseEndpoints
	// DNSSRV and TargetsFile say where endpoints are found instead: the domain
	// of SRV records, or a file that is read again when it changes, see
	// ParseTargets. At most one of the three is set.
	DNSSRV, TargetsFile string
	// Labels describe the cluster to service discovery.
	Labels map[string]string
	TLS    TLS
	Auth   Auth
	// DialTimeout bounds the time to establish a connection.
	DialTimeout time.Duration
	// DiscoverMembers also watches members that the member list advertises and
	// no endpoint reaches.
	DiscoverMembers bool
	// MetricsURLs are where members serve their own metrics, if not on the client
	// port; canonical URLs. etcd says in them whose they are.
	MetricsURLs []string
	// QuotaBytes is what --quota-backend-bytes is, for members that do not tell
	// it themselves; 0 if not known.
	QuotaBytes int64
	Thresholds Thresholds
}

// TLS names the files of a TLS client. They are read again when they change.
type TLS struct {
	// Enabled makes https of an endpoint that is found without a scheme.
	Enabled                   bool
	CAFile, CertFile, KeyFile string
	ServerName                string // expected in the server's certificate instead of the endpoint's host
	InsecureSkipVerify        bool
}

// Auth is a login by name and password. Logins by client certificate need none.
type Auth struct {
	Username string
	Password Secret
	// PasswordFile is read again when it changes; it excludes Password.
	PasswordFile string
}

// Enabled reports whether a login by password is configured.
func (a Auth) Enabled() bool { return a.Username != "" }
