package etcd

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// Endpoints come and go while rounds run. Who stays keeps the connection, who
// goes is not missed by a round that was asking, and nobody is called down.
func TestSetEndpoints(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{})
	c := watch(t, nil, func(o *Options) { o.Cluster.DiscoverMembers = false })
	if v := judge(t, c); v.Up || v.HasQuorum.OK || v.QuorumUnknown != cluster.UnknownNoAnswer || len(v.Members) > 0 {
		t.Errorf("of no endpoint: %s", summary(v))
	}
	etcdtest.OK(t, c.SetEndpoints(e.Endpoints()[:2]))
	judge(t, c)
	first := c.current()
	for _, a := range first {
		etcdtest.Eventually(t, 5*time.Second, "a connection", func() bool { return a.conn.GetState() == connectivity.Ready })
	}

	done := make(chan struct{})
	var rounds sync.WaitGroup
	for range 3 {
		rounds.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
				v := cluster.Judge(c.Observe(ctx))
				cancel()
				for _, f := range v.Failed { // a busy machine has timeouts
					if f.Failure.Reason != cluster.ReasonTimeout {
						t.Errorf("in between: %+v", f)
					}
				}
			}
		})
	}
	for i := range 30 {
		etcdtest.OK(t, c.SetEndpoints(e.Endpoints()[i%2:]))
		judge(t, c)
		etcdtest.OK(t, c.SetEndpoints(e.Endpoints()[:2]))
		judge(t, c)
	}
	close(done)
	rounds.Wait()
	now := c.current()
	if len(now) != 2 || now[1] != first[1] || first[1].conn.GetState() != connectivity.Ready {
		t.Error("the endpoint that stayed has another connection")
	}
	if now[0] == first[0] {
		t.Error("the endpoint that went is back")
	}
	if first[0].conn.GetState() == connectivity.Shutdown {
		t.Error("the endpoint that went was closed while rounds could be asking it")
	}
	c.Close()
	if first[0].conn.GetState() != connectivity.Shutdown {
		t.Error("the endpoint that went is still open")
	}
	etcdtest.OK(t, c.SetEndpoints(e.Endpoints()))
	if len(c.current()) > 0 {
		t.Error("a closed client has endpoints")
	}
}

// A list of targets may turn to another cluster: then that one is watched, and
// what was known of the other is no longer told.
func TestSetEndpointsOfAnotherCluster(t *testing.T) {
	t.Parallel()
	one, other := etcdtest.New(t, etcdtest.Options{}), etcdtest.New(t, etcdtest.Options{Members: 1})
	c := watch(t, one.Endpoints())
	if v := judge(t, c); v.Voters != cluster.Known(3) {
		t.Fatalf("at first: %s", summary(v))
	}
	etcdtest.OK(t, c.SetEndpoints(other.Endpoints()))
	judge(t, c)
	v := judge(t, c)
	if v.Voters != cluster.Known(1) || v.HasQuorum != cluster.Known(true) || len(v.Members) != 1 || len(v.Failed) > 0 ||
		v.SplitBrain.ClusterID.V {
		t.Errorf("of the other cluster: %s", summary(v))
	}
	if urls := c.current(); slices.ContainsFunc(urls, func(e *endpoint) bool { return slices.Contains(one.Endpoints(), e.url) }) {
		t.Errorf("endpoints of the first one are left: %d", len(urls))
	}
}

func TestSetEndpointsThatCannotBe(t *testing.T) {
	c := watch(t, []string{"http://127.0.0.1:1"})
	before := c.current()
	if err := c.SetEndpoints([]string{"http://127.0.0.1:2", "http://%zz"}); err == nil {
		t.Error("taken")
	}
	if !slices.Equal(c.current(), before) {
		t.Error("the endpoints changed")
	}
}
