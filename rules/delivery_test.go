package rules_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/alerttest"
)

// daemons are the Alertmanagers that the configuration has to work on: the
// current one, strict about matchers too, and the oldest that alertmanager.yml
// names.
var daemons = []struct {
	name, tool string
	args       []string
}{
	{"0.34", "alertmanager", nil},
	{"0.34 strict", "alertmanager", []string{"--enable-feature=utf8-strict-mode"}},
	{"0.27", "alertmanager027", nil},
	{"0.27 strict", "alertmanager027", []string{"--enable-feature=utf8-strict-mode"}},
}

// everyDaemon runs do against each of them with durations divided by factor.
func everyDaemon(t *testing.T, factor int, do func(t *testing.T, am *alerttest.Alertmanager, sinks *alerttest.Sinks)) {
	t.Helper()
	for _, d := range daemons {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			sinks := alerttest.NewSinks(t)
			file := sinks.Local(t, ".", factor, "")
			do(t, alerttest.Run(t, alerttest.Tool(t, d.tool), file, d.args...), sinks)
		})
	}
}

// about makes an alert as our rules do.
func about(cluster, name, severity string, labels ...string) alerttest.Alert {
	l := map[string]string{"alertname": name, "cluster": cluster, "severity": severity}
	for i := 0; i+1 < len(labels); i += 2 {
		l[labels[i]] = labels[i+1]
	}
	for k, v := range l {
		if v == "" {
			delete(l, k)
		}
	}
	return alerttest.Alert{Labels: l, Annotations: map[string]string{
		"summary":       name + " of " + cluster,
		"description":   "What is wrong with " + cluster + ".",
		"runbook_url":   "https://runbooks.example.com/" + name + ".md",
		"dashboard_url": "https://grafana.example.com/d/etcd?var-cluster=" + cluster,
	}, GeneratorURL: "http://prometheus.example.com/graph?g0.expr=up"}
}

// Who hears of what. The daemon itself is asked which receivers it would tell.
func TestRoutes(t *testing.T) {
	t.Parallel()
	table := []struct {
		alert alerttest.Alert
		want  string
	}{
		{about("a", "EtcdQuorumLost", "critical"), "email pagerduty slack webhook"},
		{about("a", "EtcdServerQuorumLost", "critical"), "email pagerduty slack webhook"},
		{about("a", "EtcdMemberDown", "warning"), "email slack webhook"},
		{about("a", "EtcdVersionSkew", "info"), "email webhook"},
		{about("a", "EtcdDefragRunning", "none"), "nobody"},
		{about("a", "EtcdServerDefragRunning", "none"), "nobody"},
		{about("", "EtcdMonitorWatchdog", "none"), "watchdog"},
		{about("", "EtcdMonitorDown", "critical", "instance", "x:8080"), "email pagerduty slack webhook"},
		// Never nowhere: what is not ours, what has a severity of its own or none.
		{about("a", "EtcdNew", "page"), "slack"},
		{about("a", "EtcdNew", ""), "slack"},
		{about("", "NodeDown", "critical"), "email pagerduty slack webhook"},
		{about("a", "EtcdCase", "Critical"), "slack"},
		{about("a", "EtcdNew", "critical "), "slack"},
		{about(`a"b\c{}`, "EtcdQuorumLost", "critical"), "email pagerduty slack webhook"},
		{about("käse", "EtcdQuorumLost", "critical"), "email pagerduty slack webhook"},
	}
	everyDaemon(t, 1, func(t *testing.T, am *alerttest.Alertmanager, _ *alerttest.Sinks) {
		for _, c := range table {
			am.Post(c.alert)
		}
		got := map[string]string{}
		for _, a := range am.Alerts() {
			var names []string
			for _, r := range a.Receivers {
				names = append(names, r.Name)
			}
			slices.Sort(names)
			got[fmt.Sprint(a.Labels)] = strings.Join(names, " ")
		}
		for _, c := range table {
			if g := got[fmt.Sprint(c.alert.Labels)]; g != c.want {
				t.Errorf("%v goes to %q, want %q", c.alert.Labels, g, c.want)
			}
		}
	})
}

