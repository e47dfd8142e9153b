package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// pace is how fast an alerting runs. What is shipped counts minutes and hours;
// divided by a factor, a test takes minutes. Nothing but durations changes.
type pace struct {
	factor int
	scrape time.Duration // interval of scrapes, and of evaluations
}

var (
	// quick divides by ten. Scrapes stay long enough to tell a lost quorum from an
	// election, which takes two seconds whatever the rules say.
	quick = pace{factor: 10, scrape: 2500 * time.Millisecond}
	// real is what is shipped, with scrapes and evaluations every 5 s.
	real = pace{factor: 1, scrape: 5 * time.Second}
)

// alerting is everything between etcd and somebody's pocket: the exporter, a real
// Prometheus with the shipped rules, a real Alertmanager with the shipped
// configuration, and what it sends to.
type alerting struct {
	t          *testing.T
	pace       pace
	clusters   map[string]*etcdtest.Cluster
	app        *App
	stop       func() // the exporter
	log        *syncBuffer
	prometheus *prometheus
	am         *alerttest.Alertmanager
	sinks      *alerttest.Sinks
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// startAlerting starts it all on clusters that are well, and waits until
// Prometheus has seen them and the dead-man's switch has arrived.
func startAlerting(t *testing.T, p pace, clusters map[string]*etcdtest.Cluster) *alerting {
	t.Helper()
	a := &alerting{t: t, pace: p, clusters: clusters, log: &syncBuffer{}, sinks: alerttest.NewSinks(t)}
	a.startExporter()
	address := a.app.Addrs()[0].String()
	const shipped = "../../rules"
	a.am = alerttest.Run(t, alerttest.Tool(t, "alertmanager"),
		a.sinks.Local(t, shipped, p.factor, "http://"+address+"/api/v1/alerts/webhook"))
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"etcd-monitor.rules.yml", "etcd-native.rules.yml"} {
		files = append(files, alerttest.Rules(t, filepath.Join(shipped, name), dir, p.factor))
	}
	interval := fmt.Sprintf("%dms", p.scrape.Milliseconds())
	// members.yml: etcd's own metrics through the exporter, for the native rules.
	text := adapt(t, "members.yml", address, interval)
	text = regexp.MustCompile(`rule_files: .*`).ReplaceAllString(text, "rule_files: ["+strings.Join(files, ", ")+"]")
	a.prometheus = servePrometheus(t, strings.NewReplacer("evaluation_interval: 10s", "evaluation_interval: "+interval,
		"alertmanager:9093", strings.TrimPrefix(a.am.URL, "http://")).Replace(text))
	members, quorum := map[string]string{}, map[string]string{}
	for name, c := range clusters {
		quorum[name] = "1"
		for _, m := range c.Members() {
			members[name+"/"+m.Name()] = "1"
		}
	}
	a.prometheus.await("etcd_monitor_cluster_has_quorum", quorum, "cluster")
	a.prometheus.await(`up{via="proxy"}`, members, "instance")
	a.sinks.Await(t, time.Minute, "the dead-man's switch", func(n alerttest.Note) bool { return n.Channel == "watchdog" })
	return a
}

func (a *alerting) startExporter() {
	a.t.Helper()
	o := Options{
		Settings: Settings{Watch: Watch{
			HealthInterval: max(30*time.Second/time.Duration(a.pace.factor), time.Second), Digest: true,
			MetricsInterval: max(10*time.Second/time.Duration(a.pace.factor), time.Second),
			Probe:           Probe{Enabled: true, Samples: max(10/a.pace.factor, 2)},
		}},
		Alerts: Alerts{TokenFile: filepath.Join(a.sinks.Secrets, "webhook_token"), Log: true},
		Web:    WebOptions{ListenAddresses: []string{"127.0.0.1:0"}},
		Logger: slog.New(slog.NewTextHandler(a.log, nil)),
	}
	for name, c := range a.clusters {
		o.Clusters = append(o.Clusters, clusterAt(name, c.Endpoints()))
	}
	if a.pace.factor > 1 { // a read is given up within a scrape
		o.LinearizableTimeout = 2 * time.Second
	}
	slices.SortFunc(o.Clusters, func(x, y config.Cluster) int { return strings.Compare(x.Name, y.Name) })
	app, err := New(o)
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.t.Context()))
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	a.app = app
	a.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			a.t.Errorf("Run: %v", err)
		}
	})
	a.t.Cleanup(a.stop)
}

// scaled divides what is promised for the shipped rules; at least 20 s are given.
func (a *alerting) scaled(d time.Duration) time.Duration {
	return max(d/time.Duration(a.pace.factor), 20*time.Second)
}

