package logging

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Zap returns a zap logger whose lines become lines of logger, with their
// fields' types, their caller and their level. It exists for the etcd client,
// which speaks nothing else; all clients of a process share one.
func Zap(logger *slog.Logger) *zap.Logger {
	return zap.New(core{logger.Handler()}, zap.AddCaller())
}

// routine are lines that the etcd client writes at warn for each attempt of a
// call. The caller of that call gets the error and decides what it is worth;
// a member that is down would otherwise fill the log at every scrape.
var routine = map[string]bool{
	"retrying of unary invoker failed":                         true,
	"retrying RecvMsg":                                         true,
	"retrying of unary invoker failed to fetch new auth token": true,
	"retry failed to fetch new auth token":                     true,
}

// core forwards to a slog handler. It holds no state of its own, so zap's
// clones share it safely.
type core struct{ h slog.Handler }

// levelOf maps zap's levels. zap itself panics or exits after a line of one of
// the three above error.
func levelOf(level zapcore.Level) slog.Level {
	switch {
	case level <= zapcore.DebugLevel:
		return slog.LevelDebug
	case level == zapcore.InfoLevel:
		return slog.LevelInfo
	case level == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// entryLevel is the level that a whole entry gets.
func entryLevel(e zapcore.Entry) slog.Level {
	if routine[e.Message] {
		return slog.LevelDebug
	}
	return levelOf(e.Level)
}

// Enabled implements zapcore.LevelEnabler.
func (c core) Enabled(level zapcore.Level) bool {
	return c.h.Enabled(context.Background(), levelOf(level)) // zap has no context to pass on
}

// Check implements zapcore.Core.
func (c core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.h.Enabled(context.Background(), entryLevel(e)) {
		return checked.AddCore(e, c)
	}
	return checked
}

// With implements zapcore.Core.
func (c core) With(fields []zapcore.Field) zapcore.Core {
	for i, f := range fields {
		if f.Type == zapcore.NamespaceType {
			inner := core{c.h.WithAttrs(attrs(fields[:i])).WithGroup(f.Key)}
			return inner.With(fields[i+1:])
		}
	}
	return core{c.h.WithAttrs(attrs(fields))}
}

// Write implements zapcore.Core.
func (c core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	var pc uintptr
	if e.Caller.Defined {
		pc = e.Caller.PC + 1 // zap keeps the call's own address, slog the one it returns to
	}
	r := slog.NewRecord(e.Time, entryLevel(e), e.Message, pc)
	if e.LoggerName != "" {
		r.AddAttrs(slog.String("logger", e.LoggerName))
	}
	r.AddAttrs(attrs(fields)...)
	if e.Stack != "" {
		r.AddAttrs(slog.String("stack", e.Stack))
	}
	return c.h.Handle(context.Background(), r)
}

// Sync implements zapcore.Core; lines are written as they come.
func (core) Sync() error { return nil }

// attrs turns fields into attributes of the same types, in their order.
func attrs(fields []zapcore.Field) []slog.Attr {
	out := make([]slog.Attr, 0, len(fields))
	for i, f := range fields {
		switch f.Type {
		case zapcore.SkipType:
		case zapcore.NamespaceType: // holds all that follow
			return append(out, slog.Attr{Key: f.Key, Value: slog.GroupValue(attrs(fields[i+1:])...)})
		case zapcore.ErrorType:
			out = append(out, slog.Any(errKey(f.Key), f.Interface))
		default:
			enc := zapcore.NewMapObjectEncoder()
			f.AddTo(enc)
			out = append(out, group(enc.Fields)...)
		}
	}
	return out
}

// errKey is the house's key for an error where zap's default would stand.
func errKey(key string) string {
	if key == "error" {
		return "err"
	}
	return key
}

// group turns an encoded object into attributes, sorted because a map is not.
func group(fields map[string]any) []slog.Attr {
	out := make([]slog.Attr, 0, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if inner, ok := fields[key].(map[string]any); ok {
			out = append(out, slog.Attr{Key: key, Value: slog.GroupValue(group(inner)...)})
			continue
		}
		out = append(out, slog.Any(key, fields[key]))
	}
	return out
}

// ZapLogger is what Zap returns, for those who hand it on.
type ZapLogger = zap.Logger
