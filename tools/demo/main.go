// Command demo is the main behind make demo: the whole system on this machine.
// A cluster, the exporter, Prometheus with the shipped rules, Alertmanager whose
// alerts end on the exporter's console, a Pushgateway with the results of a
// benchmark, and a menu to break the cluster with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

func main() {
	etcdtest.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are where things are and listen.
type options struct {
	root                                              string // of the repository
	exporter, prometheus, alertmanager, pushgateway   string // programs
	exporterAddr, prometheusAddr, alertAddr, pushAddr string
	fast                                              bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("demo", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&o.root, "root", ".", "root of the repository")
	set.StringVar(&o.exporter, "exporter", "bin/etcd-monitor", "path of the exporter")
	set.StringVar(&o.prometheus, "prometheus", "", "path of prometheus")
	set.StringVar(&o.alertmanager, "alertmanager", "", "path of alertmanager")
	set.StringVar(&o.pushgateway, "pushgateway", "", "path of pushgateway")
	set.StringVar(&o.exporterAddr, "listen-address", "127.0.0.1:8080", "where the exporter listens")
	set.StringVar(&o.prometheusAddr, "prometheus-address", "127.0.0.1:9090", "where Prometheus listens")
	set.StringVar(&o.alertAddr, "alertmanager-address", "127.0.0.1:9093", "where Alertmanager listens")
	set.StringVar(&o.pushAddr, "pushgateway-address", "127.0.0.1:9091", "where Pushgateway listens")
	set.BoolVar(&o.fast, "fast", true, "let alerts wait for a twelfth of their time, 10 s at least")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	for name, addr := range map[string]string{
		"listen-address": o.exporterAddr, "prometheus-address": o.prometheusAddr,
		"alertmanager-address": o.alertAddr, "pushgateway-address": o.pushAddr,
	} {
		if _, _, err := local.SplitAddr(addr); err != nil {
			return o, fmt.Errorf("--%s: %w", name, err)
		}
	}
	return o, nil
}

// run is the whole program; the end of ctx, or of what is typed, ends it in good
// order.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "demo:", err)
		return 2
	}
	if err := demo(ctx, o, stdin, stdout); err != nil && ctx.Err() == nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

func demo(ctx context.Context, o options, stdin io.Reader, stdout io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "etcd-monitor-demo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Fprintln(stdout, "starting three etcd members ...")
	cluster, err := etcdtest.Start(ctx, etcdtest.Options{Members: 3, Proxied: true, Fsync: true, Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	if _, err := cluster.WaitLeader(ctx); err != nil {
		return err
	}
	s := &system{o: o, dir: dir, cluster: cluster, stdout: stdout}
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return err
	}
	return s.menu(ctx, stdin)
}

// shipped reads a file of the repository.
func (o options) shipped(path ...string) (string, error) {
	text, err := os.ReadFile(filepath.Join(append([]string{o.root}, path...)...))
	return string(text), err
}
