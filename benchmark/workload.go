package benchmark

import (
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

// op is one operation on its way: the call that is made, and whose it is.
type op struct {
	Call

	index int64 // of the operation in its phase
	kind  int   // which of the workload's kinds
	step  int   // calls that it took before this one
	due   int64 // when it was to begin; nanoseconds since the phase began
	sent  int64 // when it began

	session  *session
	messages [][]byte // this op's copies of the workload's templates
	key      int64
	lease    int64 // granted and not yet revoked
}

// kind is a sort of operation within a workload.
type kind struct {
	name string
	read bool // counts as a read for the SLO, else as a write
	// aside: it comes of the operations, and is none itself. The latency of a
	// run is that of its kinds aside, if it has some.
	aside bool
}

// workload makes operations. Its methods are called from many goroutines, each
// with ops of its own.
type workload interface {
	// kinds are the sorts of operations; op.kind is an index.
	kinds() []kind
	templates() []template
	// begin prepares the first call of operation o.index.
	begin(o *op)
	// end looks at an answer. more means that it prepared another call of the
	// same operation; problem is why the answer is wrong, if it is.
	end(o *op) (more bool, problem string)
}

// simple is a workload whose operations are one call each, of one template.
type simple struct {
	kind   kind
	one    template
	choose chooser
	patch  func(s *simple, o *op, message []byte)
	check  func(answer []byte) string // may be nil
}

func (s *simple) kinds() []kind         { return []kind{s.kind} }
func (s *simple) templates() []template { return []template{s.one} }

func (s *simple) begin(o *op) {
	m := o.messages[0]
	o.Method, o.Request = s.one.method, m
	if s.patch != nil {
		s.patch(s, o, m)
		return
	}
	s.one.set(m, 0, s.choose.key(o.index))
}

func (s *simple) end(o *op) (bool, string) {
	if s.check == nil {
		return false, ""
	}
	return false, s.check(o.Response)
}

// newWorkload makes the one that c asks for.
func newWorkload(c Config, k keyspace, seed uint64) (workload, error) {
	w := &maker{c: c, k: k, choose: newChooser(c.distribution(), c.space(), seed), value: randomValue(c.ValueSize, seed)}
	made := w.make()
	return made, w.err
}

// maker holds what workloads are made of; err is the first that went wrong.
type maker struct {
	c      Config
	k      keyspace
	choose chooser
	value  []byte
	err    error
}

func (w *maker) make() workload {
	switch w.c.Type {
	case Write:
		return w.writes()
	case Watch:
		return w.watched()
	case Read:
		return w.reads()
	case Mixed:
		return &mixed{read: w.reads(), write: w.writes(), ratio: w.c.ReadRatio, seed: w.choose.seed}
	case Ranges:
		return w.ranges()
	case Delete:
		return w.deletes()
	case Txns:
		return w.txns()
	case CAS:
		return w.cas()
	case Lease:
		return &leases{}
	}
	w.err = fmt.Errorf("type: %q is none", w.c.Type)
	return nil
}

func (w *maker) template(m Method, keys int, build func(key func(int) []byte) proto.Message) template {
	t, err := newTemplate(w.k, m, keys, build)
	if w.err == nil {
		w.err = err
	}
	return t
}

func (w *maker) writes() *simple {
	return &simple{kind: kind{name: "write"}, choose: w.choose, one: w.template(Put, 1, func(key func(int) []byte) proto.Message {
		return &pb.PutRequest{Key: key(0), Value: w.value}
	})}
}

func (w *maker) reads() *simple {
	return &simple{
		kind: kind{name: "read", read: true}, choose: w.choose,
		one: w.template(Range, 1, func(key func(int) []byte) proto.Message {
			return &pb.RangeRequest{Key: key(0), Serializable: w.c.Serializable}
		}),
		check: func(answer []byte) string { return wantCount(answer, 1) },
	}
}

func wantCount(answer []byte, want int64) string {
	if n := int64(field(answer, rangeCount)); n != want {
		return fmt.Sprintf("%d keys found where %d are", n, want)
	}
	return ""
}

func (w *maker) ranges() *simple {
	size := w.c.RangeSize
	choose := w.choose
	choose.space -= size - 1 // so that every range is full
	return &simple{
		kind: kind{name: "range", read: true}, choose: choose,
		one: w.template(Range, 2, func(key func(int) []byte) proto.Message {
			return &pb.RangeRequest{Key: key(0), RangeEnd: key(1), Serializable: w.c.Serializable, CountOnly: w.c.CountOnly}
		}),
		patch: func(s *simple, o *op, m []byte) {
			from := s.choose.key(o.index)
			s.one.set(m, 0, from)
			s.one.set(m, 1, from+size)
		},
		check: func(answer []byte) string { return wantCount(answer, size) },
	}
}

func (w *maker) deletes() *simple {
	choose := w.choose
	choose.kind = Sequential // each key once
	return &simple{
		kind: kind{name: "delete"}, choose: choose,
		one: w.template(DeleteRange, 1, func(key func(int) []byte) proto.Message {
			return &pb.DeleteRangeRequest{Key: key(0)}
		}),
		check: func(answer []byte) string {
			if n := field(answer, deletedCount); n != 1 {
				return fmt.Sprintf("%d keys deleted where one is", n)
			}
			return ""
		},
	}
}

// txns compare one key and write several.
func (w *maker) txns() *simple {
	n := w.c.TxnOps
	return &simple{
		kind: kind{name: "txn"}, choose: w.choose,
		one: w.template(Txn, 1+n, func(key func(int) []byte) proto.Message {
			// Every key has a version of at least 0: the comparison is made, and
			// holds.
			t := &pb.TxnRequest{Compare: []*pb.Compare{{
				Key: key(0), Target: pb.Compare_VERSION, Result: pb.Compare_GREATER,
				TargetUnion: &pb.Compare_Version{Version: -1},
			}}}
			for i := range n {
				t.Success = append(t.Success, &pb.RequestOp{Request: &pb.RequestOp_RequestPut{
					RequestPut: &pb.PutRequest{Key: key(1 + i), Value: w.value},
				}})
			}
			return t
		}),
		patch: func(s *simple, o *op, m []byte) {
			first := s.choose.key(o.index)
			s.one.set(m, 0, first)
			for i := range n {
				s.one.set(m, 1+i, (first+int64(i))%s.choose.space)
			}
		},
		check: func(answer []byte) string {
			if field(answer, txnSucceeded) != 1 {
				return "the comparison failed that always holds"
			}
			return ""
		},
	}
}
