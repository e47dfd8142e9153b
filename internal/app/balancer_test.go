package app

import (
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// members are the values of the label member, empty ones aside.
func (s sample) members() map[string]bool {
	all := map[string]bool{}
	for series := range s {
		_, label, ok := strings.Cut(series, "{")
		for pair := range strings.SplitSeq(strings.TrimSuffix(label, "}"), ",") {
			if name, found := strings.CutPrefix(pair, "member="); ok && found && name != "" {
				all[name] = true
			}
		}
	}
	return all
}

// TestLoadBalancerMakesNoSeries: whoever is behind it today, the series are those
// of the members.
func TestLoadBalancerMakesNoSeries(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	gateway, err := e.Gateway(t.Context())
	etcdtest.OK(t, err)
	proxy, err := e.GRPCProxy(t.Context())
	etcdtest.OK(t, err)
	all := func(o *Options) {
		o.Watch.Probe.Enabled, o.Watch.Digest, o.Watch.MetricsInterval = true, true, time.Second
	}
	behindGateway, behindProxy := start(t, []string{"http://" + gateway}, all), start(t, []string{"http://" + proxy}, all)

	for i := range 3 { // whoever answered at the gateway is gone once
		etcdtest.OK(t, e.Member(i).Kill())
		etcdtest.Eventually(t, 20*time.Second, "two of three", func() bool {
			return behindGateway.scrape("10")["etcd_monitor_cluster_voters_confirmed"] == 2
		})
		s := behindGateway.scrape("10")
		s.want(t, "one killed behind the gateway", map[string]any{
			"cluster_has_quorum": 1, "cluster_voters": 3, "cluster_voters_up": 2, "cluster_failure_tolerance": 0,
			"cluster_split_brain{reason=leaders}": 0, "member_up{member=" + e.Member(i).Name() + "}": 0,
		})
		if m := s.members(); len(m) != 3 || !m["m0"] || !m["m1"] || !m["m2"] {
			t.Errorf("members behind the gateway are %v", m)
		}
		s = behindProxy.scrape("10")
		s.want(t, "one killed behind the proxy", map[string]any{
			"cluster_up": 1, "cluster_voters": nil, "cluster_failure_tolerance": nil, "cluster_split_brain{reason=leaders}": 0,
		})
		if m := s.members(); len(m) != 0 {
			t.Errorf("members behind the proxy are %v", m)
		}
		etcdtest.OK(t, e.Member(i).Restart(t.Context()))
		etcdtest.Eventually(t, 20*time.Second, "three of three", func() bool {
			return behindGateway.scrape("10")["etcd_monitor_cluster_voters_confirmed"] == 3 &&
				behindProxy.scrape("10")["etcd_monitor_cluster_has_quorum"] == 1
		})
	}
	etcdtest.Eventually(t, 20*time.Second, "a digest and latencies of each member", func() bool {
		s := behindGateway.scrape("10")
		for _, m := range []string{"m0", "m1", "m2"} {
			_, probed := s["etcd_monitor_probe_latency_seconds{member="+m+",op=read_serializable}"]
			if s["etcd_monitor_member_proposals_committed{member="+m+"}"] == 0 || !probed {
				return false
			}
		}
		return true
	})
}
