package app

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// BenchmarkScrape compares a scrape of the real binary that watches three real
// members with the least that there is: one Status of each, in parallel, on warm
// connections. What runs off the scrape path is off: it is paid per interval.
func BenchmarkScrape(b *testing.B) {
	const n, pause = 25, 20 * time.Millisecond
	e := etcdtest.New(b, etcdtest.Options{})
	p := run(b, build(b), "--endpoints="+strings.Join(e.Endpoints(), ","), "--no-collector.digest", "--no-collector.probes")
	p.scrape(b)
	status := e.StatusRound(b)
	self := os.Getpid()
	idle, floor, idleToo, scrape := e.Bill(self), e.Bill(self), e.Bill(p.pid), e.Bill(p.pid)
	for b.Loop() {
		idle.Pay(b, n, pause, func() {})
		floor.Pay(b, n, pause, status)
		idleToo.Pay(b, n, pause, func() {})
		scrape.Pay(b, n, pause, func() { p.scrape(b) })
	}
	floor.Less(idle)
	scrape.Less(idleToo)
	floor.Report(b, "status", floor)
	scrape.Report(b, "scrape", floor)
	b.ReportMetric(0, "ns/op") // of all kinds together: it says nothing
}
