package etcdtest

import (
	"strings"
	"testing"
)

const (
	probe    = "GET /raft/probing HTTP/1.1\r\nHost: a\r\n\r\n"
	version  = "GET /version HTTP/1.1\r\nHost: a\r\n\r\n"
	stream   = "GET /raft/stream/message/1f HTTP/1.1\r\nHost: a\r\nX-Server-From: 2a\r\n\r\n"
	pipeline = "POST /raft HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Server-From: 2a\r\n\r\nabc"
	lease    = "POST /leases HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
)

func TestSniffer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, bytes, from string
		stream, done      bool
	}{
		{name: "stream", bytes: stream, from: "2a", stream: true, done: true},
		{name: "pipeline", bytes: pipeline, from: "2a", done: true},
		{name: "probes first", bytes: probe + version + pipeline, from: "2a", done: true},
		{name: "probe only", bytes: probe},
		{name: "half a request", bytes: stream[:40]},
		{name: "a body and no sender", bytes: lease + stream, done: true},
		{name: "not HTTP", bytes: "\x16\x03\x01 hello\r\n\r\n", done: true},
		{name: "endless", bytes: strings.Repeat("x", 2*maxHead), done: true},
	} {
		for _, size := range []int{1, 7, len(test.bytes)} {
			s, told := &sniffer{}, 0
			for rest := test.bytes; rest != ""; {
				n := min(size, len(rest))
				if s.feed([]byte(rest[:n])) {
					told++
				}
				rest = rest[n:]
			}
			if s.from != test.from || s.stream != test.stream || s.done != test.done || told != len(test.from)/2 {
				t.Errorf("%s by %d bytes: from %q, stream %v, done %v, told %d times",
					test.name, size, s.from, s.stream, s.done, told)
			}
		}
	}
}
