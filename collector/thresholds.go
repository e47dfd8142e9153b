package collector

var threshold = gauge("etcd_monitor_threshold",
	"A limit that the shipped rules compare with, in base units.", "cluster", "name")

var thresholdFamilies = []*family{threshold}

func collectThresholds(s *sink, view *View) {
	for _, t := range view.Thresholds {
		s.add(threshold, t.Value, t.Name)
	}
}
