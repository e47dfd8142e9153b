package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A secret cannot be printed, wherever it sits.
func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2"
	s := Secret(text)
	nested := Cluster{Name: "prod", Auth: Auth{Username: "monitor", Password: s}}
	for _, v := range []any{s, &s, []Secret{s}, map[string]Secret{"k": s}, nested, &nested, []Cluster{nested}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, text) {
				t.Errorf("%s of %T shows it: %s", verb, v, out)
			}
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if bytes.Contains(out, []byte(text)) {
			t.Errorf("JSON of %T shows it: %s", v, out)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("value", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("value", "v", v)
		if strings.Contains(log.String(), text) {
			t.Errorf("the log of %T shows it: %s", v, log.String())
		}
	}
	for _, verb := range []string{"%x", "%X", "%d", "%c", "%t", "%20v"} { // in numbers, and in vain
		if out := fmt.Sprintf(verb, s); out != mask {
			t.Errorf("%s is %s", verb, out)
		}
	}
	if s.Reveal() != text {
		t.Error("Reveal does not")
	}
}

// Whether there is one may be seen, and what it is not.
func TestEmptySecretLooksLikeAnyOther(t *testing.T) {
	if got := Secret("").String(); got != "<secret>" {
		t.Errorf("an empty secret is printed as %q", got)
	}
}
