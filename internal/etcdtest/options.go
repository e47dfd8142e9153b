package etcdtest

import (
	"errors"
	"fmt"
	"time"
)

// Options describes a cluster. The zero value is three members with plain
// HTTP, without authentication and without proxies.
type Options struct {
	Members   int // voting members that run; 3 by default
	Learners  int // learners that run beside them; more than one needs etcd 3.6
	Unstarted int // voting members that are in the list and have no process

	Names []string // of members, then learners; m0, m1, ... by default
	Token string   // initial cluster token; one of its own per cluster by default
	Dir   string   // where the cluster makes its directory, which Close removes

	// Binary is the path of an etcd to run instead of the one that is linked
	// into this binary; Binaries are paths by index, for clusters of mixed
	// versions, where "" means Binary.
	Binary   string
	Binaries []string

	ClientPorts     []int // of members, then learners; free ports by default
	MetricsListener bool  // each member serves /metrics on a port of its own, too
	Proxied         bool  // peer links go through proxies: Isolate, Partition, ...
	ClientProxied   bool  // client links do, too: CutClient, ...
	TLS             TLS
	Auth            Auth

	QuotaBytes int64         // of the backend; etcd's default of 2 GiB if 0
	Heartbeat  time.Duration // 100 ms by default
	Election   time.Duration // election timeout, 1 s by default
	Fsync      bool          // whether members wait for the disk, as real ones do
	LogLevel   string        // of the members; warn by default

	ExtraFlags  []string   // etcd flags for every member; they win over ours
	MemberFlags [][]string // etcd flags for one member, by index; they win over all
}

// clientPort is where clients reach member i; 0 is any free one.
func (o Options) clientPort(i int) int {
	if i < len(o.ClientPorts) {
		return o.ClientPorts[i]
	}
	return 0
}

// binary is what runs member i; empty is ourselves.
func (o Options) binary(i int) string {
	if i < len(o.Binaries) && o.Binaries[i] != "" {
		return o.Binaries[i]
	}
	return o.Binary
}

func (o Options) withDefaults() (Options, error) {
	if o.Members == 0 {
		o.Members = 3
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 100 * time.Millisecond
	}
	if o.Election == 0 {
		o.Election = time.Second
	}
	if o.LogLevel == "" {
		o.LogLevel = "warn"
	}
	for i := len(o.Names); i < o.Members+o.Learners; i++ {
		o.Names = append(o.Names[:i:i], fmt.Sprintf("m%d", i))
	}
	return o, o.validate()
}

func (o Options) validate() error {
	if o.Members < 1 || o.Learners < 0 || o.Unstarted < 0 {
		return errors.New("a cluster needs at least one member and no negative numbers")
	}
	if n := len(o.ClientPorts); n > 0 && n != o.Members+o.Learners {
		return fmt.Errorf("%d client ports for %d members", n, o.Members+o.Learners)
	}
	if o.TLS.ClientAuth && !o.TLS.Client {
		return errors.New("client certificates need TLS")
	}
	if o.Election < 5*o.Heartbeat {
		return errors.New("the election timeout must be at least five heartbeats")
	}
	return nil
}
