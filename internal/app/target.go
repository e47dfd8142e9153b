package app

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// one is the value of a parameter that has to be given exactly once.
func one(q url.Values, name string) (string, error) {
	switch v := q[name]; len(v) {
	case 0:
		return "", fmt.Errorf("parameter %s is missing", name)
	case 1:
		return v[0], nil
	default:
		return "", fmt.Errorf("parameter %s is given %d times", name, len(v))
	}
}

// probe serves one cluster, named by target (or cluster): the multi-target way.
// The name is looked up among the configured ones; nothing that comes from the
// URL is ever dialled.
func (a *App) probe(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	name, err := one(q, "target")
	if len(q["cluster"]) > 0 {
		if len(q["target"]) > 0 {
			http.Error(w, "parameters target and cluster say the same thing: give one of them", http.StatusBadRequest)
			return
		}
		name, err = one(q, "cluster")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m, release := a.fleet.named(name)
	defer release()
	if m == nil {
		a.unknownCluster(w)
		return
	}
	m.metrics.ServeHTTP(w, r)
}

// unknownCluster does not repeat what was asked for: it may be anything.
func (a *App) unknownCluster(w http.ResponseWriter) {
	var names []string
	monitors, release := a.fleet.acquire()
	defer release()
	for _, m := range monitors {
		names = append(names, m.name)
	}
	slices.Sort(names)
	http.Error(w, "no such cluster is configured; there are: "+strings.Join(names, ", "), http.StatusNotFound)
}
