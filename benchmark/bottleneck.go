package benchmark

import (
	"fmt"
	"net/url"
	"strings"
)

// Bottleneck is what most likely kept the figures from being better.
type Bottleneck struct {
	What     string   `json:"what"` // disk, network, cpu, client, none or unknown
	Evidence []string `json:"evidence"`
}

// What speaks for a bottleneck. The disk's limit is etcd's own advice: a p99 of
// fsync above 10 ms is too slow for it.
const (
	slowFsync   = 0.010 // seconds, p99
	busyFsync   = 0.6   // share of the time that a member waits for its disk
	busyCPU     = 0.85  // of the cores that a process may use
	busyHost    = 0.90  // of the processors of this host
	slowNetwork = 0.010 // seconds, p99 between members
)

// bottleneck weighs the evidence of a report. It is a pure function of it.
func bottleneck(r Report) Bottleneck {
	limited := r.Schedule == nil || r.Schedule.Achieved < 0.98*r.Schedule.Offered || r.Operations.NeverSent > 0
	var disk, cpu, network []string
	known := false
	var memberCPU float64
	for _, m := range r.Server.Members {
		known = known || m.CPUCores != nil
		if m.CPUCores != nil {
			memberCPU += *m.CPUCores
		}
		if m.FsyncP99 != nil && *m.FsyncP99 > slowFsync {
			disk = append(disk, fmt.Sprintf("%s: p99 of WAL fsync %s", m.Member, seconds(*m.FsyncP99)))
		}
		if m.FsyncBusy != nil && *m.FsyncBusy > busyFsync {
			disk = append(disk, fmt.Sprintf("%s: waits for its disk %.0f %% of the time", m.Member, 100**m.FsyncBusy))
		}
		if m.CPUCores != nil && m.CPULimit != nil && *m.CPUCores > busyCPU**m.CPULimit {
			cpu = append(cpu, fmt.Sprintf("%s: %.1f of its %.0f cores busy", m.Member, *m.CPUCores, *m.CPULimit))
		}
		if m.PeerP99 != nil && *m.PeerP99 > slowNetwork {
			network = append(network, fmt.Sprintf("%s: p99 of round trips to peers %s", m.Member, seconds(*m.PeerP99)))
		}
	}
	client := clientEvidence(r, memberCPU)
	switch {
	case !known && len(client) == 0:
		return Bottleneck{"unknown", []string{"no member told its metrics before and after"}}
	case len(client) > 0 && len(cpu) == 0:
		return Bottleneck{"client", client}
	case len(cpu) > 0:
		return Bottleneck{"cpu", append(cpu, client...)}
	case len(disk) > 0:
		return Bottleneck{"disk", disk}
	case len(network) > 0:
		return Bottleneck{"network", network}
	case !limited:
		return Bottleneck{"none", []string{"the offered rate was kept, and nothing is near its limit"}}
	}
	return Bottleneck{"none", []string{"disk, network and processors have room: more clients or connections may carry more"}}
}

// clientEvidence is what speaks for this side being the limit: its processors,
// which it may share with the members.
func clientEvidence(r Report, memberCPU float64) []string {
	c := r.Server.Client
	if c.CPUSeconds == nil || r.Duration <= 0 {
		return nil
	}
	own := *c.CPUSeconds / r.Duration
	switch {
	case own > busyCPU*float64(c.Cores):
		return []string{fmt.Sprintf("this process keeps %.1f of its %d cores busy", own, c.Cores)}
	case c.SameHost && own+memberCPU > busyCPU*float64(c.Cores):
		return []string{fmt.Sprintf("this process (%.1f) and the members (%.1f) share %d cores", own, memberCPU, c.Cores)}
	case c.HostBusy != nil && *c.HostBusy > busyHost:
		return []string{fmt.Sprintf("this host is %.0f %% busy, with this process (%.1f of %d cores) and others", 100**c.HostBusy, own, c.Cores)}
	}
	return nil
}

// sameHost reports whether all endpoints are on this host, by their names.
func sameHost(endpoints []string) bool {
	for _, e := range endpoints {
		u, err := url.Parse(e)
		if err != nil {
			return false
		}
		if h := u.Hostname(); h != "localhost" && h != "::1" && !strings.HasPrefix(h, "127.") {
			return false
		}
	}
	return true
}
