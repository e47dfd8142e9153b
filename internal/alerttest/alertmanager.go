package alerttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// Alertmanager is a daemon that runs until the test ends.
type Alertmanager struct {
	URL string

	t testing.TB
}

// Run starts the daemon of a binary on a configuration file.
func Run(t testing.TB, binary, file string, args ...string) *Alertmanager {
	t.Helper()
	address := freeport.For(t)
	a := &Alertmanager{URL: "http://" + address, t: t}
	// Not bound to the test's context: it is stopped in good order, in Cleanup.
	cmd := exec.Command(binary, append([]string{
		"--config.file=" + file, "--storage.path=" + filepath.Join(t.TempDir(), "data"),
		"--web.listen-address=" + address, "--cluster.listen-address=", "--web.external-url=" + a.URL, "--log.level=warn",
	}, args...)...)
	var logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &logs, &logs
	cmd.Dir = t.TempDir() // not where the files are: relative names would work by accident
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Logf("alertmanager: %s", logs.String())
		}
	})
	err := await(t.Context(), 30*time.Second, func() bool { return isClosed(ended) || a.get("/-/ready", nil) == nil })
	if err != nil || isClosed(ended) {
		t.Fatalf("alertmanager does not start: %v", err)
	}
	return a
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Alert is what Alertmanager is told, and what it says of it.
type Alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     *time.Time        `json:"startsAt,omitempty"`
	EndsAt       *time.Time        `json:"endsAt,omitempty"`
	GeneratorURL string            `json:"generatorURL,omitempty"`

	// What follows is only said by Alertmanager.
	Receivers []struct{ Name string } `json:"receivers,omitempty"`
	Status    *struct {
		State       string
		InhibitedBy []string
	} `json:"status,omitempty"`
}

// Post tells it of alerts.
func (a *Alertmanager) Post(alerts ...Alert) {
	a.t.Helper()
	body, err := json.Marshal(alerts)
	if err != nil {
		a.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if err := do(req, nil); err != nil {
		a.t.Fatal(err)
	}
}

// Alerts are the alerts that it has.
func (a *Alertmanager) Alerts() []Alert {
	a.t.Helper()
	var all []Alert
	if err := a.get("/api/v2/alerts", &all); err != nil {
		a.t.Fatal(err)
	}
	return all
}

// Metrics is its exposition.
func (a *Alertmanager) Metrics() string {
	a.t.Helper()
	var text string
	if err := a.get("/metrics", &text); err != nil {
		a.t.Fatal(err)
	}
	return text
}

func (a *Alertmanager) get(path string, v any) error {
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+path, nil)
	if err != nil {
		return err
	}
	return do(req, v)
}

// do makes a request, whose answer is decoded into v: as JSON, or as it is.
func do(req *http.Request, v any) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", req.Method, req.URL, resp.Status, body)
	}
	if text, ok := v.(*string); ok {
		*text = string(body)
		return nil
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(body, v)
}
