// Command run is the main behind make run: it starts a small etcd cluster on
// this machine and the exporter that watches it, tells what to look at and what
// to break, and takes everything away when it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

// startLimit is what members and exporter may take. Both need two seconds.
const startLimit = time.Minute

func main() {
	etcdtest.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go withParent(stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// withParent calls stop when go run has ended, which dies of SIGTERM without
// passing it on. Another parent may end: then somebody wants us in the background.
func withParent(stop func()) {
	self, err := os.Executable()
	if err != nil || !strings.Contains(self, "go-build") {
		return
	}
	parent := os.Getppid()
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			stop()
			return
		}
	}
}

// run is the whole program; the end of ctx ends it in good order.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "run:", err)
		return 2
	}
	if err := serve(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "run:", err)
		return 1
	}
	return 0
}

// serve runs cluster and exporter until ctx ends, which is no error.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	if _, err := os.Stat(o.exporter); err != nil {
		return fmt.Errorf("no exporter (make build makes it): %w", err)
	}
	ports := make([]int, len(o.ports))
	for i, port := range o.ports {
		if ports[i], err = local.MemberPort(port, local.Free, stdout); err != nil {
			return err
		}
	}
	listen, err := local.Addr("the exporter", o.listen, local.Free, stdout)
	if err != nil {
		return err
	}

	fmt.Fprintf(stdout, "starting %d etcd members and %s ...\n", len(ports), o.exporter)
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cluster, err := etcdtest.Start(starting, etcdtest.Options{Members: len(ports), ClientPorts: ports, Fsync: true})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	leader, err := cluster.WaitLeader(starting)
	if err != nil {
		return interrupted(ctx, err)
	}
	// One endpoint is enough: the exporter finds the others.
	e, err := local.Start("the exporter", o.exporter, append([]string{
		"serve", "--endpoints=" + cluster.Member(0).Endpoint(), "--web.listen-address=" + listen,
	}, o.flags...), stderr)
	if err != nil {
		return err
	}
	defer e.Stop()
	if err := e.AwaitReady(starting, local.URL(listen)+"/-/ready"); err != nil {
		return interrupted(ctx, err)
	}

	guide(stdout, local.URL(listen), shown(cluster, leader))
	select {
	case <-ctx.Done():
		fmt.Fprintln(stdout, "stopping ...")
		return nil
	case <-e.Done():
		return e.Ended()
	}
}

// interrupted is err, unless it only comes from the end of ctx.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func shown(c *etcdtest.Cluster, leader int) []member {
	var all []member
	for i, m := range c.Members() {
		all = append(all, member{name: m.Name(), url: m.ClientURL(), pid: m.PID(), leads: i == leader})
	}
	return all
}
