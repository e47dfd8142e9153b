package app

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// get asks for a path and returns status and body.
func (s *scraped) get(path string, header ...string) (int, string, http.Header) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// TestManyClusters: one exposition for all, one for each, and one dead cluster
// that costs the others nothing.
func TestManyClusters(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, nil, func(o *Options) {
		o.Clusters = []config.Cluster{
			clusterAt("live", e.Endpoints()), clusterAt("dead", []string{"http://127.0.0.1:1"}),
		}
		o.Watch.Digest, o.Watch.Probe.Enabled = true, true
	})
	etcdtest.Eventually(t, 20e9, "readiness", func() bool { code, _, _ := s.get("/-/ready"); return code == 200 })
	_, all, _ := s.get("/metrics")
	for _, line := range []string{
		`etcd_monitor_cluster_has_quorum{cluster="live"} 1`,
		`etcd_monitor_cluster_up{cluster="dead"} 0`,
		`etcd_monitor_cluster_quorum_unknown{cluster="dead",reason="no_answer"} 1`,
		`etcd_monitor_threshold{cluster="dead",name="watchers"}`,
		"go_goroutines",
	} {
		if !strings.Contains(all, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	_, live, _ := s.get("/probe?target=live")
	if !strings.Contains(live, `has_quorum{cluster="live"} 1`) || strings.Contains(live, `cluster="dead"`) || strings.Contains(live, "go_goroutines") {
		t.Errorf("/probe?target=live shows the wrong things")
	}
	for _, c := range []struct {
		path, says string
		code       int
	}{
		{"/probe", "parameter target is missing", 400},
		{"/probe?target=live&target=live", "parameter target is given 2 times", 400},
		{"/probe?target=live&cluster=live", "say the same thing", 400},
		{"/probe?cluster=dead", `cluster_up{cluster="dead"} 0`, 200},
		{"/probe?target=169.254.169.254:80", "no such cluster is configured; there are: dead, live", 404},
		{"/probe?target=%5B::ffff:169.254.169.254%5D", "there are: dead, live", 404},
		{"/proxy", "parameter cluster is missing\nparameter member is missing", 400},
		{"/proxy?cluster=live&member=xyz", "no member ID", 400},
		{"/proxy?cluster=none&member=1", "there are: dead, live", 404},
		{"/proxy?cluster=live&member=1", "no such member", 404},
		{"/-/reload", "", 405},
		{"/nope", "", 404},
	} {
		code, body, _ := s.get(c.path)
		if code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("GET %s: %d %.200q, want %d %q", c.path, code, body, c.code, c.says)
		}
	}
}

// TestMembersThroughOneDoor: service discovery leads to every member's own
// metrics, through us.
func TestMembersThroughOneDoor(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	s := start(t, e.Endpoints()[:1])
	etcdtest.Eventually(t, 20e9, "readiness", func() bool { code, _, _ := s.get("/sd"); return code == 200 })
	groups := s.discover(t)
	if len(groups) != 3 {
		t.Fatalf("%d targets, want 3: %+v", len(groups), groups)
	}
	instances := map[string]bool{}
	for _, g := range groups {
		instances[g.Labels["instance"]] = true
		path := g.Labels["__metrics_path__"] + "?cluster=" + g.Labels["__param_cluster"] + "&member=" + g.Labels["__param_member"]
		code, body, h := s.get(path)
		if code != 200 || !strings.Contains(body, "etcd_server_has_leader 1") ||
			!strings.Contains(body, `etcd_server_id{server_id="`+g.Labels["member_id"]+`"} 1`) {
			t.Errorf("GET %s: %d, %d bytes", path, code, len(body))
		}
		if ct := h.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain; version=0.0.4") {
			t.Errorf("Content-Type %s", ct)
		}
		if _, packed, h := s.get(path, "Accept-Encoding", "gzip"); h.Get("Content-Encoding") != "gzip" || len(packed) > len(body)/3 {
			t.Errorf("GET %s with gzip: %d bytes of %d, %s", path, len(packed), len(body), h.Get("Content-Encoding"))
		}
	}
	if len(instances) != 3 || !instances["test/m0"] {
		t.Errorf("instances %v", instances)
	}

	etcdtest.OK(t, e.Member(1).Kill())
	etcdtest.OK(t, e.Member(2).Freeze())
	s.scrape("10")
	for _, g := range s.discover(t) { // who is down stays a target, so that up is 0
		path := "/proxy?cluster=test&member=" + g.Labels["member_id"]
		code, _, _ := s.get(path, "X-Prometheus-Scrape-Timeout-Seconds", "2")
		if want := map[string]int{"m0": 200, "m1": 502, "m2": 504}[g.Labels["member"]]; code != want {
			t.Errorf("%s through the proxy: %d, want %d", g.Labels["member"], code, want)
		}
	}
}

func (s *scraped) discover(t *testing.T) []targetGroup {
	t.Helper()
	_, body, _ := s.get("/sd")
	var groups []targetGroup
	if err := json.Unmarshal([]byte(body), &groups); err != nil {
		t.Fatalf("/sd: %v: %s", err, body)
	}
	return groups
}
