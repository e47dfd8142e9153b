package app

import (
	"log/slog"
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// TestTellsOfEndpointsThatAreAsked: one that failed, and that a reload took away,
// answers as little as before.
func TestTellsOfEndpointsThatAreAsked(t *testing.T) {
	t.Parallel()
	failed := func(endpoint string) cluster.EndpointFailure {
		return cluster.EndpointFailure{Endpoint: endpoint, Failure: cluster.Failure{Reason: cluster.ReasonRefused}}
	}
	log := &lines{}
	m := &monitor{log: slog.New(slog.NewTextHandler(log, nil))}
	before := cluster.Verdict{Failed: []cluster.EndpointFailure{failed("http://back"), failed("http://gone"), failed("http://dead")}}
	now := cluster.Verdict{Failed: []cluster.EndpointFailure{failed("http://dead")}}
	m.tell(before, true, now, []cluster.Answer{
		{Endpoint: "http://back", Status: &cluster.Status{}},
		{Endpoint: "http://dead", StatusFailure: &now.Failed[0].Failure},
		{Endpoint: "http://other", Status: &cluster.Status{}},
	}, nil)
	if all, back := log.count("answers again"), log.count("endpoint=http://back"); all != 1 || back != 1 {
		t.Errorf("told:\n%s", log.buf.String())
	}
}
