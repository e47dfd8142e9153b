package app

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/version"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pagePolicy is for pages: they have one style sheet, inline, and nothing else.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// page is what the status page shows, in words. html/template escapes all of
// it: much is remote input.
type page struct {
	Version    string
	Now        string
	Dashboards bool
	Clusters   []pageCluster
}

type pageCluster struct {
	Name    string
	State   string // ok, warn, bad, unknown: the colour
	Summary string
	Seen    string
	Facts   []pageFact
	Members []pageMember
	Failed  []cluster.EndpointFailure
}

type pageFact struct{ Name, Value string }

type pageMember struct {
	Name, ID, Role, Up, Confirmed, Version, Size, Lag, Notes, State string
}

// statusPage shows the last observation of each cluster. It asks etcd nothing.
func (a *App) statusPage(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	p := page{Version: version.Version, Now: now.UTC().Format(time.RFC3339), Dashboards: a.opts.Dashboards}
	monitors, release := a.fleet.acquire()
	defer release()
	for _, m := range monitors {
		v, ok := m.history.Latest()
		p.Clusters = append(p.Clusters, pageOf(m.name, v, ok, now))
	}
	var buf bytes.Buffer
	if err := pageTemplate.Execute(&buf, p); err != nil {
		a.opts.Logger.Error("status page", "err", err)
		http.Error(w, "the page cannot be shown; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(buf.Bytes())
}

func pageOf(name string, v cluster.Verdict, seen bool, now time.Time) pageCluster {
	c := pageCluster{Name: name}
	if !seen {
		c.State, c.Summary = "unknown", "not observed yet"
		return c
	}
	c.State, c.Summary = summaryOf(v)
	c.Seen = fmt.Sprintf("observed %s ago, in %s", now.Sub(v.Start).Round(time.Second), v.Took.Round(time.Millisecond))
	c.Facts = []pageFact{
		{"voters", number(v.Voters)},
		{"confirmed", number(v.VotersConfirmed)},
		{"quorum size", number(v.QuorumSize)},
		{"failure tolerance", number(v.FailureTolerance)},
		{"learners", number(v.Learners)},
		{"term", number(v.Term)},
	}
	for i := range v.Members {
		c.Members = append(c.Members, memberLine(&v.Members[i], v.Leader))
	}
	slices.SortFunc(c.Members, func(a, b pageMember) int { return strings.Compare(a.Name, b.Name) })
	c.Failed = v.Failed
	return c
}

// summaryOf is one cluster in one sentence, the worst first.
func summaryOf(v cluster.Verdict) (state, text string) {
	switch {
	case is(v.SplitBrain.Leaders):
		return "bad", "SPLIT BRAIN: two leaderships are confirmed at once"
	case is(v.SplitBrain.ClusterID):
		return "bad", "SPLIT BRAIN: the endpoints belong to more than one cluster"
	case !v.Up:
		return "bad", "no endpoint answers"
	case v.HasQuorum.OK && !v.HasQuorum.V:
		return "bad", "QUORUM LOST, as seen from here"
	case !v.HasQuorum.OK:
		return "unknown", "whether there is a quorum cannot be told: " + string(v.QuorumUnknown)
	}
	for i := range v.Members {
		m := &v.Members[i]
		for alarm, on := range m.Alarms {
			if on {
				return "bad", "alarm " + alarm + " on " + m.Label
			}
		}
	}
	if v.FailureTolerance.OK && v.FailureTolerance.V < 1 && v.Voters.V > 1 {
		return "warn", "quorum, but no further member may fail"
	}
	for i := range v.Members {
		if m := &v.Members[i]; m.Up.OK && !m.Up.V || is(m.Partition) {
			return "warn", "quorum, but " + m.Label + " is not with it"
		}
	}
	return "ok", "quorum"
}

func memberLine(m *cluster.Member, leader cluster.Claim) pageMember {
	p := pageMember{
		Name: m.Label, ID: m.ID.String(), Role: "voter", State: "ok",
		Up: yesNo(m.Up), Confirmed: yesNo(m.Confirmed), Lag: number(m.Lag),
	}
	switch {
	case !m.Started:
		p.Role, p.State = "not started", "warn"
	case m.Learner:
		p.Role = "learner"
	case m.ID == leader.Leader:
		p.Role = "leader"
	}
	if m.Status != nil {
		p.Version = m.Status.Version
		if m.Status.DBSize.OK {
			p.Size = sizeText(m.Status.DBSize.V)
		}
	}
	if m.Up.OK && !m.Up.V {
		p.State = "bad"
	}
	if is(m.Partition) {
		p.Notes, p.State = "partitioned? ", "bad"
	}
	for alarm, on := range m.Alarms {
		if on {
			p.Notes, p.State = p.Notes+alarm+" ", "bad"
		}
	}
	return p
}

// sizeText is a size in the unit that suits it.
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.0f KiB", float64(bytes)/(1<<10))
}

func yesNo(o cluster.Opt[bool]) string {
	switch {
	case !o.OK:
		return "unknown"
	case o.V:
		return "yes"
	}
	return "no"
}

func number[T int | uint64](o cluster.Opt[T]) string {
	if !o.OK {
		return "unknown"
	}
	return fmt.Sprint(o.V)
}
