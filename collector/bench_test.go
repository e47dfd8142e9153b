//go:build unix

package collector

import (
	"fmt"
	"io"
	"syscall"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// BenchmarkScrape is what a scrape of 102 members costs the exporter besides the
// round of questions and the histograms of the probes. Read cpu-ns/op: other
// processes do not lengthen it.
func BenchmarkScrape(b *testing.B) {
	e, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	views := manyViews()
	series := 0
	for _, f := range e.clusters(views) {
		series += len(f.GetMetric())
	}
	run := func(name string, scrape func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				scrape()
			}
			b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(series), "series")
		})
	}
	run("families", func() { e.clusters(views) })
	run("families and text", func() {
		for _, f := range e.clusters(views) {
			if _, err := expfmt.MetricFamilyToText(io.Discard, f); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// cpuTime is what the process has used, in nanoseconds, the collection of
// garbage included.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// manyViews are 34 clusters of three members, watched for a while.
func manyViews() []View {
	list := []cluster.ListedMember{m1, m2, m3}
	views := make([]View, 34)
	for i := range views {
		v := observed(fmt.Sprintf("cluster-%02d", i), list, served(m1), served(m2), served(m3)).withHistory()
		window := v.Latency[0].Latency
		v.Latency = nil
		for j := range v.Verdict.Members {
			m := &v.Verdict.Members[j]
			v.Growth[m.ID] = cluster.Growth{Size: 1, InUse: 1}
			for _, op := range []string{"read_linearizable", "read_serializable"} {
				v.Latency = append(v.Latency, Latency{Member: m.Label, Op: op, Latency: window})
			}
		}
		views[i] = v
	}
	return views
}
