// Command etcd-monitor watches etcd clusters and tells Prometheus whether they
// are alive.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program. The first interrupt stops it in good order, the
// second at once.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return runContext(ctx, args, stdout, stderr)
}

// verb is a command: its name as kingpin knows it, and what it does. An error
// of type usageError means that the command line is wrong.
type verb struct {
	name string
	run  func(ctx context.Context, stdout, stderr io.Writer) error
}

func runContext(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := kingpin.New("etcd-monitor", "Watches etcd clusters and tells Prometheus whether they are alive.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.UsageTemplate(kingpin.LongHelpTemplate) // all flags of all verbs
	ended := -1                                 // set when --help or --version was the whole job
	app.Terminate(func(code int) { ended = max(ended, code) })
	app.Version(version.Print("etcd-monitor")).VersionFlag.NoEnvar()
	app.HelpFlag.Short('h').NoEnvar()
	app.DefaultEnvars()
	verbs := append([]verb{addServe(app), addVersion(app)}, addCheck(app)...)
	verbs = append(verbs, addBenchmark(app)...)
	verbs = append(verbs, addRender(app)...)

	name, err := app.Parse(args)
	if ended >= 0 {
		return ended
	}
	if err != nil {
		return fail(stderr, usageError{suggest(app, err)})
	}
	for _, v := range verbs {
		if v.name == name {
			return fail(stderr, v.run(ctx, stdout, stderr))
		}
	}
	return fail(stderr, fmt.Errorf("no verb %q", name))
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// addVersion adds the verb that prints the version.
func addVersion(app *kingpin.Application) verb {
	cmd := app.Command("version", "Print the version.")
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		_, err := fmt.Fprintln(stdout, version.Print("etcd-monitor"))
		return err
	}}
}
