package main

import (
	"io"

	"github.com/alecthomas/kingpin/v2"
)

// addRender adds the verbs that print what is shipped.
func addRender(app *kingpin.Application) []verb {
	cmd := app.Command("render", "Print what is shipped for others, as it is in this binary.")
	runbooks := cmd.Flag("runbook-base-url", "Where links to runbooks lead, for sites that cannot reach ours.").
		NoEnvar().PlaceHolder("URL").String()
	return []verb{
		addRenderRules(cmd, runbooks), addRenderPrometheusRule(cmd, runbooks), addRenderDashboards(cmd, runbooks),
		addRenderAlertmanager(cmd), addRenderTemplates(cmd), addRenderRunbook(cmd),
	}
}

// printed prints what there is to print, unless there is an error.
func printed(stdout io.Writer) func(text []byte, err error) error {
	return func(text []byte, err error) error {
		if err != nil {
			return err
		}
		_, err = stdout.Write(text)
		return err
	}
}
