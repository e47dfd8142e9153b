package collector

import (
	"maps"
	"slices"
)

var clusterInfo = gauge("etcd_monitor_cluster_info",
	"Always 1, with the labels that the configuration gives the cluster, for joins; every cluster has every label, empty where it is not given. Absent when no cluster has labels.",
	"cluster")

// infoOf is the family with the labels of these clusters, nil if they have none.
func infoOf(views []View) *family {
	names := map[string]bool{}
	for i := range views {
		for name := range views[i].Labels {
			names[name] = true
		}
	}
	if len(names) == 0 {
		return nil
	}
	f := *clusterInfo
	f.labels = append(slices.Clone(f.labels), slices.Sorted(maps.Keys(names))...)
	return &f
}

func collectLabels(s *sink, view *View) {
	if s.info == nil {
		return
	}
	values := make([]string, len(s.info.labels)-1)
	for i, name := range s.info.labels[1:] {
		values[i] = view.Labels[name]
	}
	s.add(s.info, 1, values...)
}
