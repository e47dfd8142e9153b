package benchmark

import (
	"testing"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// TestCounts: what is reported is what the members served, exactly, and nothing
// is left.
func TestCounts(t *testing.T) {
	c := etcdtest.New(t, etcdtest.Options{LogLevel: "error"})
	for _, test := range []struct {
		kind, method string
		want         func(r Report) float64 // calls of the method
		slack        float64                // of others, who look at the cluster
	}{
		{Write, "Put", succeeded, 0},
		{Read, "Range", succeeded, 20},
		{Mixed, "Put", func(r Report) float64 { return float64(r.Kinds[1].Succeeded) }, 0},
		{Ranges, "Range", succeeded, 20},
		{Delete, "DeleteRange", succeeded, 0},
		{Txns, "Txn", succeeded, 0},
		{CAS, "Txn", func(r Report) float64 { return float64(r.Operations.Succeeded + *r.Conflicts) }, 0},
		{Watch, "Put", succeeded, 0},
		{Lease, "LeaseGrant", func(r Report) float64 { return float64(r.Kinds[0].Succeeded) }, 0},
	} {
		t.Run(test.kind, func(t *testing.T) {
			cfg := configFor(t, c)
			cfg.Type = test.kind
			var before, after float64
			cfg.Ready = func() { before = c.Handled(t, test.method) }
			cfg.Progress = func(p Progress) {
				if p.Phase == "clean up" {
					after = c.Handled(t, test.method)
				}
			}
			r, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if r.Operations != (Operations{Succeeded: cfg.Ops}) {
				t.Errorf("%+v of %d: %+v", r.Operations, cfg.Ops, r.Errors)
			}
			if served := after - before - test.want(r); served < 0 || served > test.slack {
				t.Errorf("the members served %v calls of %s, the report says %v", after-before, test.method, test.want(r))
			}
			if n := keysLeft(t, c); n != 0 {
				t.Errorf("%d keys are left", n)
			}
			want := cfg.Ops
			if test.kind == Watch {
				want *= int64(cfg.Watchers)
				if *r.Deliveries != (Deliveries{Received: want}) {
					t.Errorf("%+v of %d deliveries", *r.Deliveries, want)
				}
			}
			if n := bucketSum(r.Latency); n != want {
				t.Errorf("the buckets hold %d latencies of %d", n, want)
			}
		})
	}
}

func succeeded(r Report) float64 { return float64(r.Operations.Succeeded) }

func bucketSum(d Distribution) int64 {
	var n int64
	for _, b := range d.Buckets {
		n += b.Count
	}
	return n
}
