package benchmark

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(m.Run())
}

// configFor is a short run against the cluster.
func configFor(t testing.TB, c *etcdtest.Cluster) Config {
	t.Helper()
	endpoints, err := config.ParseEndpoints(c.Endpoints(), false)
	etcdtest.OK(t, err)
	cfg := Default()
	cfg.Cluster = config.Cluster{
		Name: "test", Endpoints: endpoints, DialTimeout: 5 * time.Second,
	}
	cfg.Logger = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	cfg.Ops, cfg.KeySpace, cfg.RangeSize = 600, 200, 20
	return cfg
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

// keysLeft are those below the prefix of all runs.
func keysLeft(t *testing.T, c *etcdtest.Cluster) int64 {
	t.Helper()
	answer, err := c.Client(t).Get(context.WithoutCancel(t.Context()), "/benchmark-test/", clientv3.WithPrefix(), clientv3.WithCountOnly())
	etcdtest.OK(t, err)
	return answer.Count
}
