package app

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDashboardsAreServed, if they are asked for, and nothing else is.
func TestDashboardsAreServed(t *testing.T) {
	t.Parallel()
	s := start(t, nil, func(o *Options) { o.Dashboards, o.Prefix = true, "/etcd" })
	code, page, header := s.get("/dashboards/")
	if code != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", code, header)
	}
	for _, name := range []string{"fleet", "cluster", "member", "benchmark", "native"} {
		if !strings.Contains(page, `href="`+name+`.json"`) {
			t.Errorf("the list lacks %s", name)
		}
		code, text, header := s.get("/dashboards/" + name + ".json")
		var d struct{ UID string }
		if err := json.Unmarshal([]byte(text), &d); err != nil || code != 200 || d.UID != "etcd-monitor-"+name || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d, %v, %v: %q", name, code, header, err, d.UID)
		}
	}
	for _, path := range []string{"/dashboards/fleet", "/dashboards/none.json", "/dashboards/..json", "/dashboards/x/fleet.json", "/dashboards/%2e%2e%2fdashboards.json"} {
		if code, _, _ := s.get(path); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
	if _, page, _ := s.get("/"); !strings.Contains(page, `href="dashboards/"`) {
		t.Error("the status page does not lead to the dashboards")
	}
	off := start(t, nil)
	if code, _, _ := off.get("/dashboards/"); code != 404 {
		t.Errorf("switched off: %d", code)
	}
	if _, page, _ := off.get("/"); strings.Contains(page, "dashboards/") {
		t.Error("the status page leads to dashboards that are not there")
	}
}
