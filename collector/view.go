package collector

import (
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// View is everything that one scrape knows of one cluster: what the round that
// the scrape waited for brought, and what outlives a round (counters, windows),
// which carries its own time. It is immutable.
type View struct {
	Verdict    cluster.Verdict
	Track      cluster.Track
	Growth     map[cluster.ID]cluster.Growth // by member, of those that grow measurably
	Quotas     map[cluster.ID]Quota          // by member, for those whose Status does not tell it
	Latency    []Latency
	Digests    []Digest    // nil when the digest is off
	Hash       *HashReport // nil when the comparison is off or has not run
	Thresholds []config.Threshold
	Labels     map[string]string // that the configuration gives the cluster
	Discovery  *Discovery        // nil where endpoints are configured

	Certificates []Certificate
	Advertised   []Advertised
	Rejected     []Rejected
	Rounds       uint64            // rounds of collection begun
	RPCs         map[string]uint64 // calls sent to etcd, by method: "Maintenance/Status"
	// SnapshotAge is how old the verdict was when the scrape took it: the time
	// since its round began.
	SnapshotAge time.Duration
}

// Quota is a member's space quota in bytes (+Inf for none) and where it is known
// from: metrics or config. That of Status is in the verdict.
type Quota struct {
	Bytes  float64
	Source string
}

// Latency is the window of one member's probes of one kind.
type Latency struct {
	Member string // label
	Op     string // read_linearizable, read_serializable, write
	cluster.Latency
}

// HashReport is the last comparison of the members' data.
type HashReport struct {
	At       time.Time
	Mismatch cluster.Opt[bool]
	Hashes   []cluster.Hash
}

// Rejected counts answers of a member whose field made no sense.
type Rejected struct {
	Member string // label
	Field  string
	Count  uint64
}

// Digest is what is kept of one member's own metrics: the newest that is fresh
// enough, and why there is no newer one.
type Digest struct {
	Member   string // label, empty when it is not known whose they are
	Endpoint string
	Failure  cluster.Reason // of the last attempt; empty when it succeeded
	cluster.Digest
}

// Discovery is the last look for the endpoints of a cluster.
type Discovery struct {
	Source    string // file, dns_srv
	OK        bool   // it brought some; else those of an earlier one stay
	Endpoints int    // that are in use
}

// Certificate is one that an endpoint showed in its last handshake, or one in a
// file of ours.
type Certificate struct {
	Endpoint string // empty for a file
	File     string // empty for one that was shown
	Kind     string // server, server_chain, client, ca
	Subject  string
	NotAfter time.Time
}

// Advertised is a client URL that a member advertises, and whether the member
// answers there.
type Advertised struct {
	Member    string // label
	URL       string
	Reachable bool
}
