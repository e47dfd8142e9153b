package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// check says what is wrong with a value, in words that follow it: "is not ...".
type check func(v any) error

// all is the first objection of several.
func all(checks ...check) check {
	return func(v any) error {
		for _, c := range checks {
			if err := c(v); err != nil {
				return err
			}
		}
		return nil
	}
}

// within bounds a number, both ends included. It refuses NaN.
func within(least, most float64) check {
	return func(v any) error {
		if n := number(v); !(n >= least && n <= most) {
			return fmt.Errorf("is not within %s to %s", show(least), show(most))
		}
		return nil
	}
}

// positive is a number above 0. It refuses NaN and infinity.
func positive(v any) error {
	if n := number(v); !(n > 0 && n < 1e15) {
		return errors.New("is not a positive number")
	}
	return nil
}

// number is the value of any kind of number.
func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case size:
		return float64(v)
	case seconds:
		return float64(v)
	}
	return v.(float64)
}

// ratio is a share of one. Who writes 5 means 5 percent.
func ratio(v any) error {
	n := v.(float64)
	if n > 1 && n <= 100 {
		return fmt.Errorf("is not within 0 to 1 (write %s for %s%%)", show(n/100), show(n))
	}
	return within(0, 1)(v)
}

// lasting bounds a duration, both ends included.
func lasting(least, most time.Duration) check {
	return func(v any) error {
		switch d := v.(time.Duration); {
		case d < least:
			return fmt.Errorf("is less than %s", formatDuration(least))
		case d > most:
			return fmt.Errorf("is more than %s", formatDuration(most))
		}
		return nil
	}
}

// oneOf is one of the words.
func oneOf(words ...string) check {
	return func(v any) error {
		for _, w := range words {
			if v == w {
				return nil
			}
		}
		return fmt.Errorf("is none of %s%s", strings.Join(words, ", "), didYouMean(v.(string), words))
	}
}

// notYet refuses one of the words, which means a feature that this version lacks.
func notYet(word, feature string) check {
	return func(v any) error {
		if v == word {
			return fmt.Errorf("means %s, which %s", feature, notAvailable)
		}
		return nil
	}
}

// each applies a check to every element of a list.
func each(c check) check {
	return func(v any) error {
		for _, e := range v.([]string) {
			if err := c(e); err != nil {
				return fmt.Errorf("%s %w", quote(e), err)
			}
		}
		return nil
	}
}

func notEmpty(v any) error {
	if v == "" {
		return errors.New("is empty")
	}
	return nil
}

// clusterName is the name of a cluster, the value of a label.
func clusterName(v any) error {
	s := v.(string)
	if s == "" || len(s) > 128 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return errors.New("is not a name of 1 to 128 printable characters")
	}
	return nil
}

var domainForm = regexp.MustCompile(`^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.?$`)

// domain is a name to ask the name server for.
func domain(v any) error {
	if s := v.(string); s != "" && (len(s) > 253 || !domainForm.MatchString(s)) {
		return errors.New("is not a domain like etcd.example.com")
	}
	return nil
}

// webURL is a URL without user and password: they would be shown with it.
func webURL(v any) error {
	s, ok := v.(string)
	if !ok {
		s = v.(Secret).Reveal()
	}
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return errors.New("is not a URL like https://monitor.example.com")
	case u.User != nil:
		return errors.New("has a user or a password in it, where they can be seen")
	}
	return nil
}

// externalURL is a web URL that paths can be appended to.
func externalURL(v any) error {
	if err := webURL(v); err != nil {
		return err
	}
	if u, err := url.Parse(v.(string)); err != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("is not a URL like https://monitor.example.com/etcd")
	}
	return nil
}

// ownPrefix refuses prefixes of keys that are somebody else's.
func ownPrefix(v any) error {
	s := strings.TrimRight(v.(string), "/")
	if s == "" || s == "/registry" || strings.HasPrefix(s, "/registry/") {
		return errors.New("is no place of ours: writing there could destroy data")
	}
	return nil
}

// address is an e-mail address, as far as a typo shows.
func address(v any) error {
	if s := v.(string); s != "" {
		local, host, ok := strings.Cut(s, "@")
		if !ok || local == "" || host == "" || strings.ContainsAny(s, " \t\r\n,;") {
			return errors.New("is not an address like ops@example.com")
		}
	}
	return nil
}

var labelForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// takenLabels are those that service discovery sets itself.
var takenLabels = map[string]bool{"cluster": true, "member": true, "member_id": true, "instance": true, "job": true, "via": true}

// labelPairs are names and values for Prometheus.
func labelPairs(v any) error {
	for l := range v.(map[string]string) {
		switch {
		case !labelForm.MatchString(l) || strings.HasPrefix(l, "__"):
			return fmt.Errorf("%s is not the name of a label", quote(l))
		case takenLabels[l]:
			return fmt.Errorf("%s is a label that service discovery sets itself", quote(l))
		}
	}
	return nil
}

// asDuration reads a text as a duration, and checks that.
func asDuration(c check) check {
	return func(v any) error {
		d, err := parseDuration(v.(string))
		if err != nil {
			return err
		}
		return c(d)
	}
}