// heard waits until every channel was told of an alert, and returns when the last
// one was.
func (a *alerting) heard(limit time.Duration, alert, cluster string, resolved bool, channels ...string) time.Time {
	a.t.Helper()
	var last time.Time
	for _, channel := range channels {
		if channel == "console" {
			a.logged(limit, alert, cluster, resolved)
			continue
		}
		n := a.sinks.Await(a.t, limit, fmt.Sprintf("%s of %s by %s, resolved: %v", alert, cluster, channel, resolved), func(n alerttest.Note) bool {
			return n.Channel == channel && n.Alert == alert && n.Cluster == cluster && n.Resolved == resolved
		})
		if n.At.After(last) {
			last = n.At
		}
	}
	return last
}

// logged waits until our own receiver has an alert, in memory and in the log.
func (a *alerting) logged(limit time.Duration, alert, cluster string, resolved bool) {
	a.t.Helper()
	etcdtest.Eventually(a.t, limit, fmt.Sprintf("%s of %s in our history, resolved: %v", alert, cluster, resolved), func() bool {
		for _, c := range a.app.alerts.Changes() {
			if c.Labels["alertname"] == alert && c.Labels["cluster"] == cluster && c.Firing != resolved {
				return true
			}
		}
		return false
	})
	word := map[bool]string{false: "firing", true: "resolved"}[resolved]
	line := regexp.MustCompile(`msg="alert ` + word + `" alertname=` + alert + ` cluster=` + cluster + ` `)
	if !line.MatchString(a.log.String()) {
		a.t.Errorf("no line %q in the log", line)
	}
}

// slow are the alerts about how long things take. A machine that runs tests has
// not promised any speed: where it is not about that, they are let through.
func (a *alerting) slow() []string {
	a.t.Helper()
	var names []string
	for _, file := range []string{"etcd-monitor.rules.yml", "etcd-native.rules.yml"} {
		text, err := os.ReadFile(filepath.Join("../../rules", file))
		etcdtest.OK(a.t, err)
		for _, m := range regexp.MustCompile(`(?s)- alert: (\w+)\n.*?type: (\w+)`).FindAllStringSubmatch(string(text), -1) {
			if m[2] == "high_latency" || m[1] == "EtcdMonitorScrapeSlow" {
				names = append(names, m[1])
			}
		}
	}
	if len(names) < 10 {
		a.t.Fatalf("only %v are about latency", names)
	}
	return names
}

// nothingElse fails the test for every message about something else than the
// alerts of expected, "name cluster", and of let.
func (a *alerting) nothingElse(when string, let []string, expected ...string) {
	a.t.Helper()
	seen := map[string]bool{}
	for _, n := range a.sinks.Notes() {
		what := n.Alert + " " + n.Cluster
		if n.Channel == "watchdog" || slices.Contains(expected, what) || slices.Contains(let, n.Alert) || seen[what+n.Channel] {
			continue
		}
		seen[what+n.Channel] = true
		a.t.Errorf("%s: %s was told of %s: %.600s", when, n.Channel, what, n.Text)
	}
	for _, c := range a.app.alerts.Changes() {
		what := c.Labels["alertname"] + " " + c.Labels["cluster"]
		if !slices.Contains(expected, what) && !slices.Contains(let, c.Labels["alertname"]) && !seen[what] {
			seen[what] = true
			a.t.Errorf("%s: the console was told of %s: %s", when, what, c.Annotations["description"])
		}
	}
}

// muted waits until Alertmanager holds back an alert that it has.
func (a *alerting) muted(alert, cluster string) {
	a.t.Helper()
	etcdtest.Eventually(a.t, a.scaled(5*time.Minute), alert+" of "+cluster+" to be held back", func() bool {
		for _, s := range a.am.Alerts() {
			if s.Labels["alertname"] == alert && s.Labels["cluster"] == cluster && len(s.Status.InhibitedBy) > 0 {
				return true
			}
		}
		return false
	})
}

// clear removes what fills a cluster, and then its alarms, as the runbook says.
// Clients write again then: etcd's own metrics tell only by that that the alarm
// is gone.
func (a *alerting) clear(c *etcdtest.Cluster) {
	a.t.Helper()
	cl := c.Client(a.t)
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	resp, err := cl.Delete(ctx, "etcdtest/", clientv3.WithPrefix())
	etcdtest.OK(a.t, err)
	_, err = cl.Compact(ctx, resp.Header.Revision, clientv3.WithCompactPhysical())
	etcdtest.OK(a.t, err)
	for _, e := range c.Endpoints() {
		_, err = cl.Defragment(ctx, e)
		etcdtest.OK(a.t, err)
	}
	etcdtest.OK(a.t, c.DisarmNoSpace(ctx))
	etcdtest.OK(a.t, c.Put(ctx, 3, 100))
}