// amtool accepts it, in both modes.
func TestAmtoolAccepts(t *testing.T) {
	t.Parallel()
	amtool := alerttest.Tool(t, "amtool")
	for _, args := range [][]string{nil, {"--enable-feature=utf8-strict-mode"}, {"--enable-feature=classic-mode"}} {
		out, err := exec.CommandContext(t.Context(), amtool, append([]string{"check-config", "alertmanager.yml"}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("amtool check-config %v: %v\n%s", args, err, out)
		}
	}
}

// What fires is told on every channel of its severity, once; what is over is told
// there too, to PagerDuty with the key of the incident.
func TestDelivery(t *testing.T) {
	t.Parallel()
	everyDaemon(t, 300, func(t *testing.T, am *alerttest.Alertmanager, sinks *alerttest.Sinks) {
		began := time.Now().Add(-time.Minute)
		firing := []alerttest.Alert{
			about("red", "EtcdQuorumLost", "critical", "kind", "quorum_lost"),
			about("yellow", "EtcdMemberDown", "warning", "member", "m0"),
			about("yellow", "EtcdMemberDown", "warning", "member", "m1"),
			about("blue", "EtcdVersionSkew", "info"),
			about("blue", "EtcdDowngradeOpen", "info"),
			about("", "EtcdMonitorWatchdog", "none"),
			about("red", "EtcdDefragRunning", "none"),
			about("odd", "EtcdSomething", "odd"),
		}
		for i := range firing {
			firing[i].StartsAt = &began
		}
		am.Post(firing...)
		want := map[string][]string{ // alert and cluster: channels
			"EtcdQuorumLost red":    {"email", "pagerduty", "slack", "webhook"},
			"EtcdMemberDown yellow": {"email", "slack", "webhook", "webhook"}, // one of each member
			"EtcdVersionSkew blue":  {"webhook"},
			" blue":                 {"email"}, // one mail about both
			"EtcdDowngradeOpen blue": {
				"webhook",
			},
			"EtcdMonitorWatchdog ": {"watchdog"},
			"EtcdSomething odd":    {"slack"},
		}
		await := func(resolved bool, want map[string][]string) {
			t.Helper()
			for about, channels := range want {
				for _, channel := range channels {
					sinks.Await(t, time.Minute, fmt.Sprintf("%s by %s, resolved %v", about, channel, resolved), func(n alerttest.Note) bool {
						return n.Alert+" "+n.Cluster == about && n.Channel == channel && n.Resolved == resolved
					})
				}
			}
		}
		await(false, want)
		over := time.Now().Add(-time.Second)
		for i := range firing {
			firing[i].EndsAt = &over
		}
		am.Post(firing...)
		delete(want, "EtcdMonitorWatchdog ") // nobody is told that it stopped: that it is missed is the message
		await(true, want)

		keys := map[string]bool{}
		for _, n := range sinks.Notes() {
			about := n.Alert + " " + n.Cluster
			if !slices.Contains(want[about], n.Channel) && about != "EtcdMonitorWatchdog " {
				t.Errorf("%s was told of %s", n.Channel, about)
			}
			if n.Channel == "pagerduty" {
				keys[n.Key] = true
			}
		}
		if len(keys) != 1 {
			t.Errorf("PagerDuty knows one incident by the keys %v", keys)
		}
		if n := sinks.Find(func(n alerttest.Note) bool { return n.Channel == "slack" && n.Alert == "EtcdMemberDown" && !n.Resolved }); len(n) != 1 {
			t.Errorf("Slack was told %d times that two members are down, want one message", len(n))
		}
		if m := am.Metrics(); strings.Contains(m, "alertmanager_notifications_failed_total{") {
			for line := range strings.Lines(m) {
				if strings.HasPrefix(line, "alertmanager_notifications_failed_total{") && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
					t.Error(line)
				}
			}
		}
	})
}
