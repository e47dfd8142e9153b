package etcdtest

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
)

// maxHead is how many bytes of a request are kept in wait for its end.
const maxHead = 16 << 10

// sniffer learns from the requests on a connection between peers which member
// dials and in which direction the connection carries raft's messages. All
// peers dial from one address, but name themselves in a header; all requests on
// a connection come from one member.
type sniffer struct {
	from   string // the dialling member's ID, in hex
	stream bool   // raft's messages are in the response

	head []byte // of a request, as far as it came
	done bool
}

// feed looks at the next bytes and tells whether the dialler is known by them
// for the first time. A nil sniffer never knows.
func (s *sniffer) feed(data []byte) bool {
	if s == nil || s.done {
		return false
	}
	s.head = append(s.head, data...)
	for {
		end := bytes.Index(s.head, []byte("\r\n\r\n"))
		if end < 0 {
			s.done = len(s.head) > maxHead
			return false
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.head[:end+4])))
		if err != nil {
			s.done = true
			return false
		}
		if s.from = r.Header.Get("X-Server-From"); s.from != "" {
			s.stream = strings.HasPrefix(r.URL.Path, "/raft/stream")
			s.done, s.head = true, nil
			return true
		}
		// A probe has no sender and no body; the next request on its
		// connection may have. Whatever has a body is never raft's.
		if s.done = r.ContentLength != 0; s.done {
			return false
		}
		s.head = s.head[end+4:]
	}
}
