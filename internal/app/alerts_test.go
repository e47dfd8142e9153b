package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const oneAlert = `{"version":"4","receiver":"webhook","alerts":[{"status":"%s","labels":{"alertname":"EtcdQuorumLost","cluster":"prod","severity":"critical"},"startsAt":"2026-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z"}]}`

// notify sends an alert from an address, with a header, as net/http would hand it
// to the routes.
func notify(h http.Handler, status, from, authorization string) int {
	req := httptest.NewRequest(http.MethodPost, "/api/v1/alerts/webhook", strings.NewReader(fmt.Sprintf(oneAlert, status)))
	req.RemoteAddr = from
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Code
}

// newApp is an App that is not run.
func newApp(t *testing.T, alter func(*Options)) *App {
	t.Helper()
	o := Options{
		Settings: Settings{Watch: Watch{HealthInterval: time.Hour, MetricsInterval: time.Hour}},
		Web:      WebOptions{ListenAddresses: []string{"127.0.0.1:0"}},
		Logger:   slog.New(slog.DiscardHandler),
	}
	alter(&o)
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.server.Close()
		a.fleet.stop()
	})
	return a
}

// Who may send alerts: this host while nobody can show who he is, whoever shows
// the token where there is one, whoever has passed the listener's authentication.
func TestWhoMayNotify(t *testing.T) {
	dir := t.TempDir()
	token, web := filepath.Join(dir, "token"), filepath.Join(dir, "web.yml")
	write(t, token, "opensesame\n")
	write(t, web, users(t, "alertmanager", "secret"))
	const here, here6, there = "127.0.0.1:9", "[::1]:9", "192.0.2.1:9"
	for _, c := range []struct {
		token, web, from, authorization string
		want                            int
	}{
		{"", "", here, "", 202},
		{"", "", here6, "", 202},
		{"", "", there, "", 403},
		{"", "", there, "Bearer opensesame", 403},
		{"", "", "", "", 403},
		{token, "", there, "Bearer opensesame", 202},
		{token, "", here, "Bearer opensesame", 202},
		{token, "", here, "", 401},
		{token, "", there, "Bearer opensesame ", 401},
		{token, "", there, "Bearer ", 401},
		{token, "", there, "opensesame", 401},
		{token, "", there, "Basic opensesame", 401},
		{"", web, there, "", 202}, // the listener has let him in
		{token, web, there, "", 202},
		{filepath.Join(dir, "none"), "", here, "Bearer ", 503},
	} {
		a := newApp(t, func(o *Options) { o.Alerts.TokenFile, o.Web.ConfigFile = c.token, c.web })
		if got := notify(a.routes(), "firing", c.from, c.authorization); got != c.want {
			t.Errorf("token %q, web %q, from %s with %q: %d, want %d", filepath.Base(c.token), filepath.Base(c.web), c.from, c.authorization, got, c.want)
		}
	}
}

// A token that is replaced counts at once; an empty file lets nobody in.
func TestTokenIsReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "old")
	a := newApp(t, func(o *Options) { o.Alerts.TokenFile = file })
	expect := func(token string, want int) {
		t.Helper()
		if got := notify(a.routes(), "firing", "192.0.2.1:9", "Bearer "+token); got != want {
			t.Errorf("%q: %d, want %d", token, got, want)
		}
	}
	expect("old", 202)
	write(t, file, "new\r\n")
	expect("old", 401)
	expect("new", 202)
	write(t, file, " \n")
	expect("", 503)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("new", 503)
}

// What is sent is logged, kept and counted.
func TestAlertsAreTaken(t *testing.T) {
	var log bytes.Buffer
	a := newApp(t, func(o *Options) {
		o.Logger, o.Alerts.Log, o.Prefix = slog.New(slog.NewTextHandler(&log, nil)), true, "/etcd"
	})
	h := a.routes()
	mux := http.NewServeMux()
	mux.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/etcd" + r.URL.Path
		h.ServeHTTP(w, r)
	}))
	for _, status := range []string{"firing", "firing", "resolved"} {
		if code := notify(mux, status, "127.0.0.1:1", ""); code != 202 {
			t.Fatalf("%s: %d", status, code)
		}
	}
	if code := notify(mux, "firing", "192.0.2.1:1", ""); code != 403 {
		t.Errorf("a stranger gets %d", code)
	}
	if n := strings.Count(log.String(), "msg=\"alert firing\"") + 10*strings.Count(log.String(), "msg=\"alert resolved\""); n != 11 {
		t.Errorf("log: %s", log.String())
	}
	if c := a.alerts.Changes(); len(c) != 2 || c[0].Firing || !c[1].Firing {
		t.Errorf("changes: %v", c)
	}
	families, err := a.exporter.Gather(nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			if strings.Contains(f.GetName(), "_alert") {
				got[f.GetName()+labelsOf(m)] = m.GetCounter().GetValue()
			}
		}
	}
	want := map[string]float64{
		"etcd_monitor_alert_notifications_total{result=accepted}":  3,
		"etcd_monitor_alert_notifications_total{result=refused}":   1,
		"etcd_monitor_alert_notifications_total{result=busy}":      0,
		"etcd_monitor_alert_notifications_total{result=malformed}": 0,
		"etcd_monitor_alert_notifications_total{result=too_large}": 0,
		"etcd_monitor_alerts_received_total{status=firing}":        2,
		"etcd_monitor_alerts_received_total{status=resolved}":      1,
		"etcd_monitor_alerts_left_out_total":                       0,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counted\n%v\nwant\n%v", got, want)
	}
}
