package logging

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxValue is the longest text a value may have, in bytes. What remote ends
// say is logged, and an etcd answer may be megabytes; a stack trace fits.
const maxValue = 16 << 10

// plain turns v into what both encoders print without fail: nil, a boolean, a
// finite number, a string, or in JSON a structured value that is encoded
// already.
func (s *sink) plain(v any) any {
	if sv, ok := v.(slog.Value); ok {
		v = sv.Any()
	}
	switch x := v.(type) {
	case nil, bool, int64, uint64:
		return x
	case float64:
		return number(x)
	case string:
		return tidy(x)
	case []byte:
		return tidy(string(x))
	case time.Duration:
		return x.String()
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano) // unlike MarshalText, knows every year
	}
	return s.rendered(v)
}

// rendered is plain for everything that has methods or fields of its own. Text
// and JSON methods come first because types that hide a secret have them, and
// fmt is never asked: it prints unexported fields without asking their type.
func (s *sink) rendered(v any) (out any) {
	rv := reflect.ValueOf(v)
	defer func() {
		if p := recover(); p == nil {
			return
		}
		if rv.Kind() == reflect.Pointer && rv.IsNil() {
			out = nil
			return
		}
		// Only the type: what a value holds that cannot print itself is unknown.
		out = fmt.Sprintf("<%T panicked>", v)
	}()
	switch x := v.(type) {
	case encoding.TextMarshaler:
		b, err := x.MarshalText()
		if err != nil {
			return fmt.Sprintf("<%T cannot be encoded>", v)
		}
		return tidy(string(b))
	case error:
		return tidy(x.Error())
	case json.Marshaler:
		return s.encoded(v)
	case fmt.Stringer:
		return tidy(x.String())
	}
	switch rv.Kind() {
	case reflect.Bool:
		return rv.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return rv.Uint()
	case reflect.Float32, reflect.Float64:
		return number(rv.Float())
	case reflect.String:
		return tidy(rv.String())
	}
	return s.encoded(v)
}

// encoded is v as JSON: as it is for the JSON encoder, as text for logfmt,
// which has no structure to put it in.
func (s *sink) encoded(v any) any {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("<%T cannot be encoded>", v)
	}
	text := strings.TrimSuffix(buf.String(), "\n")
	var str string
	if strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &str) == nil {
		return tidy(str)
	}
	text = tidy(maskedFields(text))
	if s.json && json.Valid([]byte(text)) { // not when tidy has cut it
		return json.RawMessage(text)
	}
	return text
}

// number is f, or its name where JSON has no number for it.
func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return f
}

// tidy makes a text safe to print: valid UTF-8, bounded, no credentials, and
// none of the runes that the encoders let through although they steer a
// terminal or reorder a line. Line breaks and NUL are escaped by the encoders.
func tidy(text string) string {
	if n := len(text); n > maxValue {
		cut := maxValue
		for cut > maxValue-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = fmt.Sprintf("%s... (%d bytes)", text[:cut], n)
	}
	return maskedText(strings.Map(func(r rune) rune {
		if unprintable(r) {
			return utf8.RuneError
		}
		return r
	}, text))
}

// unprintable reports DEL, the C1 controls (U+009B starts an escape sequence),
// the bidirectional controls and what was not UTF-8.
func unprintable(r rune) bool {
	return r == utf8.RuneError || r >= 0x7f && r <= 0x9f || unicode.Is(unicode.Bidi_Control, r)
}
