package benchmark

import (
	"fmt"
	"sync/atomic"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// mixed reads or writes; which of them depends on the number of the operation
// alone, so that a run of so many operations has always the same reads.
type mixed struct {
	read, write *simple
	ratio       float64
	seed        uint64
}

func (m *mixed) kinds() []kind         { return []kind{m.read.kind, m.write.kind} }
func (m *mixed) templates() []template { return []template{m.read.one, m.write.one} }

func (m *mixed) begin(o *op) {
	part := m.write
	o.kind = 1
	if unit(mix(^m.seed+uint64(o.index))) < m.ratio {
		part, o.kind = m.read, 0
	}
	message := o.messages[o.kind]
	o.Method, o.Request = part.one.method, message
	part.one.set(message, 0, part.choose.key(o.index))
}

func (m *mixed) end(o *op) (bool, string) {
	if o.kind == 0 {
		return m.read.end(o)
	}
	return m.write.end(o)
}

// cas reads a key and writes it if nobody else has meanwhile, until it has
// written: one operation, of two calls or more.
type cas struct {
	read      *simple
	k         keyspace
	value     []byte
	conflicts atomic.Int64
}

func (w *maker) cas() *cas {
	read := w.reads()
	read.kind.name = "cas"
	read.kind.read = false
	return &cas{read: read, k: w.k, value: w.value}
}

func (c *cas) kinds() []kind         { return c.read.kinds() }
func (c *cas) templates() []template { return c.read.templates() }

func (c *cas) begin(o *op) {
	c.read.begin(o)
	o.key = c.read.choose.key(o.index)
}

func (c *cas) end(o *op) (bool, string) {
	var kvs *pb.RangeResponse
	if o.step == 0 {
		kvs = new(pb.RangeResponse)
		if err := proto.Unmarshal(o.Response, kvs); err != nil {
			return false, fmt.Sprintf("decode the answer to a read: %v", err)
		}
	} else {
		if field(o.Response, txnSucceeded) == 1 {
			return false, ""
		}
		c.conflicts.Add(1)
		answer := new(pb.TxnResponse)
		if err := proto.Unmarshal(o.Response, answer); err != nil {
			return false, fmt.Sprintf("decode the answer to a transaction: %v", err)
		}
		if len(answer.GetResponses()) == 1 {
			kvs = answer.GetResponses()[0].GetResponseRange()
		}
	}
	if len(kvs.GetKvs()) != 1 {
		return false, fmt.Sprintf("%d keys found where one is", len(kvs.GetKvs()))
	}
	request, err := proto.Marshal(c.swap(c.k.key(o.key), kvs.GetKvs()[0].GetModRevision()))
	if err != nil {
		return false, fmt.Sprintf("encode a transaction: %v", err)
	}
	o.Method, o.Request = Txn, request
	return true, ""
}

// swap writes the key unless it changed after the revision; then it reads it.
func (c *cas) swap(key []byte, revision int64) *pb.TxnRequest {
	return &pb.TxnRequest{
		Compare: []*pb.Compare{{
			Key: key, Target: pb.Compare_MOD, Result: pb.Compare_EQUAL, TargetUnion: &pb.Compare_ModRevision{ModRevision: revision},
		}},
		Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: key, Value: c.value}}}},
		Failure: []*pb.RequestOp{{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: key}}}},
	}
}

// leases are granted and revoked in turn by each client, so that at most one
// per client exists.
type leases struct{}

// leaseTTL is what becomes of leases that an end by force leaves, in seconds.
const leaseTTL = 60

func (leases) kinds() []kind         { return []kind{{name: "grant"}, {name: "revoke"}} }
func (leases) templates() []template { return nil }

func (leases) begin(o *op) {
	var m proto.Message = &pb.LeaseGrantRequest{TTL: leaseTTL}
	o.kind, o.Method = 0, LeaseGrant
	if o.lease != 0 {
		m = &pb.LeaseRevokeRequest{ID: o.lease}
		o.kind, o.Method = 1, LeaseRevoke
	}
	o.lease = 0
	o.Request, _ = proto.Marshal(m) // two numbers cannot fail
}

func (leases) end(o *op) (bool, string) {
	if o.kind == 0 {
		if o.lease = int64(field(o.Response, grantedID)); o.lease == 0 {
			return false, "a lease without an ID"
		}
	}
	return false, ""
}
