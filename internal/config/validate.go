package config

import (
	"errors"
	"fmt"
	"strings"
)

// fault is what is wrong with a cluster: at a key below it, in words that may
// name another key.
type fault struct {
	key    string // as in tls.key_file
	format string // of the message, with one %s for other, if there is one
	other  string
	// reverse is the message from the other key's side, for a fault that may be
	// either's; "" when only key can be meant.
	reverse string
}

// Validate says what is wrong with a cluster, everything at once.
func (c Cluster) Validate() error {
	var errs []error
	for _, f := range c.faults() {
		errs = append(errs, fmt.Errorf("%s: %s", f.key, f.message(f.other)))
	}
	return errors.Join(errs...)
}

// message names the other key as other.
func (f fault) message(other string) string {
	if f.other == "" {
		return f.format
	}
	return fmt.Sprintf(f.format, other)
}

func (c Cluster) faults() []fault {
	var list []fault
	if c.Name == "" {
		list = append(list, fault{key: "name", format: "the cluster has no name"})
	}
	if len(c.Endpoints) == 0 && c.DNSSRV == "" && c.TargetsFile == "" {
		list = append(list, fault{key: "endpoints", format: "no endpoint given"})
	}
	if c.DialTimeout <= 0 {
		list = append(list, fault{key: "dial_timeout", format: "must be positive"})
	}
	if c.QuotaBytes < 0 {
		list = append(list, fault{key: "db_quota_bytes", format: "must not be negative"})
	}
	list = append(list, c.tlsFaults()...)
	list = append(list, c.Auth.faults()...)
	return append(list, c.Thresholds.faults()...)
}

func (c Cluster) tlsFaults() []fault {
	var list []fault
	t := c.TLS
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		list = append(list, fault{key: "tls.cert_file", format: "needs %s", other: "tls.key_file"})
	case t.CertFile == "" && t.KeyFile != "":
		list = append(list, fault{key: "tls.key_file", format: "needs %s", other: "tls.cert_file"})
	}
	if t.InsecureSkipVerify && t.CAFile != "" {
		list = append(list, fault{key: "tls.insecure_skip_verify", format: "excludes %s", other: "tls.ca_file"})
	}
	secure := 0
	for _, e := range c.Endpoints {
		if strings.HasPrefix(e, "https://") {
			secure++
		}
	}
	switch {
	case len(c.Endpoints) == 0 || secure > 0:
	case t.CAFile != "":
		list = append(list, fault{key: "tls.ca_file", format: "would not be used: every endpoint is http"})
	case t.CertFile != "":
		list = append(list, fault{key: "tls.cert_file", format: "would not be used: every endpoint is http"})
	}
	return list
}

func (a Auth) faults() []fault {
	switch {
	case a.Password != "" && a.PasswordFile != "":
		return []fault{{key: "auth.password", format: "excludes %s", other: "auth.password_file"}}
	case a.Username == "" && a.PasswordFile != "":
		return []fault{{key: "auth.password_file", format: "needs %s", other: "auth.username"}}
	case a.Username == "" && a.Password != "":
		return []fault{{key: "auth.password", format: "needs %s", other: "auth.username"}}
	case a.Username != "" && a.Password == "" && a.PasswordFile == "":
		return []fault{{key: "auth.username", format: "needs %s", other: "auth.password_file"}}
	}
	return nil
}
