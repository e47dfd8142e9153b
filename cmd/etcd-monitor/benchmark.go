package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/benchmark/h2"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/discover"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// Exit codes of a benchmark, beside those of every verb.
const (
	exitMissed      = 3   // a target that was asked for, or a regression
	exitErrors      = 4   // more operations failed than may
	exitNotPushed   = 5   // measured and stored, but not pushed, where that was required
	exitInterrupted = 130 // by Ctrl-C
	exitTerminated  = 143 // by SIGTERM
)

// benchmarkFlags are the flags of the verb.
type benchmarkFlags struct {
	settings  *settings
	overrides []*override
	cluster   string
	engine    string
	format    string
	output    string
	quiet     bool
	push      pushFlags
	find      findFlags
	instead   bool // of serving
}

// addRunBenchmark adds to serve the other way to run a benchmark: as configured,
// with --benchmark-type and --benchmark-ops as everywhere.
func addRunBenchmark(cmd *kingpin.CmdClause, s *settings) *benchmarkFlags {
	f := &benchmarkFlags{settings: s, engine: "auto", format: "text"}
	cmd.Flag("run-benchmark", "Do not serve: run the benchmark that is configured, as the verb benchmark does.").NoEnvar().BoolVar(&f.instead)
	return f
}

// addBenchmark adds the verb: a command for each type of load, and one that
// compares results.
func addBenchmark(app *kingpin.Application) []verb {
	cmd := app.Command("benchmark", "Load etcd and report honest latencies. This writes to etcd, below a prefix of its own, and cleans up.")
	f := &benchmarkFlags{settings: addSettings(cmd, "etcd", "benchmark"), overrides: addOverrides(cmd)}
	cmd.Flag("cluster", "Name of the cluster, if the configuration has several.").NoEnvar().StringVar(&f.cluster)
	setFlag(cmd, &f.engine, "engine", "auto", "What carries the calls: auto is h2, the lean one, if it agrees with grpc in a short trial.",
		oneOf("auto", "h2", "grpc")).NoEnvar()
	setFlag(cmd, &f.format, "format", "text", "Form of the report on standard output: text, json.", oneOf("text", "json")).NoEnvar()
	cmd.Flag("output", "File to store the report in, as JSON, before it is pushed.").NoEnvar().StringVar(&f.output)
	cmd.Flag("quiet", "No progress on the terminal.").NoEnvar().BoolVar(&f.quiet)
	f.push.add(cmd)
	f.find.add(cmd)
	var verbs []verb
	for _, t := range []struct{ name, help string }{
		{benchmark.Write, "Write keys, in sequence or at random."},
		{benchmark.Read, "Read keys that were written before the clock started."},
		{benchmark.Mixed, "Read and write."},
		{benchmark.Ranges, "Read ranges of keys."},
		{benchmark.Delete, "Delete keys, each once."},
		{benchmark.Txns, "Transactions: one comparison and several writes."},
		{benchmark.CAS, "Read a key and write it if nobody else has, until that succeeds."},
		{benchmark.Lease, "Grant and revoke leases."},
		{benchmark.Watch, "How long it takes until watchers see a write."},
	} {
		sub := cmd.Command(t.name, t.help)
		verbs = append(verbs, verb{sub.FullCommand(), func(ctx context.Context, stdout, stderr io.Writer) error {
			return f.run(ctx, t.name, stdout, stderr)
		}})
	}
	sub := cmd.Command("run", "The type of load that the configuration names.").Default()
	verbs = append(verbs, verb{sub.FullCommand(), func(ctx context.Context, stdout, stderr io.Writer) error {
		return f.run(ctx, "", stdout, stderr)
	}})
	return append(verbs, addCompare(cmd))
}

// config is what the flags and the configuration ask for.
func (f *benchmarkFlags) config(kind string) (benchmark.Config, config.Benchmark, error) {
	var c benchmark.Config
	file, _, err := f.settings.load()
	if err != nil {
		return c, config.Benchmark{}, blame(err)
	}
	b := file.Benchmark()
	c = benchmark.FromConfig(b)
	if kind != "" {
		c.Type = kind
	}
	if c.Cluster, err = pick(file.Clusters(), f.cluster); err != nil {
		return c, b, usageError{err}
	}
	if err := applyOverrides(f.overrides, &c); err != nil {
		return c, b, usageError{err}
	}
	if err := c.Validate(); err != nil {
		return c, b, usageError{err}
	}
	return c, b, nil
}

