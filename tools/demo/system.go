package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

const startLimit = time.Minute

// system is what runs beside the cluster.
type system struct {
	o       options
	dir     string
	cluster *etcdtest.Cluster
	stdout  io.Writer
	running []*local.Process
}

// stop ends the programs, the last one first.
func (s *system) stop() {
	for _, p := range slices.Backward(s.running) {
		p.Stop()
	}
}

// start runs everything, and a benchmark whose results are pushed.
func (s *system) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for name, addr := range map[string]*string{
		"the exporter": &s.o.exporterAddr, "Prometheus": &s.o.prometheusAddr,
		"Alertmanager": &s.o.alertAddr, "Pushgateway": &s.o.pushAddr,
	} {
		var err error
		if *addr, err = local.Addr(name, *addr, local.Free, s.stdout); err != nil {
			return err
		}
	}
	if err := s.configure(); err != nil {
		return err
	}
	endpoints := strings.Join(s.cluster.Endpoints(), ",")
	for _, p := range []struct {
		name, binary, ready string
		args                []string
	}{
		{"the exporter", s.o.exporter, local.URL(s.o.exporterAddr) + "/-/ready", []string{
			"serve", "--config.file=" + s.path("etcd-monitor.yaml"), "--cluster.name=demo", "--endpoints=" + endpoints, "--web.listen-address=" + s.o.exporterAddr,
		}},
		{"Pushgateway", s.o.pushgateway, local.URL(s.o.pushAddr) + "/-/ready", []string{
			"--web.listen-address=" + s.o.pushAddr, "--log.level=error",
		}},
		{"Alertmanager", s.o.alertmanager, local.URL(s.o.alertAddr) + "/-/ready", []string{
			"--config.file=" + s.path("alertmanager.yml"), "--storage.path=" + s.path("alertmanager"),
			"--web.listen-address=" + s.o.alertAddr, "--cluster.listen-address=", "--log.level=error",
		}},
		{"Prometheus", s.o.prometheus, local.URL(s.o.prometheusAddr) + "/-/ready", []string{
			"--config.file=" + s.path("prometheus.yml"), "--storage.tsdb.path=" + s.path("prometheus"),
			"--web.listen-address=" + s.o.prometheusAddr, "--log.level=error",
		}},
	} {
		fmt.Fprintf(s.stdout, "starting %s ...\n", p.name)
		process, err := local.Start(p.name, p.binary, p.args, s.stdout)
		if err != nil {
			return err
		}
		s.running = append(s.running, process)
		if err := process.AwaitReady(ctx, p.ready); err != nil {
			return err
		}
	}
	return s.benchmark(ctx, endpoints)
}

// benchmark runs once, so that there are results to look at.
func (s *system) benchmark(ctx context.Context, endpoints string) error {
	fmt.Fprintln(s.stdout, "running a benchmark of 2000 mixed operations ...")
	process, err := local.Start("the benchmark", s.o.exporter, []string{
		"benchmark", "mixed", "--cluster.name=demo", "--endpoints=" + endpoints, "--ops=2000", "--connections=2", "--clients=4",
		"--pushgateway.url=" + local.URL(s.o.pushAddr),
	}, s.stdout)
	if err != nil {
		return err
	}
	select {
	case <-process.Done():
		return nil
	case <-ctx.Done():
		process.Stop()
		return ctx.Err()
	}
}

func (s *system) path(name string) string { return filepath.Join(s.dir, name) }

// configure writes the files of the programs, from those that are shipped.
func (s *system) configure() error {
	files := map[string]string{
		"etcd-monitor.yaml": "alerts:\n  console:\n    enabled: true\n",
	}
	for name, at := range map[string][]string{
		"prometheus.yml":         {"deploy", "compose", "prometheus.yml"},
		"alertmanager.yml":       {"deploy", "compose", "alertmanager.yml"},
		"etcd-monitor.rules.yml": {"rules", "etcd-monitor.rules.yml"},
		"etcd-native.rules.yml":  {"rules", "etcd-native.rules.yml"},
	} {
		text, err := s.o.shipped(at...)
		if err != nil {
			return err
		}
		text = strings.NewReplacer(
			"http://127.0.0.1:8080", local.URL(s.o.exporterAddr),
			"etcd-monitor:8080", s.o.exporterAddr, "etcd-monitor:9093", s.o.alertAddr, "pushgateway:9091", s.o.pushAddr,
			"/etc/prometheus/rules/", "./",
			"interval: 15s", "interval: 5s", "scrape_timeout: 10s", "scrape_timeout: 5s", "refresh_interval: 30s", "refresh_interval: 5s",
			"group_interval: 5m", "group_interval: 10s", "group_wait: 10s", "group_wait: 1s",
		).Replace(text)
		if s.o.fast && strings.HasSuffix(name, ".rules.yml") {
			text = faster(text)
		}
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

var waiting = regexp.MustCompile(`(?m)^(\s+(?:for|keep_firing_for): )([0-9a-z]+)$`)

// faster lets alerts wait for a twelfth of their time, so that people need not.
func faster(rules string) string {
	return waiting.ReplaceAllStringFunc(rules, func(line string) string {
		m := waiting.FindStringSubmatch(line)
		d, err := model.ParseDuration(m[2])
		if err != nil {
			return line
		}
		return m[1] + model.Duration(max(time.Duration(d)/12, 10*time.Second).Round(time.Second)).String()
	})
}
