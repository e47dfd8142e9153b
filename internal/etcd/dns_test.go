package etcd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// nameServer knows no name, or does not even say so.
func nameServer(t *testing.T, answers bool) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answers && n > 3 {
				buf[2], buf[3] = buf[2]|0x80, 0x83 // an answer: there is no such name
				_, _ = conn.WriteTo(buf[:n], from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// silent is a listener that takes connections and never says a word.
func silent(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// nobody is an endpoint where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l := silent(t)
	etcdtest.OK(t, l.Close())
	return "http://" + l.Addr().String()
}

// Endpoints that lead nowhere, each in its own way, among three good ones: each
// gets its reason, and the good ones are not the worse for it.
func TestBadEndpointsAmongGoodOnes(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{ClientProxied: true})
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	want := map[string]cluster.Reason{
		"http://no.such.host.invalid:2379":       cluster.ReasonDNS,
		"http://" + silent(t).Addr().String():    cluster.ReasonTimeout,
		web.URL:                                  cluster.ReasonInvalid,
		nobody(t):                                cluster.ReasonRefused,
		"http://user.supplied.name.invalid:2379": cluster.ReasonDNS,
	}
	endpoints := e.Endpoints()
	for bad := range want {
		endpoints = append(endpoints, bad)
	}
	c := watch(t, endpoints, func(o *Options) { o.resolver = nameServer(t, true) })
	for range 3 { // reasons do not wander
		start := time.Now()
		v := wantHealthy(t, c, 3)
		if took := time.Since(start); took > localTimeout+time.Second {
			t.Errorf("the round took %v, which is more than the deadline of one call", took)
		}
		for _, m := range v.Members {
			if m.Status.Took > time.Second || m.Read.Took > time.Second {
				t.Errorf("member %s had to wait for others: %v, %v", m.Label, m.Status.Took, m.Read.Took)
			}
		}
		got := reasons(v)
		for bad, reason := range want {
			if got[bad] != reason {
				t.Errorf("%s failed because of %q, want %q: %+v", bad, got[bad], reason, v.Failed)
			}
		}
		if len(got) != len(want) {
			t.Errorf("failed are %v", got)
		}
	}
	t.Run("a member", func(t *testing.T) { unreachableMember(t, e) })
}

// unreachableMember: one that we do not reach is down as seen from here, and
// nobody suspects a partition.
func unreachableMember(t *testing.T, e *etcdtest.Cluster) {
	for _, test := range []struct {
		name  string
		fault func(int) error
		want  cluster.Reason
	}{
		{"behind a black hole", e.BlackholeClient, cluster.ReasonTimeout},
		{"behind a reset", e.CutClient, cluster.ReasonUnreachable},
	} {
		c := watch(t, e.Endpoints())
		wantHealthy(t, c, 3)
		etcdtest.OK(t, test.fault(1))
		v := judge(t, c)
		if got := reasons(v); len(got) != 1 || got[e.Endpoints()[1]] != test.want {
			t.Errorf("%s: failed are %v", test.name, got)
		}
		if v.HasQuorum != cluster.Known(true) || v.VotersUp != cluster.Known(2) || v.FailureTolerance != cluster.Known(0) {
			t.Errorf("%s: not two of three: %s", test.name, summary(v))
		}
		for _, m := range v.Members {
			if there := m.ID != cluster.ID(e.Member(1).ID()); m.Up != cluster.Known(there) || m.Partition.OK != there {
				t.Errorf("%s: member %s up is %v, partition is %v", test.name, m.Label, m.Up, m.Partition)
			}
		}
		etcdtest.OK(t, e.HealClient(1))
		etcdtest.Eventually(t, 10*time.Second, "the member is back", func() bool { return healthy(judge(t, c), 3) })
	}
}

// While the name server is silent, that is the reason, not the member.
func TestSilentNameServer(t *testing.T) {
	t.Parallel()
	c := watch(t, []string{"http://etcd.invalid:2379"}, func(o *Options) {
		o.resolver = nameServer(t, false)
		o.LocalTimeout = 300 * time.Millisecond
	})
	for range 2 {
		v := judge(t, c)
		allFailed(t, v, []string{"http://etcd.invalid:2379"}, cluster.ReasonDNS)
		unknowable(t, v, cluster.UnknownNoAnswer)
		if !strings.Contains(v.Failed[0].Failure.Text, "name server") {
			t.Errorf("it says %q", v.Failed[0].Failure.Text)
		}
	}
}

// The zone of an IPv6 address is escaped in a URL, not where it is dialled, and
// no part of what a certificate is for.
func TestEndpointWithZone(t *testing.T) {
	const zoned = "https://[fe80::1%25nowhere]:1"
	c := watch(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.dialer(&endpoint{url: zoned, configured: true})(ctx)
	var op *net.OpError
	if !errors.As(err, &op) || op.Addr == nil || op.Addr.String() != "[fe80::1%nowhere]:1" {
		t.Errorf("%s: %v", zoned, err)
	}
	if name := c.trust.clientConfig(zoned).ServerName; name != "fe80::1" {
		t.Errorf("its certificate is to be for %q", name)
	}
}
