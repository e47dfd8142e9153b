package benchmark

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// keyspace makes the keys of a run: prefix, number, all of one length.
type keyspace struct {
	prefix string
	digits int
}

func newKeyspace(c Config, runID string) keyspace {
	p := c.prefix(runID)
	return keyspace{p, c.KeySize - len(p)}
}

// key number n.
func (k keyspace) key(n int64) []byte {
	b := append([]byte(k.prefix), make([]byte, k.digits)...)
	putDigits(b[len(k.prefix):], n)
	return b
}

// end is the end of the range of all keys.
func (k keyspace) end() []byte {
	b := []byte(k.prefix)
	b[len(b)-1]++
	return b
}

// before is the end of the range of keys below number n: beyond the digits there
// is no such key, and all are below.
func (k keyspace) before(n int64) []byte {
	if digits(n) > k.digits {
		return k.end()
	}
	return k.key(n)
}

// template is a message that is encoded once; only the numbers in its keys
// change from call to call.
type template struct {
	method Method
	bytes  []byte
	digits int
	at     []int // where the digits of each key are
}

// newTemplate encodes the message that build makes of the keys that it asks for.
func newTemplate(k keyspace, method Method, keys int, build func(key func(i int) []byte) proto.Message) (template, error) {
	t := template{method: method, digits: k.digits}
	// Numbers that are found again: values are random, and short of miracles do
	// not contain them.
	mark := func(i int) []byte { return k.key(int64(900_000 + i)) }
	var err error
	if t.bytes, err = proto.Marshal(build(mark)); err != nil {
		return t, fmt.Errorf("encode %s: %w", method.Path(), err)
	}
	for i := range keys {
		at := bytes.Index(t.bytes, mark(i))
		if at < 0 {
			return t, fmt.Errorf("encode %s: key %d is not in it", method.Path(), i)
		}
		t.at = append(t.at, at+len(k.prefix))
	}
	return t, nil
}

// set writes the number of a key into a copy of the template. A key that occurs
// in several fields was asked for several times.
func (t *template) set(message []byte, key int, n int64) {
	putDigits(message[t.at[key]:t.at[key]+t.digits], n)
}

// randomValue is one that no disk compresses.
func randomValue(size int, seed uint64) []byte {
	b := make([]byte, size)
	var key [32]byte
	protowire.AppendFixed64(key[:0], seed)
	_, _ = rand.NewChaCha8(key).Read(b) // never fails
	return b
}

// field finds a number in an encoded message: that of field num, 0 when it is
// not there.
func field(message []byte, num protowire.Number) uint64 {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return 0
		}
		message = message[size:]
		if n == num && kind == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(message)
			return v
		}
		if size = protowire.ConsumeFieldValue(n, kind, message); size < 0 {
			return 0
		}
		message = message[size:]
	}
	return 0
}

// Fields of etcd's answers, by their numbers.
const (
	rangeCount   protowire.Number = 4
	deletedCount protowire.Number = 2
	txnSucceeded protowire.Number = 2
	grantedID    protowire.Number = 2
)
