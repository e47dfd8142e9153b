package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
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
		if i := strings.LastIndex(entry, "@"); i >= 0 {
			// Nothing before it is repeated: a password may hold a comma.
			errs = append(errs, fmt.Errorf("endpoint %q: user and password do not belong in an endpoint", mask+entry[i:]))
			continue
		}
		for e := range strings.SplitSeq(entry, ",") {
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
		return "", fmt.Errorf("endpoint %q is not a URL", raw)
	}
	host, ok := canonicalHost(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("endpoint %q: scheme %q is neither http nor https", raw, u.Scheme)
	case host == "":
		return "", fmt.Errorf("endpoint %q: no host", raw)
	case !ok:
		return "", fmt.Errorf("endpoint %q: %q is neither a name nor an address", raw, host)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("endpoint %q: only a host and a port are allowed", raw)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", fmt.Errorf("endpoint %q: port %q is not one of 1 to 65535 (etcd's client port is 2379)", raw, u.Port())
	}
	host = strings.ReplaceAll(host, "%", "%25") // before the zone of an IPv6 address
	return u.Scheme + "://" + net.JoinHostPort(host, strconv.FormatUint(port, 10)), nil
}

// canonicalHost is a name in lower case or an address as Go writes it. A name is
// of letters, digits, hyphens, dots and underscores: all else that a URL allows
// is a typo here.
func canonicalHost(host string) (canonical string, ok bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String(), true
	}
	host = strings.ToLower(host)
	return host, !strings.ContainsFunc(host, func(r rune) bool {
		return !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) && !strings.ContainsRune("-._", r)
	})
}
