package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

// TestPages draws every dashboard from a Prometheus that has the same answer to
// everything, and from one that has none.
func TestPages(t *testing.T) {
	const labels = `{"cluster":"<odd>","member":"m0","le":"0.1","severity":"critical","alertname":"EtcdX"}`
	now := time.Now().Truncate(time.Second)
	for name, series := range map[string]string{
		"something": fmt.Sprintf(`{"metric":%s,"value":[%d,"0"],"values":[[%d,"0"],[%d,"0.5"],[%d,"NaN"]]}`, labels, now.Unix(), now.Unix()-30, now.Unix()-15, now.Unix()),
		"nothing":   "",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/label/") {
				_, _ = io.WriteString(w, `{"status":"success","data":["<odd>"]}`)
				return
			}
			_, _ = io.WriteString(w, `{"status":"success","data":{"result":[`+series+`]}}`)
		}))
		t.Cleanup(s.Close)
		all, err := dashboards.All()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			t.Run(name+"/"+d.Name, func(t *testing.T) { drawn(t, d.Name, s.URL, now, series != "") })
		}
	}
}

func drawn(t *testing.T, name, url string, now time.Time, something bool) {
	text, err := dashboards.JSON(name, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := grafanatest.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	prom := grafanatest.Prometheus{URL: url, Scrape: 15 * time.Second}
	v, err := d.Open(t.Context(), prom, nil, now.Add(-time.Minute), now, 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	page, height, err := drawPage(t.Context(), v, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		if !strings.Contains(page, html.EscapeString(p.Title)) {
			t.Errorf("%s is missing", p.Title)
		}
	}
	if height < 600 || strings.Contains(page, "<odd>") || strings.Contains(page, "%!") || strings.Contains(page, "NaN") {
		t.Errorf("%d pixels, or something is not escaped or formatted", height)
	}
	if svg := strings.Contains(page, "<svg"); svg != something {
		t.Errorf("a chart: %v", svg)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit string
		v    float64
		want string
	}{
		{"s", 0.00042, "420 µs"},
		{"s", 0.0123, "12.3 ms"},
		{"s", 5, "5 s"},
		{"percentunit", 0.95, "95%"},
		{"bytes", 3 << 20, "3 MiB"},
		{"reqps", 1500, "1.5 K req/s"},
		{"dtdurations", 90000, "25 hours"},
		{"short", 4711, "4711"},
		{"short", 12345, "12.3 K"},
	} {
		if got := format(c.unit, nil, c.v); got != c.want {
			t.Errorf("%v %s: %s, want %s", c.v, c.unit, got, c.want)
		}
	}
}
