package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// addCheck adds the verbs that check files.
func addCheck(app *kingpin.Application) []verb {
	check := app.Command("check", "Check a file: exit 1 and a line for each problem, if there is one.")
	return []verb{addCheckConfig(check), addCheckRules(check), addCheckAlertmanager(check)}
}

// checkConfig is what serve does with its configuration before it starts.
type checkConfig struct {
	settings  *settings
	file      string
	flagGiven bool
	print     bool
}

func addCheckConfig(check *kingpin.CmdClause) verb {
	cmd := check.Command("config", "Check a configuration file as serve reads it, together with serve's flags and ETCD_MONITOR_* variables.")
	c := &checkConfig{settings: addSettings(cmd)}
	cmd.GetFlag("config.file").IsSetByUser(&c.flagGiven)
	cmd.Flag("print", "Print every value and where it comes from. Secrets are not shown.").NoEnvar().BoolVar(&c.print)
	cmd.Arg("FILE", "The file; --config.file is the other way to say it.").StringVar(&c.file)
	return verb{cmd.FullCommand(), c.run}
}

func (c *checkConfig) run(_ context.Context, stdout, stderr io.Writer) error {
	if c.file != "" {
		if c.flagGiven && c.file != c.settings.file {
			return usageError{errors.New("FILE and --config.file say the same thing: give one of them")}
		}
		c.settings.file = c.file
	}
	f, warnings, err := c.settings.load()
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintf(stderr, "%s: warning: %s: %s\n", w.Origin, w.Key, w.Message)
	}
	if c.print {
		printValues(stdout, f.Values())
		return nil
	}
	name := c.settings.file
	if name == "" {
		name = "the configuration of flags and variables"
	}
	fmt.Fprintf(stdout, "SUCCESS: %s is valid (%s)\n", name, count(len(f.Clusters()), "cluster"))
	return nil
}

// printValues prints a line each, with the origin as a comment of YAML.
func printValues(w io.Writer, values []config.Value) {
	for _, v := range values {
		note := ""
		if v.Inert && v.Origin.Source != config.Default {
			note = ", not active in this version"
		}
		fmt.Fprintf(w, "%s: %s # %s%s\n", v.Key, v.Text, v.Origin, note)
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