// pick is the cluster of that name, or the only one.
func pick(clusters []config.Cluster, name string) (config.Cluster, error) {
	var names []string
	for _, c := range clusters {
		if c.Name == name || name == "" && len(clusters) == 1 {
			return c, nil
		}
		names = append(names, c.Name)
	}
	if name == "" {
		return config.Cluster{}, fmt.Errorf("--cluster: the configuration has several, give one of %s", strings.Join(names, ", "))
	}
	return config.Cluster{}, fmt.Errorf("--cluster: there is no %q, only %s", name, strings.Join(names, ", "))
}

func (f *benchmarkFlags) run(ctx context.Context, kind string, stdout, stderr io.Writer) error {
	c, b, err := f.config(kind)
	if err != nil {
		return err
	}
	gateway := f.push.gateway(b.Pushgateway)
	if err := f.push.check(gateway); err != nil {
		return usageError{err}
	}
	if f.push.delete {
		return gateway.Delete(ctx, c.Cluster.Name, c.Type)
	}
	if err := f.checkOutput(); err != nil {
		return err
	}
	if c.Cluster.Endpoints, err = discover.Find(ctx, c.Cluster); err != nil {
		return fmt.Errorf("cluster %s: %w", c.Cluster.Name, err)
	}
	log, flush, err := logging.New(logging.Options{Writer: stderr, Level: "warn", Format: "logfmt"})
	if err != nil {
		return err
	}
	defer func() { _ = flush() }()
	c.Logger, c.Zap = log, logging.Zap(log)
	bar := newProgress(stderr, f.quiet)
	c.Progress = bar.show
	report, err := f.measure(ctx, c)
	bar.clear()
	report.Cluster, report.Type = c.Cluster.Name, c.Type // when nothing was measured, too
	return f.finish(ctx, report, gateway, err, stdout, stderr)
}

// measure runs the benchmark, or the search.
func (f *benchmarkFlags) measure(ctx context.Context, c benchmark.Config) (benchmark.Report, error) {
	if err := f.choose(ctx, &c); err != nil {
		return benchmark.Report{}, err
	}
	if f.find.on {
		return benchmark.FindRate(ctx, c, f.find.search())
	}
	return benchmark.Run(ctx, c)
}

// choose sets the engine.
func (f *benchmarkFlags) choose(ctx context.Context, c *benchmark.Config) (err error) {
	switch f.engine {
	case "grpc":
		c.Engine = benchmark.GRPC()
	case "h2":
		c.Engine = h2.Engine{}
	default:
		c.Engine, c.EngineNote, err = benchmark.Choose(ctx, *c, h2.Engine{})
	}
	return err
}

// finish prints, stores and pushes what was measured, in this order and whatever
// becomes of the others, and turns it into an exit code. failure is why the run
// did not come to its end.
func (f *benchmarkFlags) finish(ctx context.Context, r benchmark.Report, g benchmark.Gateway, failure error, stdout, stderr io.Writer) error {
	measured := r.Schema != ""
	var lost, pushed error
	if measured {
		lost = errors.Join(f.print(r, stdout), f.store(r))
	}
	if g.URL != "" {
		pushed = g.Push(context.WithoutCancel(ctx), r, failure == nil && measured)
		if pushed != nil {
			fmt.Fprintf(stderr, "etcd-monitor: warning: %v\n", pushed)
		}
	}
	return errors.Join(f.judge(ctx, r, failure, pushed), lost)
}

// judge turns what was measured, and whether it was pushed, into an exit code.
func (f *benchmarkFlags) judge(ctx context.Context, r benchmark.Report, failure, pushed error) error {
	switch {
	case failure != nil:
		return interrupted(ctx, failure)
	case r.TooManyErrors():
		return exitError{exitErrors, fmt.Errorf("%.3g %% of the operations failed, %.3g %% may (--max-error-rate)",
			100*r.Operations.ErrorRate(), 100*r.MaxErrors)}
	case r.Missed():
		return exitError{exitMissed, errors.New("a target was missed")}
	case pushed != nil && f.push.required:
		return exitError{exitNotPushed, errors.New("the results were measured but not pushed")}
	}
	return nil
}

// interrupted gives the error of a run that a signal ended the customary code.
func interrupted(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err == nil || cause == nil:
		return err
	case strings.Contains(cause.Error(), "terminated"):
		return exitError{exitTerminated, err}
	}
	return exitError{exitInterrupted, err}
}

func (f *benchmarkFlags) print(r benchmark.Report, stdout io.Writer) error {
	write := r.WriteText
	if f.format == "json" {
		write = r.WriteJSON
	}
	if err := write(stdout); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
