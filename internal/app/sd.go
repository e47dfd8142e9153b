package app

import (
	"encoding/json"
	"maps"
	"net/http"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
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
				groups = append(groups, memberTarget(host, scheme, prefix, m.config(), mem))
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(groups); err != nil {
		a.opts.Logger.Debug("service discovery", "err", err)
	}
}

// memberTarget also carries the labels of the cluster, whose names the
// configuration keeps apart from these.
func memberTarget(host, scheme, prefix string, c config.Cluster, m *cluster.Member) targetGroup {
	id := m.ID.String()
	labels := map[string]string{}
	maps.Copy(labels, c.Labels)
	maps.Copy(labels, map[string]string{
		"__metrics_path__": prefix + "/proxy", "__scheme__": scheme,
		"__param_cluster": c.Name, "__param_member": id,
		"cluster": c.Name, "member": m.Label, "member_id": id,
		"instance": c.Name + "/" + m.Label, "via": "proxy",
	})
	return targetGroup{Targets: []string{host}, Labels: labels}
}
