package h2

import "encoding/binary"

// records is a socket whose Read never goes beyond the end of a TLS record. So
// it is known whether another whole one has arrived, which TLS can be asked for
// without waiting: what came together is then handed out together.
type records struct {
	*socket
	buf        []byte
	from, fill int // what was read and not handed out
	left       int // of the record that is being handed out
}

const recordHeaderLen = 5

func newRecords(s *socket) *records { return &records{socket: s, buf: make([]byte, readBuffer)} }

// Read implements net.Conn.
func (r *records) Read(p []byte) (int, error) {
	if r.left == 0 {
		for r.fill-r.from < recordHeaderLen {
			r.fill = copy(r.buf, r.buf[r.from:r.fill])
			r.from = 0
			n, err := r.socket.Read(r.buf[r.fill:])
			r.fill += n
			if err != nil {
				return 0, err
			}
		}
		r.left = r.next()
	}
	if r.from == r.fill {
		r.from, r.fill = 0, 0
		n, err := r.socket.Read(r.buf)
		r.fill = n
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.from:min(r.fill, r.from+r.left)])
	r.from += n
	r.left -= n
	return n, nil
}

// next is the length of the next record, of which the header is there.
func (r *records) next() int {
	const lengthAt = 3
	return recordHeaderLen + int(binary.BigEndian.Uint16(r.buf[r.from+lengthAt:]))
}

// whole tells whether another record has arrived to its end.
func (r *records) whole() bool {
	have := r.fill - r.from
	return r.left == 0 && have >= recordHeaderLen && have >= r.next()
}
