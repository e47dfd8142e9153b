package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// member is what is shown of one.
type member struct {
	name, url string
	pid       int
	leads     bool
}

// guide tells what runs, what to look at and what to break.
func guide(w io.Writer, base string, members []member) {
	fmt.Fprintf(w, `
etcd-monitor watches a local etcd cluster.

  status page  %[1]s/
  metrics      %[1]s/metrics

  curl -s %[1]s/metrics | grep ^etcd_monitor_cluster

`, base)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "  MEMBER\tCLIENTS\tPID\tLEADER\tKNOWN FROM")
	for i, m := range members {
		leads, from := "", "member list"
		if m.leads {
			leads = "yes"
		}
		if i == 0 {
			from = "--endpoints"
		}
		fmt.Fprintf(tab, "  %s\t%s\t%d\t%s\t%s\n", m.name, m.url, m.pid, leads, from)
	}
	_ = tab.Flush()

	fmt.Fprintln(w, "\nBreak something and look again:")
	fmt.Fprintln(w)
	tab = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	last := members[len(members)-1]
	fmt.Fprintf(tab, "  kill -STOP %d\t%s hangs\n", last.pid, last.name)
	fmt.Fprintf(tab, "  kill -CONT %d\tand goes on\n", last.pid)
	for _, m := range members {
		if m.leads {
			fmt.Fprintf(tab, "  kill -STOP %d\tthe leader hangs: another one is elected\n", m.pid)
		}
	}
	if len(members) > 1 {
		fmt.Fprintf(tab, "  kill -KILL %d\t%s is gone for good\n", members[1].pid, members[1].name)
	}
	_ = tab.Flush()
	fmt.Fprintln(w, "\nCtrl-C stops everything and leaves nothing behind.")
}
