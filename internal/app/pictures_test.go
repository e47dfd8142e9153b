package app

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestDashboardPictures draws docs/dashboard-*.png from the stage, for make
// pictures: there is nothing that it tests, and it takes a quarter of an hour, so
// that the lines have something to show.
func TestDashboardPictures(t *testing.T) {
	out := os.Getenv("ETCD_MONITOR_PICTURES")
	if out == "" {
		t.Skip("make pictures runs it")
	}
	s := newStage(t)
	letPass(t, 7*time.Minute)
	s.fault()
	letPass(t, 5*time.Minute)
	draw := exec.CommandContext(t.Context(), "go", "run", "../../tools/pictures", "-prometheus", s.prometheus.url,
		"-scrape", stageScrape.String(), "-last", "13m", "-cluster", prodName, "-out", out)
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
