package benchmark

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText prints a report for people.
func (r Report) WriteText(w io.Writer) error {
	t := &textWriter{w: w}
	t.heading(r)
	if r.Stopped != "" {
		t.line("")
		t.line("  NOT COMPLETE: %s", strings.ReplaceAll(r.Stopped, "\n", "\n  "))
	}
	t.counts(r)
	t.latencies(r)
	t.histogram(r.Latency)
	if len(r.Errors) > 0 {
		t.table("error\tof\tcount\tthe first one", func(row func(string, ...any)) {
			for _, e := range r.Errors {
				row("%s\t%s\t%d\t%s", e.Code, e.Kind, e.Count, e.Text)
			}
		})
	}
	t.server(r)
	t.search(r)
	t.slos(r)
	if r.Leftover != "" {
		t.line("")
		t.line("  NOT CLEANED UP: %s", r.Leftover)
	}
	return t.err
}

// textWriter keeps the first error.
type textWriter struct {
	w   io.Writer
	err error
}

func (t *textWriter) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, strings.TrimRight(format, " ")+"\n", args...)
	}
}

// table prints columns below their headings.
func (t *textWriter) table(headings string, rows func(row func(format string, args ...any))) {
	t.line("")
	if t.err != nil {
		return
	}
	tw := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "  %s\n", headings)
	rows(func(format string, args ...any) { fmt.Fprintf(tw, "  "+format+"\n", args...) })
	t.err = tw.Flush()
}

func (t *textWriter) heading(r Report) {
	s := r.Settings
	t.line("%s on cluster %s, engine %s", r.Type, r.Cluster, r.Engine)
	if r.Note != "" {
		t.line("  %s", r.Note)
	}
	if r.Schedule == nil {
		t.line("  closed loop: %d connections with %d clients, each sends when its last call has ended.", s.Connections, s.Clients)
		t.line("  A server that stands still is sent less meanwhile: for honest latencies give a rate.")
	} else {
		t.line("  open loop: %g operations/s on schedule, whatever etcd does, over %d connections with %d calls at a time.", s.Rate, s.Connections, s.Clients)
		t.line("  Latency counts from when an operation was due.")
	}
	details := fmt.Sprintf("keys %d B, values %d B, %d keys %s, endpoints %s", s.KeySize, s.ValueSize, s.KeySpace, s.Distribution, s.EndpointMode)
	switch r.Type {
	case Mixed:
		details += fmt.Sprintf(", %g %% reads", 100*s.ReadRatio)
	case Ranges:
		details += fmt.Sprintf(", %d keys a range", s.RangeSize)
	case Txns:
		details += fmt.Sprintf(", %d writes a transaction", s.TxnOps)
	case Watch:
		details += fmt.Sprintf(", %d watchers", s.Watchers)
	}
	if s.Serializable {
		details += ", serializable"
	}
	t.line("  %s", details)
}

func (t *textWriter) counts(r Report) {
	o := r.Operations
	t.line("")
	t.line("  %d operations in %s: %.0f/s succeeded, %d failed (%.3g %%)",
		o.Total(), seconds(r.Duration), r.Throughput, o.Failed, 100*o.ErrorRate())
	if o.Unfinished > 0 {
		t.line("  %d more were under way when the run ended", o.Unfinished)
	}
	if o.NeverSent > 0 {
		t.line("  %d more were due and never sent: etcd is slower than the schedule", o.NeverSent)
	}
	if s := r.Schedule; s != nil {
		t.line("  offered %.6g/s, achieved %.6g/s; began late by p50 %s, p99 %s, at most %s",
			s.Offered, s.Achieved, opt(s.Slip.P50), opt(s.Slip.P99), opt(s.Slip.Max))
	}
	if d := r.Deliveries; d != nil {
		t.line("  %d deliveries, %d too late to be told, %d missing; the latency is theirs, from when the write was due",
			d.Received, d.Overtaken, d.Missing)
	}
	if r.Conflicts != nil {
		t.line("  %d swaps were tried again because somebody else had written", *r.Conflicts)
	}
}

// opt prints a time that may be unknown.
func opt(s *float64) string {
	if s == nil {
		return "-"
	}
	return seconds(*s)
}

func (t *textWriter) latencies(r Report) {
	row := func(name string, d Distribution) string {
		return strings.Join([]string{
			name, fmt.Sprint(d.Count), opt(d.Min), opt(d.Mean), opt(d.P50), opt(d.P95), opt(d.P99), opt(d.P999), opt(d.Max),
		}, "\t")
	}
	t.table("latency of successes\tcount\tmin\tmean\tp50\tp95\tp99\tp99.9\tmax", func(print func(string, ...any)) {
		print("%s", row("all", r.Latency))
		if len(r.Kinds) > 1 {
			for _, k := range r.Kinds {
				print("%s", row(k.Name, k.Latency))
			}
		}
		if r.Service != nil {
			print("%s", row("service time", *r.Service))
		}
		if len(r.Endpoints) > 1 {
			for _, e := range r.Endpoints {
				name := e.Endpoint
				if e.Leader {
					name += " (leader)"
				}
				print("%s", row(name, e.Latency))
			}
		}
	})
}

// barWidth is that of the longest bar of a histogram.
const barWidth = 40

func (t *textWriter) histogram(d Distribution) {
	t.line("")
	for _, b := range d.Buckets {
		share := 0.0
		if d.Count > 0 {
			share = float64(b.Count) / float64(d.Count)
		}
		bar := strings.Repeat("#", int(share*barWidth+0.5))
		if bar == "" && b.Count > 0 {
			bar = "."
		}
		t.line("  %9s %10d %6.2f %% %s", b.Name, b.Count, 100*share, bar)
	}
}
