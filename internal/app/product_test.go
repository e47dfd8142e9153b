package app

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// product is the binary that is shipped, running.
type product struct {
	pid int
	url string
}

// build makes the binary as make build does.
func build(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "etcd-monitor")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "../../cmd/etcd-monitor")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// run starts the binary, waits until it serves, and stops it with the test.
func run(t testing.TB, binary string, flags ...string) product {
	t.Helper()
	addr, err := freeport.Addr()
	etcdtest.OK(t, err)
	cmd := exec.Command(binary, append([]string{"--web.listen-address=" + addr, "--log.level=warn"}, flags...)...) //nolint:noctx // killed below
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	etcdtest.OK(t, etcdtest.StartCommand(cmd))
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := product{cmd.Process.Pid, "http://" + addr}
	etcdtest.Eventually(t, 30*time.Second, "the exporter is ready", func() bool {
		resp, err := http.Get(p.url + "/-/ready") //nolint:noctx // of a process that is killed with the test
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
	return p
}

// scrape reads the whole exposition, and keeps the connection.
func (p product) scrape(t testing.TB) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/metrics", nil)
	etcdtest.OK(t, err)
	req.Header.Set("Accept-Encoding", "gzip") // as Prometheus does; unpacking it is not our time
	resp, err := http.DefaultClient.Do(req)
	etcdtest.OK(t, err)
	body, err := io.ReadAll(resp.Body)
	etcdtest.OK(t, err)
	etcdtest.OK(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET /metrics: %s", resp.Status)
	}
	return body
}
