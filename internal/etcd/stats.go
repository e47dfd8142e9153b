package etcd

import (
	"maps"
	"strings"
	"sync"
)

// methods of etcd that a Client calls; each has a counter from the start.
var methods = []string{
	"Maintenance/Status", "KV/Range", "Cluster/MemberList", "Auth/Authenticate",
	"Maintenance/HashKV", "KV/Put", "Lease/LeaseGrant", "Lease/LeaseRevoke",
}

// Stats count what a Client has done.
type Stats struct {
	Rounds uint64
	RPCs   map[string]uint64 // calls sent, by service and method: "KV/Range"
}

type stats struct {
	mu     sync.Mutex // guards what follows
	rounds uint64
	rpcs   map[string]uint64
}

func (s *stats) init() {
	s.rpcs = make(map[string]uint64, len(methods))
	for _, m := range methods {
		s.rpcs[m] = 0
	}
}

func (s *stats) round() {
	s.mu.Lock()
	s.rounds++
	s.mu.Unlock()
}

// rpc counts a call; method is gRPC's, as in /etcdserverpb.KV/Range.
func (s *stats) rpc(method string) {
	method = method[strings.LastIndexByte(method[:strings.LastIndexByte(method, '/')], '.')+1:]
	s.mu.Lock()
	s.rpcs[method]++
	s.mu.Unlock()
}

// Stats returns the counters.
func (c *Client) Stats() Stats {
	c.stats.mu.Lock()
	defer c.stats.mu.Unlock()
	out := Stats{Rounds: c.stats.rounds, RPCs: make(map[string]uint64, len(c.stats.rpcs))}
	maps.Copy(out.RPCs, c.stats.rpcs)
	return out
}
