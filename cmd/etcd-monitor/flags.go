package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

// flag is a flag with a default whose errors say which flag they are about,
// which kingpin's own do not.
type flag[T any] struct {
	name  string
	parse func(string) (T, error)
	to    *T // where it goes: value, unless somebody wants it elsewhere
	value T
	text  string
}

// Set implements kingpin.Value.
func (f *flag[T]) Set(s string) error {
	v, err := f.parse(s)
	if err != nil {
		return fmt.Errorf("--%s: %w", f.name, err)
	}
	*f.to, f.text = v, s
	return nil
}

// String implements kingpin.Value.
func (f *flag[T]) String() string { return f.text }

func addFlag[T any](cmd *kingpin.CmdClause, name, def, help string, parse func(string) (T, error)) *flag[T] {
	f := &flag[T]{name: name, parse: parse}
	f.to = &f.value
	f.add(cmd, def, help)
	return f
}

// setFlag is addFlag for a value that is elsewhere.
func setFlag[T any](cmd *kingpin.CmdClause, to *T, name, def, help string, parse func(string) (T, error)) *kingpin.FlagClause {
	return (&flag[T]{name: name, parse: parse, to: to}).add(cmd, def, help)
}

func (f *flag[T]) add(cmd *kingpin.CmdClause, def, help string) *kingpin.FlagClause {
	clause := cmd.Flag(f.name, help)
	if def != "" {
		clause.Default(def)
	}
	clause.SetValue(f)
	return clause
}

// boolFlag is a switch: --name, --no-name.
func boolFlag(cmd *kingpin.CmdClause, name, help string, def bool) *switchFlag {
	f := &switchFlag{flag[bool]{name: name, parse: truth}}
	f.to = &f.value
	cmd.Flag(name, help).Default(strconv.FormatBool(def)).SetValue(f)
	return f
}

// setSwitch is boolFlag for a value that is elsewhere, and false unless given.
func setSwitch(cmd *kingpin.CmdClause, to *bool, name, help string) {
	cmd.Flag(name, help).SetValue(&switchFlag{flag[bool]{name: name, parse: truth, to: to}})
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

// orZero also takes 0, for off.
func orZero(parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		if d, err := time.ParseDuration(s); err == nil && d == 0 {
			return 0, nil
		}
		return parse(s)
	}
}

func truth(s string) (bool, error) {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", s)
	}
	return v, nil
}

// amount is a number that is not negative.
func amount(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if !(v >= 0 && v <= 1e12) { // NaN is neither
		return 0, fmt.Errorf("%s is not within 0 to 10^12", s)
	}
	return v, nil
}

// oneOf is one of some words.
func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
		}
		return s, nil
	}
}
