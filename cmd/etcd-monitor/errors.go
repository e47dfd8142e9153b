package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// fail prints what went wrong, a line for each problem, and gives the exit code.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		printProblems(stderr, problems)
	} else {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "etcd-monitor: %s\n", strings.TrimRight(line, "\n"))
		}
	}
	if _, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintln(stderr, "etcd-monitor: try --help")
		return exitUsage
	}
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	return exitFailed
}

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	error
}

func (e exitError) Unwrap() error { return e.error }

// printProblems prints a line each. One in a file begins with its place, where
// editors look for it.
func printProblems(w io.Writer, problems config.Problems) {
	for _, p := range problems {
		if p.Origin.Source != config.InFile {
			fmt.Fprint(w, "etcd-monitor: ")
		}
		fmt.Fprintln(w, p.Error())
	}
}

var unknownFlag = regexp.MustCompile(`^unknown long flag '--(.+)'$`)

// suggest adds the flag that was probably meant to the error of an unknown one.
func suggest(app *kingpin.Application, err error) error {
	m := unknownFlag.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	model := app.Model()
	flags := slices.Clone(model.Flags)
	for _, c := range model.Commands {
		flags = append(flags, c.Flags...)
	}
	var names []string
	for _, f := range flags {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	switch best := config.Nearest(m[1], names); best {
	case "":
		return err
	case m[1]:
		return fmt.Errorf("%w here: it belongs to another command", err)
	default:
		return fmt.Errorf("%w (did you mean --%s?)", err, best)
	}
}
