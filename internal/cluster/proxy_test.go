package cluster

import (
	"slices"
	"testing"
)

// Endpoints that are no member, or the same member again.
func TestJudgeEndpoints(t *testing.T) { check(t, endpoints) }

const lb = "http://lb:2379"

// fakeList is what etcd's grpc-proxy makes up when it has an address of its own
// to advertise: one member, without an ID, and an answer without a header.
func fakeList() MemberList {
	return MemberList{
		Endpoint: "http://proxy:2379",
		Members:  []ListedMember{{Name: "proxyhost", ClientURLs: []string{"http://proxy:2379"}}},
	}
}

var endpoints = []row{
	{"one member on three addresses is one", three.round(
		up(m1).leads(2), up(m1).leads(2).on("http://10.0.0.1:2379"), up(m1).leads(2).on("http://localhost:2379"),
		up(m2).follows(m1, 2), up(m3).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0`},
	{"one of two addresses of a member fails", one.round(
		up(m1).leads(2), killed(m1).on("http://10.0.0.1:2379")), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads, refused`},
	{"one address of a member tells the Status, the other serves the read", one.round(
		up(m1).leads(2).hangs(), up(m1).leads(2).noStatus(ReasonTimeout).on("http://10.0.0.1:2379")), `
		quorum 1, leader not told, term 2, claims 1, split brain 0 0
		voters 1, up 1, confirmed 1, quorum size 1, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads, timeout`},
	// Who answers changes with each connection; who the members are does not.
	{"a load balancer, today with m1 behind it", three.round(up(m1).leads(2).on(lb).stranger()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up -, confirmed -, partition -, not configured
		m3 up -, confirmed -, partition -, not configured`},
	{"a load balancer, today with m2 behind it", three.round(up(m2).follows(m1, 2).on(lb).stranger()), `
		quorum 1, m1 leads in term 2, claims 0, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up -, confirmed -, partition -, not configured
		m2 up 1, confirmed 1, partition 0
		m3 up -, confirmed -, partition -, not configured`},
	{"a load balancer that was seen to be one is no member's endpoint", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2).on(lb).balanced()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0, not configured
		m3 up -, confirmed -, partition -, not configured`},
	{"a load balancer that does not answer takes no member down", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2), killed(m1).on(lb).stranger()), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 3, confirmed 3, quorum size 2, tolerance 1
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 1, confirmed 1, partition 0
		http://lb:2379 refused`},
	{"grpc-proxy: a quorum, and no idea of whom", noList.round(
		up(m2).follows(m1, 2).servedBy(m3).on("http://proxy:2379").stranger()).lists(fakeList()), `
		quorum 1, leader not told, claims -, split brain 0 0
		voters -`},
	{"grpc-proxy, and no quorum behind it: that is not for its list to say", noList.round(
		up(m2).leaderless(2).on("http://proxy:2379").stranger()).lists(fakeList()), `
		quorum - proxy, claims -, split brain 0 0
		voters -`},
	{"a grpc-proxy beside the members' own endpoints", three.round(
		up(m1).leads(2), up(m2).follows(m1, 2), killed(m3)).lists(fakeList(), three.toldBy(m1)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 3, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0
		m3 up 0, confirmed 0, partition -, refused`},
	// Members are found by ID where they answer, whatever they advertise.
	{"advertised addresses are wrong", list{
		{ID: m1, Name: "m1", ClientURLs: []string{"http://wrong:1"}},
		{ID: m2, Name: "m2", ClientURLs: []string{"http://wrong:1"}},
	}.round(up(m1).leads(2), up(m2).follows(m1, 2)), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 2, up 2, confirmed 2, quorum size 2, tolerance 0
		m1 up 1, confirmed 1, partition 0, leads
		m2 up 1, confirmed 1, partition 0`},
	{"an address that two members advertise is nobody's", list{
		{ID: m1, Name: "m1", ClientURLs: []string{"http://localhost:2379"}},
		{ID: m2, Name: "m2", ClientURLs: []string{"http://localhost:2379"}},
	}.round(up(m1).leads(2), killed(m2).stranger().on("http://localhost:2379")), `
		quorum 1, m1 leads in term 2, claims 1, split brain 0 0
		voters 2, up -, confirmed -, quorum size 2, tolerance -
		m1 up 1, confirmed 1, partition 0, leads
		m2 up -, confirmed -, partition -, not configured
		http://localhost:2379 refused`},
}

func TestALoadBalancerMakesNoSeries(t *testing.T) {
	var first []string
	for _, s := range []say{up(m1).leads(2), up(m2).follows(m1, 2), up(m3).follows(m1, 2)} {
		var labels []string
		for _, m := range Judge(three.round(s.on(lb).stranger()).Observation).Members {
			labels = append(labels, m.Label)
		}
		if first == nil {
			first = labels
		}
		if !slices.Equal(labels, first) {
			t.Errorf("members %v became %v", first, labels)
		}
	}
}

func TestSameEndpoint(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"http://m1:2379", "http://m1:2379", true},
		{"http://m1:2379", "https://M1:2379", true},
		{"m1:2379", "http://m1:2379/", true},
		{"http://[::1]:2379", "[::1]:2379", true},
		{"http://m1:2379", "http://m1:2380", false},
		{"http://m1:2379", "http://m2:2379", false},
		{"http://m1", "http://m1", false}, // no port: no address
		{"http://m1:port", "http://m1:port", false},
		{"unix:///sock", "unix:///sock", false},
		{"", "", false},
	} {
		if got := SameEndpoint(tt.a, tt.b); got != tt.same {
			t.Errorf("%q and %q the same: %t", tt.a, tt.b, got)
		}
	}
}
