package app

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestDashboardPictures draws docs/dashboard-*.png from the stage, for make
// pictures: there is nothing that it tests, and it takes a quarter of an hour, so
// that the lines have something to show.
func TestDashboardPictures(t *testing.T) {
	out := os.Getenv("ETCD_MONITOR_PICTURES")
	if out == "" {
		t.Skip("make pictures runs it")
	}
	s := newStage(t, 5*time.Second)
	letPass(t, 7*time.Minute)
	s.fault()
	letPass(t, 5*time.Minute)
	leader, err := s.prod.WaitLeader(t.Context())
	etcdtest.OK(t, err)
	draw := exec.CommandContext(t.Context(), "go", "run", "../../tools/pictures", "-prometheus", s.prometheus.url,
		"-scrape", s.scrape.String(), "-last", "12m", "-out", out, "-var", "cluster:cluster="+prodName,
		"-var", "member:cluster="+prodName, "-var", "member:member="+s.prod.Member(leader).Name(), "-var", "native:cluster=plain")
	if text, err := draw.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// letPass lets time pass, which is all that lines are made of.
func letPass(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
