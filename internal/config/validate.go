package config

import (
	"errors"
	"strings"
)

// Validate says what is wrong with a cluster, everything at once. The messages
// name no flag or key: the caller knows where the value came from.
func (c Cluster) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, errors.New("the cluster has no name"))
	}
	if len(c.Endpoints) == 0 {
		errs = append(errs, errors.New("no endpoint given"))
	}
	if c.DialTimeout <= 0 {
		errs = append(errs, errors.New("the dial timeout must be positive"))
	}
	errs = append(errs, c.TLS.validate(c.Endpoints), c.Auth.validate(), c.Thresholds.Validate())
	if c.QuotaBytes < 0 {
		errs = append(errs, errors.New("the quota must not be negative"))
	}
	return errors.Join(errs...)
}

func (t TLS) validate(endpoints []string) error {
	if (t.CertFile == "") != (t.KeyFile == "") {
		return errors.New("a client certificate needs its key, and a key its certificate")
	}
	if t.InsecureSkipVerify && t.CAFile != "" {
		return errors.New("a CA and no verification exclude each other")
	}
	if t.CAFile == "" && t.CertFile == "" {
		return nil
	}
	for _, e := range endpoints {
		if strings.HasPrefix(e, "https://") {
			return nil
		}
	}
	return errors.New("certificates are given, but every endpoint is http")
}

func (a Auth) validate() error {
	switch {
	case a.Password != "" && a.PasswordFile != "":
		return errors.New("a password and a password file exclude each other")
	case a.Username == "" && (a.Password != "" || a.PasswordFile != ""):
		return errors.New("a password needs a user name")
	case a.Username != "" && a.Password == "" && a.PasswordFile == "":
		return errors.New("a user name needs a password or a password file")
	}
	return nil
}
