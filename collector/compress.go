package collector

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// Compressed is a response that is compressed if whoever asks takes it so. The
// level is the fastest one: the next takes twice the time to save a tenth.
type Compressed struct {
	http.ResponseWriter
	gzip  *gzip.Writer // nil while, or because, nothing is to be compressed
	takes bool
	began bool
}

// compressors are kept: each has hundreds of kilobytes.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that exists
	return z
}}

// Compress prepares a response to r. It must be closed when it is complete, and
// only then: what breaks off must not look like the whole.
func Compress(w http.ResponseWriter, r *http.Request) *Compressed {
	w.Header().Add("Vary", "Accept-Encoding")
	return &Compressed{ResponseWriter: w, takes: acceptsGzip(r)}
}

// WriteHeader implements http.ResponseWriter. Errors are told as they are.
func (c *Compressed) WriteHeader(code int) {
	if !c.began && c.takes && code == http.StatusOK {
		c.Header().Set("Content-Encoding", "gzip")
		c.gzip = compressors.Get().(*gzip.Writer)
		c.gzip.Reset(c.ResponseWriter)
	}
	c.began = true
	c.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (c *Compressed) Write(b []byte) (int, error) {
	if !c.began {
		c.WriteHeader(http.StatusOK)
	}
	if c.gzip == nil {
		return c.ResponseWriter.Write(b)
	}
	return c.gzip.Write(b)
}

// Close ends the response. Whether it arrives is not for us to know.
func (c *Compressed) Close() {
	if c.gzip == nil {
		return
	}
	_ = c.gzip.Close()
	compressors.Put(c.gzip)
	c.gzip = nil
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
