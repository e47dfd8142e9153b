package app

import (
	"encoding/json"
	"net/http"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// targetGroup is an element of Prometheus' HTTP service discovery.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// discovery lists every member's own metrics as targets that are reached
// through /proxy. Until every cluster has been asked once it answers 503, and
// Prometheus keeps the list that it has.
func (a *App) discovery(w http.ResponseWriter, r *http.Request) {
	if !a.ready.Load() {
		http.Error(w, "the clusters are being asked for the first time", http.StatusServiceUnavailable)
		return
	}
	host, scheme, prefix := r.Host, "http", a.opts.Prefix
	if r.TLS != nil {
		scheme = "https"
	}
	if u := a.opts.ExternalURL; u != nil {
		host, scheme = u.Host, u.Scheme
	}
	groups := []targetGroup{}
	monitors, release := a.fleet.acquire()
	defer release()
	for _, m := range monitors {
		v, ok := m.history.Latest()
		if !ok {
			continue
		}
		for i := range v.Members {
			if mem := &v.Members[i]; mem.Started {
				groups = append(groups, memberTarget(host, scheme, prefix, m.name, mem))
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(groups); err != nil {
		a.opts.Logger.Debug("service discovery", "err", err)
	}
}

func memberTarget(host, scheme, prefix, clusterName string, m *cluster.Member) targetGroup {
	id := m.ID.String()
	return targetGroup{
		Targets: []string{host},
		Labels: map[string]string{
			"__metrics_path__": prefix + "/proxy", "__scheme__": scheme,
			"__param_cluster": clusterName, "__param_member": id,
			"cluster": clusterName, "member": m.Label, "member_id": id,
			"instance": clusterName + "/" + m.Label, "via": "proxy",
		},
	}
}
