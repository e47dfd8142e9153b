// Package fake is etcd as a test wants it: members in this process that look
// healthy until they are told to lie, to stall or to break the wire, and that
// count what they are asked.
//
//	c := fake.New(t, 3)
//	c.Server(0).Tell(fake.Script{Status: func(r *pb.StatusResponse) { r.Header = nil }})
//	c.Server(1).Wire(fake.Hang)
//
// They hold no keys and agree on nothing: for how etcd behaves there is package
// etcdtest. They are for what etcd never does, and for numbers of members and
// of rounds that processes could not keep up with.
package fake

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// ClusterID is the cluster ID that fake members tell, those of a Fleet aside.
const ClusterID = 0xfa4e

// Cluster is fake members that know each other.
type Cluster struct {
	servers []*Server

	mu        sync.Mutex // guards what follows
	id        uint64
	leader    uint64
	term      uint64
	revision  int64
	strangers []*pb.Member
	exposed   string
}

// New starts n members, the first of which leads. They are closed with the test.
func New(t testing.TB, n int) *Cluster {
	t.Helper()
	return newCluster(t, ClusterID, n)
}

// Fleet starts many clusters of n members each, with IDs of their own.
func Fleet(t testing.TB, clusters, n int) []*Cluster {
	t.Helper()
	var all []*Cluster
	for i := range uint64(clusters) {
		all = append(all, newCluster(t, ClusterID+i, n))
	}
	return all
}

func newCluster(t testing.TB, id uint64, n int) *Cluster {
	t.Helper()
	c := &Cluster{id: id, leader: memberID(0), term: 2, revision: 1}
	for i := range n {
		s, err := newServer(c, memberID(i), fmt.Sprintf("fake-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.close)
		c.servers = append(c.servers, s)
	}
	return c
}

func memberID(i int) uint64 { return uint64(0xa000 + i) }

// Server is member i, counted from 0.
func (c *Cluster) Server(i int) *Server { return c.servers[i] }

// Servers are all members.
func (c *Cluster) Servers() []*Server { return slices.Clone(c.servers) }

// Endpoints are the client URLs of all members.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, s := range c.servers {
		urls = append(urls, s.URL)
	}
	return urls
}

// Elect makes member i the leader of the next term.
func (c *Cluster) Elect(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = memberID(i)
	c.term++
}

// List adds entries to the member list that have no server here.
func (c *Cluster) List(strangers ...*pb.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.strangers = append(c.strangers, strangers...)
}

// Expose makes all members serve an exposition of metrics, such as a real one's,
// under their own IDs. Before, there is none.
func (c *Cluster) Expose(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exposed = text
}

func (c *Cluster) exposition() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exposed
}

// Calls is how often the members were asked, by service and method, as in
// KV/Range.
func (c *Cluster) Calls() map[string]int {
	all := map[string]int{}
	for _, s := range c.servers {
		for method, n := range s.Calls() {
			all[method] += n
		}
	}
	return all
}

func (c *Cluster) header(member uint64) *pb.ResponseHeader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &pb.ResponseHeader{ClusterId: c.id, MemberId: member, Revision: c.revision, RaftTerm: c.term}
}

// status is what a healthy member says.
func (c *Cluster) status(member uint64) *pb.StatusResponse {
	h := c.header(member)
	c.mu.Lock()
	defer c.mu.Unlock()
	return &pb.StatusResponse{
		Header: h, Version: "3.7.3", StorageVersion: "3.7.0", Leader: c.leader,
		RaftIndex: 10, RaftAppliedIndex: 10, RaftTerm: c.term,
		DbSize: 32 << 10, DbSizeInUse: 16 << 10, DbSizeQuota: 2 << 30,
		DowngradeInfo: &pb.DowngradeInfo{},
	}
}

func (c *Cluster) list(member uint64) *pb.MemberListResponse {
	r := &pb.MemberListResponse{Header: c.header(member)}
	for _, s := range c.servers {
		r.Members = append(r.Members, &pb.Member{
			ID: s.ID, Name: s.Name, ClientURLs: []string{s.URL}, IsLearner: s.script().Learner,
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Members = append(r.Members, c.strangers...)
	return r
}
