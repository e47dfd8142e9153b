package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

type options struct {
	exporter string
	ports    []int    // for clients, one per member; 0 is any free one
	listen   string   // of the exporter, host:port
	flags    []string // more flags for the exporter
}

// parse reads the command line. Its error is flag.ErrHelp when only help was
// wanted, which it has printed then.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("run", flag.ContinueOnError)
	set.SetOutput(io.Discard) // the caller prints the error
	set.StringVar(&o.exporter, "exporter", "bin/etcd-monitor", "path of the exporter")
	ports := set.String("client-ports", "2379,22379,32379", "ports of the members for clients, one per member; 0 is any free one")
	set.StringVar(&o.listen, "listen-address", ":8080", "where the exporter listens, as [host]:port; port 0 is any free one")
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: run [flags] [-- flags of etcd-monitor serve]")
		set.SetOutput(stderr)
		set.PrintDefaults()
		set.SetOutput(io.Discard)
	}
	if err := set.Parse(args); err != nil {
		return o, err
	}
	o.flags = set.Args()
	if len(o.flags) > 0 && !strings.HasPrefix(o.flags[0], "-") {
		return o, fmt.Errorf("unexpected argument %q: flags of the exporter follow --", o.flags[0])
	}
	if _, _, err := local.SplitAddr(o.listen); err != nil {
		return o, fmt.Errorf("--listen-address: %w", err)
	}
	for s := range strings.SplitSeq(*ports, ",") {
		port, err := local.ParsePort(strings.TrimSpace(s))
		if err != nil {
			return o, fmt.Errorf("--client-ports: %w", err)
		}
		o.ports = append(o.ports, port)
	}
	return o, nil
}
