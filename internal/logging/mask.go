package logging

import (
	"regexp"
	"strings"
)

const mask = "<redacted>"

// secretKeys end the names of attributes whose text is never printed. Numbers
// and booleans are: token_renewed=true is no secret.
var secretKeys = []string{
	"password", "passwd", "passphrase", "secret", "token", "authorization",
	"api_key", "apikey", "private_key", "routing_key", "credentials", "cookie",
}

// masked is value, or the mask when key says that its text is a credential.
// key may be of a group ("auth.password") and of any spelling.
func masked(key string, value any) any {
	switch value.(type) {
	case nil, bool, int64, uint64, float64:
		return value
	}
	key = strings.ReplaceAll(strings.ToLower(key), "-", "_")
	for _, k := range secretKeys {
		if strings.HasSuffix(key, k) {
			return mask
		}
	}
	return value
}

// credentials are the shapes in which secrets travel inside other texts: the
// error of a failed request quotes its URL, a driver its connection string.
var credentials = []struct {
	hint  string // a text without it cannot match; checked first because it is cheap
	shape *regexp.Regexp
	with  string
}{
	{"@", regexp.MustCompile(`(://[^/\s:@"]*:)[^/\s"]*@`), "${1}" + mask + "@"},
	{"=", regexp.MustCompile(`(?i)(\b|_)(password|passwd|secret|token|api_?key)=("[^"]*"|'[^']*'|[^\s&"',;]+)`), "${1}${2}=" + mask},
	{" ", regexp.MustCompile(`(?i)\b(bearer|basic) [a-z0-9._~+/-]{16,}=*`), "${1} " + mask},
	{"hooks.", regexp.MustCompile(`(\bhooks\.[^/\s"]+)/[^\s"]+`), "${1}/" + mask},
}

// maskedText is text without the credentials that have one of those shapes.
func maskedText(text string) string {
	for _, c := range credentials {
		if strings.Contains(text, c.hint) {
			text = c.shape.ReplaceAllString(text, c.with)
		}
	}
	return text
}

// jsonSecret is a field of encoded JSON whose name ends as a secret's does.
var jsonSecret = regexp.MustCompile(`(?i)("[^"\\]*(?:` + strings.Join(secretKeys, "|") + `)"\s*:\s*)"(?:[^"\\]|\\.)*"`)

// maskedFields is JSON text without the strings of secret fields.
func maskedFields(text string) string {
	return jsonSecret.ReplaceAllString(text, `${1}"`+mask+`"`)
}
