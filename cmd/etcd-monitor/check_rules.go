package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/rules"
)

// addCheckRules adds the verb that checks files of rules.
func addCheckRules(check *kingpin.CmdClause) verb {
	cmd := check.Command("rules", "Check files of rules, or PrometheusRules: metrics of ours that do not exist, severities that no route knows, runbooks, templates. Expressions are for promtool check rules.")
	files := cmd.Arg("FILE", "The files.").Required().Strings()
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		return checkFiles(stdout, *files, func(file string) error { return rules.CheckRules(file, isMetric) })
	}}
}

// addCheckAlertmanager adds the verb that checks configurations of Alertmanager.
func addCheckAlertmanager(check *kingpin.CmdClause) verb {
	cmd := check.Command("alertmanager", "Check configurations of Alertmanager, where it runs: what it refuses, and what it finds out with the first alert only: secrets that are not there, templates that fail.")
	files := cmd.Arg("FILE", "The files.").Required().Strings()
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		return checkFiles(stdout, *files, rules.CheckAlertmanager)
	}}
}

// checkFiles checks one file after the other; the first that is wrong does not
// keep the others from being looked at.
func checkFiles(stdout io.Writer, files []string, check func(file string) error) error {
	var failed []error
	for _, file := range files {
		if err := check(file); err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintf(stdout, "SUCCESS: %s\n", file)
	}
	return errors.Join(failed...)
}

// isMetric reports whether there is a metric of that name.
func isMetric(name string) bool {
	return slices.Contains(collector.Names(), name) || strings.HasPrefix(name, "etcd_monitor_benchmark_")
}
