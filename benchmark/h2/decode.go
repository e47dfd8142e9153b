package h2

import "golang.org/x/net/http2/hpack"

// maxHeaders is the largest list of headers that we take, by HTTP/2's measure,
// and bounds the block that carries it. A server says so much only in error
// messages.
const maxHeaders = 64 << 10

// headers are the fields of an answer that mean something to us.
type headers struct {
	status, contentType, grpcStatus, grpcMessage string
	size                                         uint32
}

// decoder takes header blocks apart.
type decoder struct {
	hpack *hpack.Decoder
	list  headers // of the block at hand

	partial []byte // of a block that goes on in the next frame
	stream  uint32 // whose block that is, 0 if there is none
	ends    bool   // that block ends the stream
}

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
	return &d.list, nil
}
