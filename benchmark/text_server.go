package benchmark

import (
	"fmt"
	"strings"
)

func (t *textWriter) server(r Report) {
	if len(r.Server.Members) > 0 {
		t.table("meanwhile\tfsync p99\tdisk busy\tcommit p99\tpeers p99\tcores\tdatabase", func(row func(string, ...any)) {
			for _, m := range r.Server.Members {
				name := m.Member
				if m.Leader {
					name += " (leader)"
				}
				row("%s\t%s\t%s\t%s\t%s\t%s\t%s", name, atMost(m.FsyncP99), percent(m.FsyncBusy), atMost(m.CommitP99), atMost(m.PeerP99), of(m.CPUCores, m.CPULimit), mebibytes(m.DBSizeBytes))
			}
		})
	}
	c := r.Server.Client
	if c.CPUSeconds != nil && c.CPUPerOp != nil && r.Duration > 0 {
		t.line("  this process used %.2f cores of %d, %s per operation; its host was %s busy",
			*c.CPUSeconds/r.Duration, c.Cores, seconds(*c.CPUPerOp), percent(c.HostBusy))
	}
	if n := r.Server.LeaderChanges; n > 0 {
		t.line("  the leader changed %d times", n)
	}
	if n := r.Server.Reconnects; n > 0 {
		t.line("  %d connections were lost and made again", n)
	}
	t.line("  bottleneck: %s: %s", r.Bottleneck.What, strings.Join(r.Bottleneck.Evidence, "; "))
}

// atMost prints the upper end of a bucket.
func atMost(s *float64) string {
	if s == nil {
		return "-"
	}
	return "<= " + seconds(*s)
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100**share)
}

func of(n, limit *float64) string {
	switch {
	case n == nil:
		return "-"
	case limit == nil:
		return fmt.Sprintf("%.2f", *n)
	}
	return fmt.Sprintf("%.2f of %.0f", *n, *limit)
}

func mebibytes(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(*n)/(1<<20))
}

func (t *textWriter) search(r Report) {
	if len(r.Search) == 0 {
		return
	}
	t.table("rate tried\tachieved\tp99\terrors\tmeets the targets", func(row func(string, ...any)) {
		for _, s := range r.Search {
			met := "no"
			if s.Met {
				met = "yes"
			}
			row("%.0f/s\t%.0f/s\t%s\t%.3g %%\t%s", s.Rate, s.Throughput, opt(s.P99), 100*s.ErrorRate, met)
		}
	})
}

func (t *textWriter) slos(r Report) {
	if len(r.SLOs) == 0 {
		return
	}
	t.line("")
	for _, s := range r.SLOs {
		verdict := "FAIL"
		switch {
		case !s.Asked:
			verdict = "info"
		case s.Met:
			verdict = "PASS"
		}
		t.line("  SLO %s: %s: %s", s.Name, verdict, s.words())
	}
}

// words say what was measured against which target.
func (s SLOResult) words() string {
	print := func(v float64) string {
		switch s.Name {
		case "p99_latency":
			return seconds(v)
		case "error_rate":
			return fmt.Sprintf("%.3g %%", 100*v)
		}
		return fmt.Sprintf("%.0f/s", v)
	}
	actual := "not measured"
	if s.Actual != nil {
		actual = print(*s.Actual)
	}
	target := "at least"
	if s.Name == "p99_latency" || s.Name == "error_rate" {
		target = "at most"
	}
	return fmt.Sprintf("%s, the target is %s %s", actual, target, print(s.Target))
}
