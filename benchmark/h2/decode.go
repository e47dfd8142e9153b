package h2

import (
	"bytes"

	"golang.org/x/net/http2/hpack"
)

// maxHeaders is the largest list of headers that we take, by HTTP/2's measure,
// and bounds the block that carries it. A server says so much only in error
// messages.
const maxHeaders = 64 << 10

// headers are the fields of an answer that mean something to us.
type headers struct {
	status, contentType, grpcStatus, grpcMessage string
	size                                         uint32
}

// decoder takes header blocks apart. Blocks that consist of references to tables
// mean the same until something else is put into the table: the two that nearly
// all answers have, the one that opens and the one that ends, are remembered.
type decoder struct {
	hpack *hpack.Decoder
	list  headers // of the block at hand
	known [2]knownBlock
	turn  int // which of them is replaced next

	partial []byte // of a block that goes on in the next frame
	stream  uint32 // whose block that is, 0 if there is none
	ends    bool   // that block ends the stream
}

type knownBlock struct {
	block []byte // empty: none
	list  headers
}

// maxKnown is the length of the longest block that is remembered.
const maxKnown = 32

func (d *decoder) init() {
	d.hpack = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		d.list.size += f.Size()
		switch f.Name {
		case ":status":
			d.list.status = f.Value
		case "content-type":
			d.list.contentType = f.Value
		case "grpc-status":
			d.list.grpcStatus = f.Value
		case "grpc-message":
			d.list.grpcMessage = f.Value
		}
	})
	d.hpack.SetMaxStringLength(maxHeaders)
}

// decode takes a whole block. What it returns is valid until the next one.
func (d *decoder) decode(block []byte) (*headers, error) {
	for i := range d.known {
		if k := &d.known[i]; len(block) > 0 && bytes.Equal(k.block, block) {
			return &k.list, nil
		}
	}
	d.list = headers{}
	if _, err := d.hpack.Write(block); err != nil {
		return nil, fault(errCompression, "header block: %v", err)
	}
	if err := d.hpack.Close(); err != nil {
		return nil, fault(errCompression, "header block: %v", err)
	}
	if d.list.size > maxHeaders {
		return nil, fault(errCalm, "headers of %d bytes", d.list.size)
	}
	d.remember(block)
	return &d.list, nil
}

// remember keeps a block and what it means, or forgets all when it has changed
// what others mean.
func (d *decoder) remember(block []byte) {
	switch {
	case !onlyIndexed(block):
		d.known = [2]knownBlock{}
	case len(block) <= maxKnown:
		k := &d.known[d.turn]
		k.block, k.list = append(k.block[:0], block...), d.list
		d.turn = 1 - d.turn
	}
}
