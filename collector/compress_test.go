package collector

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCompress: who takes gzip gets it, errors stay readable, and what was not
// closed is not complete.
func TestCompress(t *testing.T) {
	text := strings.Repeat("etcd_monitor_member_up 1\n", 1000)
	for _, test := range []struct {
		name, accept string
		code         int
		leave, want  bool // not closed; compressed
	}{
		{"gzip", "gzip", 200, false, true},
		{"gzip among others", "br, gzip;q=0.5", 200, false, true},
		{"anything but gzip", "gzip;q=0, deflate", 200, false, false},
		{"nothing", "", 200, false, false},
		{"an error", "gzip", 500, false, false},
		{"broken off", "gzip", 200, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept-Encoding", test.accept)
			w := httptest.NewRecorder()
			z := Compress(w, r)
			if test.code != 200 {
				z.WriteHeader(test.code)
			}
			_, _ = io.WriteString(z, text)
			if !test.leave {
				z.Close()
			}
			if w.Code != test.code || w.Header().Get("Content-Encoding") == "gzip" != test.want || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Fatalf("%d, %v", w.Code, w.Header())
			}
			got := w.Body.String()
			if test.want {
				if len(got) > len(text)/10 {
					t.Errorf("%d bytes for %d", len(got), len(text))
				}
				unpacked, err := gunzip(w.Body)
				if (err != nil) != test.leave {
					t.Fatalf("unpacked with %v", err)
				}
				got = unpacked
			}
			if got != text && !test.leave {
				t.Errorf("it is %.100q", got)
			}
		})
	}
}

func gunzip(r io.Reader) (string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), err
}
