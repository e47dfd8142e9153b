package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/etcd-monitor/etcd-monitor/collector"
	"github.com/etcd-monitor/etcd-monitor/internal/app"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

const defaultListen = ":8080"

// serveFlags are the flags of serve that are not about the cluster.
type serveFlags struct {
	cluster *clusterFlags

	web         *web.FlagConfig
	externalURL *flag[*url.URL]
	apiHost     *flag[string]
	apiPort     *flag[int64]

	health, metrics  *flag[time.Duration]
	collectors       map[string]*switchFlag
	collectorTimeout *flag[time.Duration]
	hashInterval     *flag[time.Duration]
	probeSamples     *flag[int64]
	probeWrite       *switchFlag
	probePrefix      *flag[string]

	logLevel, logFormat *flag[string]
}

// addServe adds the default verb.
func addServe(a *kingpin.Application) verb {
	cmd := a.Command("serve", "Watch clusters and serve what is seen (the default).").Default()
	f := &serveFlags{cluster: addClusterFlags(cmd), collectors: map[string]*switchFlag{}}
	f.web = kingpinflag.AddFlags(cmd, defaultListen)
	f.externalURL = addFlag(cmd, "web.external-url", "", "URL under which the exporter is reached from outside; its path becomes the prefix of all routes.", externalURL)
	f.apiHost = addFlag(cmd, "api-host", "0.0.0.0", "Host to listen on; --web.listen-address is the other way to say it.", text)
	f.apiPort = addFlag(cmd, "api-port", "8080", "Port to listen on; --web.listen-address is the other way to say it.", whole(1, 65535))
	f.health = addFlag(cmd, "health-check-interval", "30s", "How often to observe the cluster when nobody scrapes.", atMost(time.Hour, duration(time.Second)))
	f.metrics = addFlag(cmd, "metrics-interval", "10s", "Interval of history points, over which the latency probes are spread.", atMost(time.Hour, duration(time.Second)))
	for _, c := range collector.Infos() {
		f.collectors[c.Name] = boolFlag(cmd, "collector."+c.Name, "Collector: "+c.Help, c.Default)
	}
	f.collectorTimeout = addFlag(cmd, "collector.timeout", "0s", "Longest time that a scrape may take, whatever Prometheus allows; 0s for no limit of ours.", duration(0))
	f.hashInterval = addFlag(cmd, "collector.hash.interval", "5m", "How often the hash collector compares the members' data.", duration(10*time.Second))
	f.probeSamples = addFlag(cmd, "probe.samples", "10", "Latency samples of each kind per member and metrics interval.", whole(1, 100))
	f.probeWrite = boolFlag(cmd, "probe.write", "Also measure writes. This writes to etcd: one key, under a lease, as many times per metrics interval and cluster as --probe.samples says.", false)
	f.probePrefix = addFlag(cmd, "probe.key-prefix", "/etcd-monitor/probe", "Prefix of the key that --probe.write writes.", keyPrefix)
	f.logLevel = addFlag(cmd, "log.level", "info", "Least severe level that is logged: debug, info, warn, error.", oneOf("debug", "info", "warn", "error"))
	f.logFormat = addFlag(cmd, "log.format", "logfmt", "Format of the log: logfmt, json, console.", oneOf("logfmt", "json", "console"))
	return verb{cmd.FullCommand(), f.run}
}

func (f *serveFlags) run(ctx context.Context, _, stderr io.Writer) error {
	log, flush, err := logging.New(logging.Options{Writer: stderr, Level: f.logLevel.value, Format: f.logFormat.value})
	if err != nil {
		return err
	}
	defer func() { _ = flush() }()
	o, err := f.options()
	if err != nil {
		return usageError{err}
	}
	o.Logger = log
	log.Info("starting etcd-monitor", "version", version.Version, "revision", version.GetRevision(), "go", version.GoVersion)
	for _, c := range o.Clusters {
		if c.TLS.InsecureSkipVerify {
			log.Warn("certificates of etcd are not verified", "cluster", c.Name)
		}
	}
	a, err := app.New(o)
	if err != nil {
		return err
	}
	for _, addr := range a.Addrs() {
		log.Info("listening", "address", addr.String())
	}
	if err := a.Run(ctx); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// options turns the flags into what the app is made of.
func (f *serveFlags) options() (app.Options, error) {
	c, err := f.cluster.config()
	if err != nil {
		return app.Options{}, err
	}
	if err := f.listenAddress(); err != nil {
		return app.Options{}, err
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	o := app.Options{
		Settings: app.Settings{Clusters: []config.Cluster{c}, Watch: app.Watch{
			HealthInterval: f.health.value, MetricsInterval: f.metrics.value,
			Probe: app.Probe{
				Samples: int(f.probeSamples.value), Write: f.probeWrite.value,
				Key: f.probePrefix.value + "/" + host,
			},
		}},
		Collectors: map[string]bool{}, CollectorTimeout: f.collectorTimeout.value, ExternalURL: f.externalURL.value,
		Web: app.WebOptions{
			ListenAddresses: *f.web.WebListenAddresses, ConfigFile: *f.web.WebConfigFile,
			SystemdSocket: f.web.WebSystemdSocket != nil && *f.web.WebSystemdSocket,
		},
	}
	if u := f.externalURL.value; u != nil {
		o.Prefix = strings.TrimRight(u.Path, "/")
	}
	for name, on := range f.collectors {
		o.Collectors[name] = on.value
	}
	o.Watch.Probe.Enabled = o.Collectors["probes"]
	o.Watch.Digest = o.Collectors["digest"]
	if o.Collectors["hash"] {
		o.Watch.HashInterval = f.hashInterval.value
	}
	return o, nil
}

// listenAddress makes one of the two ways to say where to listen.
func (f *serveFlags) listenAddress() error {
	addresses := *f.web.WebListenAddresses
	own := len(addresses) != 1 || addresses[0] != defaultListen
	api := f.apiHost.set() || f.apiPort.set()
	if own && api {
		return fmt.Errorf("--web.listen-address and --api-host or --api-port say the same thing: give one of them")
	}
	if api {
		*f.web.WebListenAddresses = []string{net.JoinHostPort(f.apiHost.value, fmt.Sprint(f.apiPort.value))}
	}
	return nil
}

func externalURL(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("%q is not a URL like https://monitor.example.com/etcd", s)
	case u.User != nil:
		return nil, fmt.Errorf("user and password do not belong in it")
	}
	return u, nil
}

// keyPrefix refuses prefixes that are somebody else's.
func keyPrefix(s string) (string, error) {
	s = strings.TrimRight(s, "/")
	if s == "" || s == "/registry" || strings.HasPrefix(s, "/registry/") {
		return "", fmt.Errorf("%q is no place of ours: writing there could destroy data", s)
	}
	return s, nil
}
