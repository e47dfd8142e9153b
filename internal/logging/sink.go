package logging

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
)

// lineTime is the form of a line's own time: UTC, milliseconds.
const lineTime = "2006-01-02T15:04:05.000Z07:00"

// sink stands between slog-gokit, which hands over flat pairs with slog values
// in them, and a go-kit encoder. Left alone, the JSON encoder would print every
// slog.Value as a string.
type sink struct {
	next log.Logger
	json bool // next encodes JSON: structured values stay structured

	mu    sync.Mutex // guards what follows
	lost  int        // lines that could not be written
	first error      // why the first of them was lost
}

// Log implements go-kit's Logger. slog-gokit puts the line's own pairs first
// and ends them with msg; everything after that came from call sites.
func (s *sink) Log(kv ...any) error {
	own := true
	for i := 0; i+1 < len(kv); i += 2 {
		key, _ := kv[i].(string)
		if own {
			own = key != slog.MessageKey
			kv[i+1] = ownValue(kv[i+1])
			continue
		}
		key = attrKey(key)
		kv[i], kv[i+1] = key, masked(key, s.plain(kv[i+1]))
	}
	err := s.next.Log(kv...)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lost++
		if s.first == nil {
			s.first = err
		}
	}
	return err
}

// flush reports the lines that were lost.
func (s *sink) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == 0 {
		return nil
	}
	return fmt.Errorf("%d log lines lost, the first: %w", s.lost, s.first)
}

// ownValue makes a value of the line's own pairs printable. The message is
// constant by house rule, but the ones that come over [Zap] and from net/http
// are other people's.
func ownValue(v any) any {
	switch x := v.(type) {
	case time.Time:
		return x.UTC().Format(lineTime)
	case string:
		return tidy(x)
	}
	return v // the level
}

// attrKey is key as an attribute may bear it: the four names of the line's own
// pairs get a prefix (JSON would otherwise drop one of the two, logfmt print
// both), and what logfmt cannot carry in a key is replaced, since an empty key
// there loses the whole line.
func attrKey(key string) string {
	switch key {
	case slog.LevelKey, slog.MessageKey, slog.TimeKey, "caller":
		return "attr_" + key
	case "":
		return "_"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '=' || r == '"' || unprintable(r) {
			return '_'
		}
		return r
	}, key)
}
