package benchmark

import (
	"context"
	"crypto/tls"
	"time"

	"google.golang.org/grpc/codes"
)

// Engine makes connections that carry calls to etcd. Engines differ in what a
// call costs the client, not in what etcd sees.
type Engine interface {
	// Name is what reports call the engine.
	Name() string
	// Dial opens a connection of its own: one TCP connection, to the one
	// address that the target names. It is usable when Dial returns, TLS and
	// HTTP/2 settings included; ctx bounds only that.
	Dial(ctx context.Context, t Target) (Conn, error)
}

// Target is where a connection goes and what holds for all its calls.
type Target struct {
	Endpoint string      // canonical URL, https for TLS
	TLS      *tls.Config // for https; the engine adds the protocols to negotiate
	// Token returns the metadata "token" of calls, empty for none; nil is none ever.
	// It is asked when a call is flushed, so that a login renewed during a run is
	// used at once, and must neither wait nor allocate.
	Token func() string
	// Timeout bounds each call, counted from its Flush. A call that reaches it is
	// cancelled and ends with DeadlineExceeded, at most a tenth of it late.
	Timeout time.Duration
	// InFlight is the largest number of calls at a time.
	InFlight int
}

// MaxResponse is the largest message that engines take for an answer. A call
// that gets a larger one ends as ResourceExhausted.
const MaxResponse = 64 << 20

// Conn is one connection with many calls in flight.
//
// Send and Flush are called by one goroutine at a time, Receive by one, and the
// two may be the same or run beside each other. None of them waits for the
// other. Close may be called by anybody and ends Receive.
type Conn interface {
	// Send takes a call for the next Flush. From then until Receive hands it
	// out, the call and what it refers to belong to the connection.
	Send(c *Call)
	// Flush writes what was sent, in as few writes as it takes. It does not wait
	// for the peer: what flow control or a full socket holds back goes out by
	// itself as soon as it can.
	Flush()
	// Receive waits until calls have ended and appends them to done. Every call
	// that was sent ends exactly once. When the connection can carry no more
	// calls (lost, or the server is going away), those that were left end as
	// Unavailable, and once all were handed out Receive returns why, alone, then
	// and ever after; so do calls that are sent meanwhile.
	Receive(done []*Call) ([]*Call, error)
	// Close ends the connection and the calls that are left on it.
	Close() error
}

// Call is one unary call. The caller fills it and uses it again once it ended.
type Call struct {
	Slot    int    // the caller's; engines leave it alone
	Method  Method // what is called
	Request []byte // the encoded message, without gRPC's prefix

	// What follows is set by the engine before Receive hands the call out.

	// Response is the encoded message of an answer, in the capacity that the
	// caller left there; of no meaning unless Code is OK.
	Response []byte
	Code     codes.Code
	Message  string    // the server's, or ours, unless Code is OK
	Ended    time.Time // when the answer was read
	// Unsent: the connection takes no more calls, and the server has certainly not
	// acted on this one, because it never left or the server said so. Sending it
	// again elsewhere is safe. A call whose time ran out is over, sent or not.
	Unsent bool
}

// Method is a gRPC method of etcd.
type Method uint8

// The methods that benchmarks call.
const (
	Put Method = iota
	Range
	DeleteRange
	Txn
	LeaseGrant
	LeaseRevoke
	numMethods
)

// Methods are all methods, in order.
func Methods() []Method {
	all := make([]Method, numMethods)
	for i := range all {
		all[i] = Method(i)
	}
	return all
}

// Path is the method's HTTP/2 path.
func (m Method) Path() string {
	return [numMethods]string{
		"/etcdserverpb.KV/Put", "/etcdserverpb.KV/Range", "/etcdserverpb.KV/DeleteRange", "/etcdserverpb.KV/Txn",
		"/etcdserverpb.Lease/LeaseGrant", "/etcdserverpb.Lease/LeaseRevoke",
	}[m]
}
