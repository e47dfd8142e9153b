package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

// flag is a flag with a default whose errors say which flag they are about,
// which kingpin's own do not, and which knows whether it was given.
type flag[T any] struct {
	name  string
	parse func(string) (T, error)
	value T
	given bool
	text  string
}

// Set implements kingpin.Value.
func (f *flag[T]) Set(s string) error {
	v, err := f.parse(s)
	if err != nil {
		return fmt.Errorf("--%s: %w", f.name, err)
	}
	f.value, f.text = v, s
	return nil
}

// String implements kingpin.Value.
func (f *flag[T]) String() string { return f.text }

// set reports whether the flag was given, on the command line or in the
// environment.
func (f *flag[T]) set() bool {
	if f.given {
		return true
	}
	_, ok := os.LookupEnv(envOf(f.name))
	return ok
}

// envOf is the environment variable of a flag.
func envOf(name string) string {
	return "ETCD_MONITOR_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}

func addFlag[T any](cmd *kingpin.CmdClause, name, def, help string, parse func(string) (T, error)) *flag[T] {
	f := &flag[T]{name: name, parse: parse}
	clause := cmd.Flag(name, help).IsSetByUser(&f.given)
	if def != "" {
		clause.Default(def)
	}
	clause.SetValue(f)
	return f
}

func text(s string) (string, error) { return s, nil }

// boolFlag is a switch: --name, --no-name.
func boolFlag(cmd *kingpin.CmdClause, name, help string, def bool) *switchFlag {
	f := &switchFlag{flag[bool]{name: name, parse: func(s string) (bool, error) {
		v, err := strconv.ParseBool(s)
		if err != nil {
			return false, fmt.Errorf("%q is neither true nor false", s)
		}
		return v, nil
	}}}
	cmd.Flag(name, help).IsSetByUser(&f.given).Default(strconv.FormatBool(def)).SetValue(f)
	return f
}

// switchFlag needs no value on the command line.
type switchFlag struct{ flag[bool] }

// IsBoolFlag tells kingpin so.
func (*switchFlag) IsBoolFlag() bool { return true }

// duration parses one of at least least.
func duration(least time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration like 10s", s)
		}
		if d < least {
			return 0, fmt.Errorf("%s is less than %s", s, least)
		}
		return d, nil
	}
}

// atMost also refuses durations above most.
func atMost(most time.Duration, parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := parse(s)
		if err == nil && d > most {
			err = fmt.Errorf("%s is more than %s", s, most)
		}
		return d, err
	}
}

// positive parses a number above 0.
func positive(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if !(v > 0 && v < 1e15) { // NaN is neither
		return 0, fmt.Errorf("%s is not a positive number", s)
	}
	return v, nil
}

// whole parses a whole number from least to most.
func whole(least, most int64) func(string) (int64, error) {
	return func(s string) (int64, error) {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number", s)
		}
		if v < least || v > most {
			return 0, fmt.Errorf("%d is not within %d to %d", v, least, most)
		}
		return v, nil
	}
}

// file parses the name of a file that can be read now.
func file(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	f, err := os.Open(s)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	return s, f.Close()
}

// oneOf parses one of the words.
func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
	}
}
