package h2

import (
	"bytes"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// roundTrip writes, reads and removes through the connection.
func roundTrip(t *testing.T, c benchmark.Conn) {
	t.Helper()
	value := string(bytes.Repeat([]byte("v"), 300<<10))
	okay(t, c, benchmark.Put, put("k", value), &pb.PutResponse{})
	var got pb.RangeResponse
	okay(t, c, benchmark.Range, get("k"), &got)
	if len(got.Kvs) != 1 || string(got.Kvs[0].Value) != value {
		t.Fatalf("read %d keys", len(got.Kvs))
	}
	var removed pb.DeleteRangeResponse
	okay(t, c, benchmark.DeleteRange, &pb.DeleteRangeRequest{Key: []byte("k")}, &removed)
	if removed.Deleted != 1 {
		t.Fatalf("removed %d keys", removed.Deleted)
	}
}

func TestEtcd(t *testing.T) {
	for name, o := range map[string]etcdtest.TLS{
		"plain": {}, "TLS": {Client: true}, "mutual TLS": {Client: true, ClientAuth: true},
	} {
		t.Run(name, func(t *testing.T) {
			cl := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: o})
			roundTrip(t, dial(t, cl.Endpoints()[0], func(target *benchmark.Target) { target.TLS = cl.TLSConfig() }))
		})
	}
}

func TestErrorsOfEtcd(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{Members: 1})
	c := dial(t, cl.Endpoints()[0], nil)
	call := do(t, c, &benchmark.Call{Method: benchmark.Put, Request: encode(t, put("", "v"))})[0]
	if call.Code != codes.InvalidArgument || call.Message != "etcdserver: key is not provided" {
		t.Fatalf("%s: %s", call.Code, call.Message)
	}
}
