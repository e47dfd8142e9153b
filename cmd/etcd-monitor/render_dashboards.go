package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
)

func addRenderDashboards(render *kingpin.CmdClause, runbooks *string) verb {
	cmd := render.Command("dashboards", "Print one dashboard for Grafana, or write all of them to a directory.")
	out := cmd.Flag("out", "Directory to write NAME.json to, which is made if need be.").NoEnvar().PlaceHolder("DIR").String()
	name := cmd.Arg("NAME", "The one to print.").String()
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		all, err := dashboards.All()
		if err != nil {
			return err
		}
		switch {
		case *out != "" && *name != "":
			return usageError{errors.New("NAME prints one dashboard, --out writes all: give one of them")}
		case *out != "":
			return writeDashboards(stdout, all, *out, *runbooks)
		}
		text, err := dashboards.JSON(*name, *runbooks)
		if errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("no dashboard %q: give one of %s, or --out DIR for all", *name, names(all))}
		}
		if err != nil {
			return err
		}
		_, err = stdout.Write(text)
		return err
	}}
}

func names(all []dashboards.Dashboard) string {
	var list []string
	for _, d := range all {
		list = append(list, d.Name)
	}
	return strings.Join(list, ", ")
}

// writeDashboards writes all to a directory, and says to which files.
func writeDashboards(stdout io.Writer, all []dashboards.Dashboard, dir, runbooks string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range all {
		text, err := dashboards.JSON(d.Name, runbooks)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, d.Name+".json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, file); err != nil {
			return err
		}
	}
	return nil
}
