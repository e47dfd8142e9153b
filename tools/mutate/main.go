// Command mutate asks what the tests of alerting rules are worth. It changes one
// thing in a rule file (a number, a comparison, a duration, a matcher, a label or
// operator of an aggregation, a set operator, a severity) and runs promtool's unit
// tests on the result. A mutant that no test fails on survives, and shows
// what is not tested.
//
//	mutate rules/*.rules.yml
//
// Tests are the files of the directory tests beside the rules that load the rule
// file. Mutants that mean the same as the original are listed in
// tests/equivalent.txt, each with a reason. The exit code is 1 if less than the
// wanted share is killed or if that list is not up to date.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

type options struct {
	promtool string
	want     float64 // per cent of mutants that must be killed
	workers  int
	only     *regexp.Regexp // names of rules
	quick    bool           // leave out tests that name no rule
	files    []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "mutate:", err)
		return 2
	}
	if o.promtool == "" {
		if o.promtool, err = pinned(ctx, stderr); err != nil {
			fmt.Fprintln(stderr, "mutate:", err)
			return 1
		}
	}
	ok, err := judge(ctx, o, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "mutate:", err)
		return 1
	}
	if !ok {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.promtool, "promtool", "", "promtool to run; by default the pinned one")
	flags.Float64Var(&o.want, "want", 95, "per cent of the mutants that tests must kill")
	flags.IntVar(&o.workers, "j", 2, "mutants to test at a time")
	only := flags.String("only", "", "regular expression: mutate rules with such names only")
	flags.BoolVar(&o.quick, "quick", false, "leave out tests that ask about alerts of any name: they take long and tell little; the score is a lower bound then")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if o.files = flags.Args(); len(o.files) == 0 {
		return o, errors.New("no rule files given")
	}
	if o.workers < 1 {
		return o, errors.New("-j must be 1 or more")
	}
	return o, nil
}

// pinned is promtool as this repository pins it; building it takes minutes, once.
func pinned(ctx context.Context, stderr io.Writer) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		script := filepath.Join(dir, "tools", "build.sh")
		if _, err := os.Stat(script); err == nil {
			cmd := exec.CommandContext(ctx, script, "promtool")
			cmd.Stderr = stderr
			out, err := cmd.Output()
			if err != nil {
				return "", fmt.Errorf("%s promtool: %w", script, err)
			}
			return strings.TrimSpace(string(out)), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no tools/build.sh above: give -promtool")
		}
	}
}
