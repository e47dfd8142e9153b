package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/app"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

const defaultListen = ":8080"

// serveFlags are the flags of serve.
type serveFlags struct {
	settings   *settings
	poll       *flag[time.Duration]
	web        *web.FlagConfig
	collectors map[string]*switchFlag // those that are no key
	benchmark  *benchmarkFlags        // instead of serving, with --run-benchmark
}

// addServe adds the default verb.
func addServe(a *kingpin.Application) verb {
	cmd := a.Command("serve", "Watch clusters and serve what is seen (the default).").Default()
	f := &serveFlags{collectors: map[string]*switchFlag{}}
	f.settings = addSettings(cmd)
	f.poll = addFlag(cmd, "config.poll-interval", "0s", "How often to look whether the configuration file has changed, and load it then; 0s for only on SIGHUP and POST /-/reload.", orZero(duration(time.Second)))
	f.web = kingpinflag.AddFlags(cmd, defaultListen)
	f.benchmark = addRunBenchmark(cmd, f.settings)
	for _, c := range collector.Infos() {
		if name := "collector." + c.Name; cmd.GetFlag(name) == nil {
			f.collectors[c.Name] = boolFlag(cmd, name, "Collector: "+c.Help, c.Default)
		}
	}
	return verb{cmd.FullCommand(), f.run}
}

func (f *serveFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if f.benchmark.instead {
		return f.benchmark.run(ctx, "", stdout, stderr)
	}
	// Before anything that takes time: a signal that nobody catches ends us.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	s := &source{flags: f}
	c, warnings, err := s.read()
	if err != nil {
		return blame(err)
	}
	l := c.Logging()
	o := logging.Options{Writer: stderr, Level: l.Level, Format: l.Format, Var: &s.level}
	if l.Output == "stdout" {
		o.Writer = stdout
	}
	log, flush, err := logging.New(o)
	if err != nil {
		return err
	}
	defer func() { _ = flush() }()
	s.log, s.started = log, c
	options, err := f.options(c)
	if err != nil {
		return usageError{err}
	}
	options.Logger = log
	if f.settings.file != "" {
		options.Load = s.load
	}
	log.Info("starting etcd-monitor", "version", version.Version, "revision", version.GetRevision(), "go", version.GoVersion)
	s.tell(c, warnings)
	return f.serve(ctx, options, s, hangups)
}

// serve runs the app, and reloads it when it is asked to.
func (f *serveFlags) serve(ctx context.Context, o app.Options, s *source, hangups <-chan os.Signal) error {
	a, err := app.New(o)
	if err != nil {
		return err
	}
	for _, addr := range a.Addrs() {
		o.Logger.Info("listening", "address", addr.String())
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	defer func() {
		cancel()
		<-done
	}()
	go func() {
		defer close(done)
		s.watch(ctx, hangups, f.poll.value, a.Reload, a.ReloadAgain)
	}()
	if err := a.Run(ctx); err != nil {
		return err
	}
	o.Logger.Info("stopped")
	return nil
}

// options turns the configuration and the other flags into what the app is made
// of.
func (f *serveFlags) options(c *config.File) (app.Options, error) {
	addresses, err := f.listenAddresses(c)
	if err != nil {
		return app.Options{}, err
	}
	o := app.Options{
		Settings: f.appSettings(c), Collectors: map[string]bool{}, ExternalURL: c.ExternalURL(),
		Dashboards: c.Dashboards(),
		Web: app.WebOptions{
			ListenAddresses: addresses, ConfigFile: *f.web.WebConfigFile,
			SystemdSocket: f.web.WebSystemdSocket != nil && *f.web.WebSystemdSocket,
		},
	}
	alerts := c.Alerts().Console
	o.Alerts = app.Alerts{TokenFile: alerts.TokenFile, Log: alerts.Enabled, Keep: c.KeptAlerts()}
	if o.ExternalURL != nil {
		o.Prefix = strings.TrimRight(o.ExternalURL.Path, "/")
	}
	for name, on := range f.collectors {
		o.Collectors[name] = on.value
	}
	return o, nil
}

// appSettings are what of the configuration can change while the app runs.
func (f *serveFlags) appSettings(c *config.File) app.Settings {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	probe, kept := c.Probe(), c.History()
	s := app.Settings{
		Clusters: c.Clusters(), CollectorTimeout: c.CollectorTimeout(),
		History: app.History{Points: kept.Points, Changes: kept.Changes},
		Watch: app.Watch{
			HealthInterval: c.HealthInterval(), MetricsInterval: c.MetricsInterval(),
			Probe:  app.Probe{Enabled: probe.Enabled, Samples: probe.Samples, Write: probe.Write, Key: probe.KeyPrefix + "/" + host},
			Digest: f.collectors["digest"].value,
		},
	}
	if b := c.Benchmark(); b.Enabled {
		s.Benchmark = app.Benchmark{
			Interval: b.Interval, Config: benchmark.FromConfig(b), Gateway: benchmark.GatewayOf(b.Pushgateway),
		}
	}
	if f.collectors["hash"].value {
		s.Watch.HashInterval = c.HashInterval()
	}
	return s
}

// listenAddresses makes one of the two ways to say where to listen. The file may
// say it in one and the command line in the other.
func (f *serveFlags) listenAddresses(c *config.File) ([]string, error) {
	addresses := *f.web.WebListenAddresses
	own := len(addresses) != 1 || addresses[0] != defaultListen
	api, source := c.ListenAddress()
	switch {
	case own && source > config.InFile:
		return nil, errors.New("--web.listen-address and --api-host or --api-port say the same thing: give one of them")
	case own || source == config.Default:
		return addresses, nil
	}
	return []string{api}, nil
}

// tell logs what an operator should know of a configuration that counts now.
func (s *source) tell(c *config.File, warnings []config.Warning) {
	for _, w := range warnings {
		s.log.Warn("configuration", "at", w.Origin.String(), "key", w.Key, "warning", w.Message)
	}
	for _, cluster := range c.Clusters() {
		if cluster.TLS.InsecureSkipVerify {
			s.log.Warn("certificates of etcd are not verified", "cluster", cluster.Name)
		}
	}
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		for _, v := range c.Values() {
			if v.Origin.Source == config.Default {
				continue
			}
			s.log.Debug("setting", "key", v.Key, "value", v.Text, "origin", v.Origin.String())
		}
	}
}
