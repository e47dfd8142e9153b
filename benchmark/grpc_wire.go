package benchmark

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// onceDialler dials once, and keeps why it failed: grpc-go's words for it differ
// from run to run.
type onceDialler struct {
	mu     sync.Mutex // guards what follows
	dialed bool
	err    error
}

func (d *onceDialler) dial(ctx context.Context, address string) (net.Conn, error) {
	d.mu.Lock()
	again := d.dialed
	d.dialed = true
	d.mu.Unlock()
	if again {
		return nil, errConnectionLost
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	d.failed(err)
	return conn, err
}

func (d *onceDialler) failed(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
}

// why is the reason that no connection came about.
func (d *onceDialler) why(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.err != nil:
		return d.err
	case ctx.Err() != nil:
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
	return errors.New("the server closed the connection before it spoke HTTP/2")
}

// tellingCredentials tell the dialler why a handshake failed.
type tellingCredentials struct {
	credentials.TransportCredentials
	dialler *onceDialler
}

func (c *tellingCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	c.dialler.failed(err)
	return conn, info, err
}

func (c *tellingCredentials) Clone() credentials.TransportCredentials {
	return &tellingCredentials{c.TransportCredentials.Clone(), c.dialler}
}

// message is one that is encoded already.
type message struct{ bytes []byte }

// bytesCodec passes encoded messages through. It copies: grpc-go may hold a
// request for longer than the call lasts.
type bytesCodec struct{}

var _ encoding.CodecV2 = bytesCodec{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, fmt.Errorf("encode %T: not a message", v)
	}
	return mem.BufferSlice{mem.Copy(m.bytes, mem.DefaultBufferPool())}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("decode %T: not a message", v)
	}
	r := data.Reader()
	defer func() { _ = r.Close() }()
	m.bytes = m.bytes[:0]
	for {
		if len(m.bytes) == cap(m.bytes) {
			m.bytes = append(m.bytes, 0)[:len(m.bytes)]
		}
		n, err := r.Read(m.bytes[len(m.bytes):cap(m.bytes)])
		m.bytes = m.bytes[:len(m.bytes)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
