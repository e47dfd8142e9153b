package h2

import (
	"bytes"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// encoder makes the header blocks of calls. The first call of a method puts its
// fields into the table that the peer keeps; from then on the block is a few
// references into that table, the same for each call until something else is
// put there.
type encoder struct {
	scheme, authority, timeout string
	token                      func() string

	hpack  *hpack.Encoder
	buf    bytes.Buffer
	blocks []block // by method
}

// block is a header block that changes no table.
type block struct {
	bytes []byte // nil: not known
	token string
}

func (e *encoder) init(u *url.URL, t benchmark.Target) {
	e.scheme, e.authority, e.timeout, e.token = u.Scheme, u.Host, grpcTimeout(t.Timeout), t.Token
	e.hpack = hpack.NewEncoder(&e.buf)
	e.blocks = make([]block, len(benchmark.Methods()))
}

// block is the header block of a call that is sent next.
func (e *encoder) block(m benchmark.Method) []byte {
	token := ""
	if e.token != nil {
		token = e.token()
	}
	b := &e.blocks[m]
	if b.bytes != nil && b.token == token {
		return b.bytes
	}
	e.buf.Reset()
	e.field(":method", "POST")
	e.field(":scheme", e.scheme)
	e.field(":path", m.Path())
	e.field(":authority", e.authority)
	e.field("content-type", "application/grpc")
	e.field("te", "trailers")
	e.field("user-agent", "etcd-monitor")
	if e.timeout != "" {
		e.field("grpc-timeout", e.timeout)
	}
	if token != "" {
		e.field("token", token)
	}
	if !onlyIndexed(e.buf.Bytes()) {
		e.forget() // the table has changed, and with it what references mean
		return e.buf.Bytes()
	}
	*b = block{bytes.Clone(e.buf.Bytes()), token}
	return b.bytes
}

// field encodes a field. The buffer takes everything.
func (e *encoder) field(name, value string) {
	_ = e.hpack.WriteField(hpack.HeaderField{Name: name, Value: value})
}

// forget drops all blocks.
func (e *encoder) forget() { clear(e.blocks) }

// limit is the largest table that the peer keeps. The next block says so.
func (e *encoder) limit(size uint32) {
	e.hpack.SetMaxDynamicTableSizeLimit(size)
	e.forget()
}

// onlyIndexed tells whether a header block consists of references to tables and
// nothing else, so that it leaves them as they are.
func onlyIndexed(block []byte) bool {
	for i := 0; i < len(block); i++ {
		switch {
		case block[i]&0x80 == 0: // a literal, or a change of the table's size
			return false
		case block[i]&0x7f == 0x7f: // the number goes on
			for i++; i < len(block) && block[i]&0x80 != 0; i++ {
			}
		}
	}
	return true
}

// grpcTimeout is a time limit as gRPC writes it: at most eight digits and a
// unit, rounded up; empty for none.
func grpcTimeout(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	const digits = 1e8
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"n", time.Nanosecond}, {"u", time.Microsecond}, {"m", time.Millisecond}, {"S", time.Second}, {"M", time.Minute}} {
		if n := (d + u.unit - 1) / u.unit; n < digits {
			return strconv.FormatInt(int64(n), 10) + u.name
		}
	}
	return strconv.FormatInt(int64((d+time.Hour-1)/time.Hour), 10) + "H"
}
