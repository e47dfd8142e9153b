package collector

import "github.com/etcd-monitor/etcd-monitor/internal/cluster"

var (
	scrapeDuration = gauge("etcd_monitor_scrape_duration_seconds",
		"How long the round of questions took that this scrape shows.", "cluster")
	snapshotAge = gauge("etcd_monitor_scrape_snapshot_age_seconds",
		"How old the answers were when the scrape took them: the time since the round began.", "cluster")
	scrapeRounds = counter("etcd_monitor_scrape_rounds_total",
		"Rounds of questions to the cluster. Scrapes that arrive together share one.", "cluster")
	scrapeRPCs = counter("etcd_monitor_scrape_rpcs_total",
		"Calls sent to etcd, probes included.", "cluster", "method")
	answersRejected = counter("etcd_monitor_scrape_answers_rejected_total",
		"Answers in which a field made no sense. The field's value is dropped.", "cluster", "member", "field")
	collectorSuccess = gauge("etcd_monitor_scrape_collector_success",
		"Whether the collector did its work.", "cluster", "collector")
	collectorDuration = gauge("etcd_monitor_scrape_collector_duration_seconds",
		"How long the collector took, the round of questions not included.", "cluster", "collector")
)

var scrapeFamilies = []*family{
	scrapeDuration, snapshotAge, scrapeRounds, scrapeRPCs, answersRejected, collectorSuccess, collectorDuration,
}

func collectScrape(s *sink, view *View) {
	s.add(scrapeDuration, view.Verdict.Took.Seconds())
	s.add(snapshotAge, view.SnapshotAge.Seconds())
	s.add(scrapeRounds, float64(view.Rounds))
	for method, n := range view.RPCs {
		s.add(scrapeRPCs, float64(n), method)
	}
	collectRejected(s, view)
}

// collectRejected shows a counter for each field of each member, from 0: an
// increase from nothing to 1 is none to rate().
func collectRejected(s *sink, view *View) {
	type key struct{ member, field string }
	counts := make(map[key]uint64, len(view.Rejected))
	for _, r := range view.Rejected {
		counts[key{r.Member, r.Field}] = r.Count
	}
	for i := range view.Verdict.Members {
		label := view.Verdict.Members[i].Label
		for _, field := range cluster.StatusFields {
			k := key{label, field}
			s.add(answersRejected, float64(counts[k]), label, field)
			delete(counts, k)
		}
	}
	for k, n := range counts { // of members that are gone
		s.add(answersRejected, float64(n), k.member, k.field)
	}
}
