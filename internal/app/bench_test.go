package app

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
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

// BenchmarkFleetScrape is a scrape of the real binary that watches 34 clusters of
// three, with all that is on by default, in round trips to the slowest member.
func BenchmarkFleetScrape(b *testing.B) {
	const near, far = 20 * time.Millisecond, 100 * time.Millisecond
	fleet := fakeFleet(b)
	p := run(b, build(b), "--config.file="+fleetFile(b, fleet))
	exposition := p.scrape(b)
	distant := fleet[11].Server(2)
	var allNear, oneFar []time.Duration
	timed := func() time.Duration {
		start := time.Now()
		exposition = p.scrape(b)
		return time.Since(start)
	}
	for _, c := range fleet {
		for _, s := range c.Servers() {
			s.Tell(fake.Script{Delay: near})
		}
	}
	p.scrape(b)
	for b.Loop() {
		time.Sleep(100 * time.Millisecond) // between scrapes, probes and digests have their turn
		allNear = append(allNear, timed())
		distant.Tell(fake.Script{Delay: far})
		oneFar = append(oneFar, timed())
		distant.Tell(fake.Script{Delay: near})
	}
	middle := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }
	b.ReportMetric(float64(middle(allNear))/float64(near), "of-20ms")
	b.ReportMetric(float64(middle(oneFar))/float64(far), "of-100ms")
	b.ReportMetric(float64(len(exposition)), "bytes")
	b.ReportMetric(0, "ns/op")
}
