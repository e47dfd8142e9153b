// Package logging is the one stream of log lines of a process.
//
// Call sites speak log/slog. Below it go-kit/log prints, joined by slog-gokit,
// and [Zap] leads the etcd client's zap lines into the same stream, so that a
// process has one level, one format and one place where values are made safe:
//
//   - JSON keeps numbers and booleans as numbers and booleans;
//   - a value that cannot be encoded costs itself, never the line;
//   - an attribute named level, msg, time or caller cannot pass for the line's
//     own, and what looks like a credential is masked (see [masked]). That is
//     the second net: the first is that secrets have a type that hides them.
//
// Keys are snake_case from one short list (cluster, member, endpoint, op,
// duration_seconds, err); messages are constant and lower-case.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"
)

// Formats are the names that [Options.Format] takes. console is logfmt under
// the name that other tools use for "lines for people".
var Formats = []string{"logfmt", "json", "console"}

// Levels are the names that [Options.Level] takes, the most talkative first.
var Levels = []string{"debug", "info", "warn", "error"}

// Options say what is logged, how and where to.
type Options struct {
	Writer io.Writer // nil: standard error. Writes are serialised, one per line
	Level  string    // one of Levels; "": info
	Format string    // one of Formats; "": logfmt
	// Var is set to Level, and changes the level when it is set again, see
	// SetLevel. nil: the level stays.
	Var *slog.LevelVar
}

// New returns a logger and flush, which the caller runs once, last. Lines are
// written as they come, so flush has nothing to wait for; it reports how many
// could not be written and why, which nobody else can tell: a logger has no
// way to log that it cannot log.
func New(o Options) (logger *slog.Logger, flush func() error, err error) {
	level := o.Var
	if level == nil {
		level = &slog.LevelVar{}
	}
	if err := SetLevel(level, o.Level); err != nil {
		return nil, nil, err
	}
	if o.Writer == nil {
		o.Writer = os.Stderr
	}
	w := log.NewSyncWriter(o.Writer)
	s := &sink{}
	switch o.Format {
	case "", "logfmt", "console":
		s.next = log.NewLogfmtLogger(w)
	case "json":
		s.next, s.json = log.NewJSONLogger(w), true
	default:
		return nil, nil, fmt.Errorf("unknown log format %q: want one of %s", o.Format, strings.Join(Formats, ", "))
	}
	return slog.New(sloggokit.NewGoKitHandler(s, level)), s.flush, nil
}

// SetLevel makes the level that a name of Levels means the least severe that is
// logged; "" means info.
func SetLevel(v *slog.LevelVar, name string) error {
	if name == "" {
		name = "info"
	}
	var level slog.Level
	// Only the four names: slog alone would also take "INFO+2".
	if !slices.Contains(Levels, name) || level.UnmarshalText([]byte(name)) != nil {
		return fmt.Errorf("unknown log level %q: want one of %s", name, strings.Join(Levels, ", "))
	}
	v.Set(level)
	return nil
}
