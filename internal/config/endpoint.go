package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseEndpoints reads a list of endpoints: host:port or a URL with scheme http
// or https. What has no scheme is https when secure, else http. The result is
// canonical (scheme://host:port) and without repetitions. Userinfo, paths and
// ports that cannot be are refused: a secret does not belong on a command line,
// and a typo should not look like a cluster that is down.
func ParseEndpoints(list []string, secure bool) ([]string, error) {
	var out []string
	var errs []error
	for _, entry := range list {
		for _, e := range strings.Split(entry, ",") {
			e = strings.TrimSpace(e)
			if e == "" {
				continue
			}
			u, err := parseEndpoint(e, secure)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if !slices.Contains(out, u) {
				out = append(out, u)
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(out) == 0 {
		return nil, errors.New("no endpoint given")
	}
	return out, nil
}

func parseEndpoint(e string, secure bool) (string, error) {
	raw := e
	if !strings.Contains(e, "://") {
		scheme := "http"
		if secure {
			scheme = "https"
		}
		e = scheme + "://" + e
	}
	u, err := url.Parse(e)
	if err != nil {
		return "", fmt.Errorf("endpoint %q is not a URL", redactUser(raw))
	}
	switch {
	case u.User != nil:
		return "", fmt.Errorf("endpoint %q: user and password do not belong in an endpoint", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("endpoint %q: scheme %q is neither http nor https", raw, u.Scheme)
	case u.Hostname() == "":
		return "", fmt.Errorf("endpoint %q: no host", raw)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("endpoint %q: only a host and a port are allowed", raw)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", fmt.Errorf("endpoint %q: port %q is not one of 1 to 65535 (etcd's client port is 2379)", raw, u.Port())
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// redactUser drops what stands before an @.
func redactUser(s string) string {
	if i := strings.LastIndex(s, "@"); i >= 0 {
		return mask + s[i:]
	}
	return s
}
