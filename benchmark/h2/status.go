package h2

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
)

// trailing is the outcome that the headers which end an answer tell.
func trailing(h *headers, complete bool) outcome {
	if h.grpcStatus == "" {
		if h.status != "" && h.status != "200" {
			return notGRPC(h)
		}
		return outcome{code: codes.Internal, message: "the server ended the call without a status"}
	}
	n, err := strconv.ParseUint(h.grpcStatus, 10, 32)
	switch {
	case err != nil:
		return outcome{code: codes.Unknown, message: fmt.Sprintf("malformed grpc-status %q", h.grpcStatus)}
	case n != uint64(codes.OK):
		return outcome{code: codes.Code(n), message: percentDecode(h.grpcMessage)}
	case !complete:
		return outcome{code: codes.Internal, message: "the server answered OK without a whole message"}
	}
	return outcome{}
}

// notGRPC is the outcome of an answer that is HTTP, but not gRPC, with the code
// that gRPC gives to the HTTP status.
func notGRPC(h *headers) outcome {
	code := codes.Unknown
	switch n, _ := strconv.Atoi(h.status); n {
	case http.StatusBadRequest:
		code = codes.Internal
	case http.StatusUnauthorized:
		code = codes.Unauthenticated
	case http.StatusForbidden:
		code = codes.PermissionDenied
	case http.StatusNotFound:
		code = codes.Unimplemented
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		code = codes.Unavailable
	}
	return outcome{code: code, message: fmt.Sprintf("not a gRPC server: HTTP status %q, content type %q", h.status, h.contentType)}
}

// isGRPC tells whether a content type is that of gRPC, in whatever encoding.
func isGRPC(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// resetting is the outcome of a call whose stream the peer has reset.
func resetting(code http2.ErrCode) outcome {
	o := outcome{code: codes.Internal, message: "the server reset the stream: " + code.String()}
	switch code {
	case http2.ErrCodeRefusedStream:
		o.code, o.unsent = codes.Unavailable, true
	case http2.ErrCodeCancel:
		o.code = codes.Canceled
	case http2.ErrCodeEnhanceYourCalm, http2.ErrCodeFlowControl:
		o.code = codes.ResourceExhausted
	case http2.ErrCodeInadequateSecurity:
		o.code = codes.PermissionDenied
	}
	return o
}

// percentDecode undoes what gRPC does to messages. What is not a valid escape
// stays as it is.
func percentDecode(s string) string {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '%') {
		b.WriteString(s[:i])
		if n, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8); err == nil && i+2 < len(s) {
			b.WriteByte(byte(n))
			s = s[i+3:]
			continue
		}
		b.WriteByte('%')
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}
