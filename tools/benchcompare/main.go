// Command benchcompare compares what a load costs whoever makes it: etcd's own
// benchmark, etcd-monitor's with its lean engine, and with grpc-go. All load the
// same members, in turn, several rounds, and what is printed are ratios: figures
// of a machine that others use mean little by themselves.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

type options struct {
	ours, theirs string // paths
	members      int
	rounds, ops  int
	dir          string
}

func main() {
	etcdtest.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.ours, "etcd-monitor", "bin/etcd-monitor", "path of etcd-monitor")
	flag.StringVar(&o.theirs, "etcd-benchmark", "", "path of etcd's benchmark")
	flag.IntVar(&o.members, "members", 1, "members of the cluster")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.IntVar(&o.ops, "ops", 50_000, "operations of each run")
	flag.StringVar(&o.dir, "dir", "", "where the members keep their data; best in memory")
	flag.Parse()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchcompare:", err)
		stop()
		os.Exit(1)
	}
}

// measured is a run of one program.
type measured struct {
	perOp float64 // CPU of the client, microseconds per operation
	rate  float64 // operations per second
}

// contender is a program under comparison.
type contender struct {
	name string
	run  func(ctx context.Context, o options, load string, endpoints []string) (measured, error)
}

// loads are the kinds of load that all contenders can make alike.
var loads = []string{"put", "linearizable read", "serializable read"}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.theirs == "" {
		return errors.New("--etcd-benchmark: the path of etcd's benchmark, as tools/build.sh etcd-benchmark prints it")
	}
	c, err := etcdtest.Start(ctx, etcdtest.Options{Members: o.members, Dir: o.dir, LogLevel: "error"})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := prepare(ctx, c); err != nil {
		return err
	}
	contenders := []contender{
		{"etcd benchmark", etcdBenchmark},
		{"etcd-monitor h2", func(ctx context.Context, o options, load string, at []string) (measured, error) {
			return etcdMonitor(ctx, o, "h2", load, at)
		}},
		{"etcd-monitor grpc", func(ctx context.Context, o options, load string, at []string) (measured, error) {
			return etcdMonitor(ctx, o, "grpc", load, at)
		}},
	}
	fmt.Fprintf(out, "%d members, 10 connections, 100 calls at a time, keys of 32 and values of 256 bytes, %d operations, %d rounds\n",
		o.members, o.ops, o.rounds)
	fmt.Fprintf(out, "load average before: %s\n", loadAverage())
	results := map[string][]measured{}
	for round := range o.rounds {
		for _, load := range loads {
			for i := range contenders { // each comes first in some round
				who := contenders[(i+round)%len(contenders)]
				m, err := who.run(ctx, o, load, c.Endpoints())
				if err != nil {
					return fmt.Errorf("%s, %s: %w", who.name, load, err)
				}
				key := load + "/" + who.name
				results[key] = append(results[key], m)
			}
		}
	}
	fmt.Fprintf(out, "load average after: %s\n\n", loadAverage())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "load\tclient\tCPU us/op\tratio\tops/s\tratio\t(medians; ratios are medians of those of each round)")
	for _, load := range loads {
		base := results[load+"/"+contenders[0].name]
		for _, who := range contenders {
			r := results[load+"/"+who.name]
			fmt.Fprintf(w, "%s\t%s\t%.1f\t%.2f\t%.0f\t%.2f\n", load, who.name,
				median(r, func(i int) float64 { return r[i].perOp }), median(r, func(i int) float64 { return r[i].perOp / base[i].perOp }),
				median(r, func(i int) float64 { return r[i].rate }), median(r, func(i int) float64 { return r[i].rate / base[i].rate }))
		}
	}
	return w.Flush()
}

// median of what of gives for each run.
func median(runs []measured, of func(i int) float64) float64 {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = of(i)
	}
	slices.SortFunc(values, cmp.Compare[float64])
	return values[len(values)/2]
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}
