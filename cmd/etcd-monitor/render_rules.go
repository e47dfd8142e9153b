package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/docs"
	"github.com/etcd-monitor/etcd-monitor/rules"
)

const whichRules = "exporter: rules that need only etcd-monitor; native: rules that need only etcd's own metrics."

// addDashboardURL adds the flag for the other kind of links.
func addDashboardURL(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("dashboard-base-url", "URL of Grafana, for the links to dashboards.").PlaceHolder("URL").NoEnvar().String()
}

func addRenderRules(render *kingpin.CmdClause, runbooks *string) verb {
	cmd := render.Command("rules", "Print a file of rules for Prometheus.")
	grafana := addDashboardURL(cmd)
	name := cmd.Arg("NAME", whichRules).Default(rules.Exporter).Enum(rules.Names...)
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		return printed(stdout)(rules.Rules(*name, rules.Links{Runbooks: *runbooks, Dashboards: *grafana}))
	}}
}

func addRenderPrometheusRule(render *kingpin.CmdClause, runbooks *string) verb {
	cmd := render.Command("prometheusrule", "Print the rules as an object for prometheus-operator.")
	grafana := addDashboardURL(cmd)
	m := rules.Manifest{Labels: map[string]string{}}
	cmd.Flag("name", "Name of the object.").NoEnvar().StringVar(&m.Name)
	cmd.Flag("namespace", "Namespace of the object.").NoEnvar().StringVar(&m.Namespace)
	cmd.Flag("label", "Label of the object, as in release=kube-prometheus; may be repeated. Prometheus selects rules by it.").PlaceHolder("KEY=VALUE").NoEnvar().StringMapVar(&m.Labels)
	name := cmd.Arg("NAME", whichRules).Default(rules.Exporter).Enum(rules.Names...)
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		return printed(stdout)(rules.PrometheusRule(*name, rules.Links{Runbooks: *runbooks, Dashboards: *grafana}, m))
	}}
}

func addRenderTemplates(render *kingpin.CmdClause) verb {
	cmd := render.Command("templates", "Print the templates of messages, which Alertmanager's configuration names.")
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		all, err := rules.Templates()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if err := printed(stdout)(all[name], nil); err != nil {
				return err
			}
		}
		return nil
	}}
}

func addRenderRunbook(render *kingpin.CmdClause) verb {
	cmd := render.Command("runbook", "Print the runbook of an alert; without a name, which there are.")
	name := cmd.Arg("ALERT", "Name of the alert, as in EtcdQuorumLost.").String()
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		if *name == "" {
			_, err := fmt.Fprintln(stdout, strings.Join(docs.Runbooks(), "\n"))
			return err
		}
		page, err := docs.Runbook(*name)
		if errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("there is no runbook %q: `render runbook` lists what there is", *name)}
		}
		return printed(stdout)(page, err)
	}}
}
