package fake

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that ours falls back to
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Script is how a member deviates from a healthy one. The zero Script is none.
type Script struct {
	// Delay passes before each answer.
	Delay time.Duration
	// Before may hold up a call until ctx ends, or fail it. Method is as in
	// KV/Range.
	Before func(ctx context.Context, method string) error
	// These alter the healthy answers.
	Status func(*pb.StatusResponse)
	Range  func(*pb.RangeRequest, *pb.RangeResponse)
	List   func(*pb.MemberListResponse)
	// Bytes replaces the encoded answer by whatever it returns.
	Bytes func(method string, answer []byte) []byte
	// Learner makes the member one: it refuses what learners refuse.
	Learner bool
	// Token is what calls must bring, and what Authenticate gives.
	Token string
}

// Server is one fake member.
type Server struct {
	URL  string // of its client port, http://127.0.0.1:port
	ID   uint64
	Name string

	cluster *Cluster
	grpc    *grpc.Server
	web     *http.Server
	port    *port

	mu    sync.Mutex // guards what follows
	tell  Script
	calls map[string]int
}

func newServer(c *Cluster, id uint64, name string) (*Server, error) {
	port, err := openPort()
	if err != nil {
		return nil, err
	}
	s := &Server{URL: port.url(), ID: id, Name: name, cluster: c, port: port, calls: map[string]int{}}
	s.grpc = grpc.NewServer(
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2("proto")}),
		grpc.UnaryInterceptor(s.intercept),
	)
	pb.RegisterKVServer(s.grpc, kv{s: s})
	pb.RegisterMaintenanceServer(s.grpc, maintenance{s: s})
	pb.RegisterClusterServer(s.grpc, members{s: s})
	pb.RegisterAuthServer(s.grpc, auth{s: s})
	pb.RegisterLeaseServer(s.grpc, lease{s: s})
	s.web = &http.Server{Handler: http.HandlerFunc(s.metrics), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.grpc.Serve(port.rpc) }()
	go func() { _ = s.web.Serve(port.web) }()
	return s, nil
}

func (s *Server) close() {
	s.port.shut()
	s.grpc.Stop()
	_ = s.web.Close()
}

// metrics tells what the cluster exposes, as this member's own.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	text := s.cluster.exposition()
	if text == "" {
		http.Error(w, "there is none", http.StatusNotFound)
		return
	}
	s.mu.Lock()
	s.calls["GET /metrics"]++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(w, serverID.ReplaceAllString(text, fmt.Sprintf(`etcd_server_id{server_id="%x"}`, s.ID)))
}

// serverID is where an exposition says whose it is.
var serverID = regexp.MustCompile(`etcd_server_id\{server_id="[0-9a-f]*"\}`)

// Tell replaces what the member deviates in.
func (s *Server) Tell(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell = script
}

func (s *Server) script() Script {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tell
}

// Wire replaces what the member does with connections, and drops those it has.
func (s *Server) Wire(w Wire) error { return s.port.set(w) }

// Connections are those that are open, and how many there ever were.
func (s *Server) Connections() (open, ever int) { return s.port.count() }

// Calls is how often the member was asked, by service and method.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// intercept is every call: it counts, holds up, and swaps the answer.
func (s *Server) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	method := info.FullMethod[strings.LastIndexByte(info.FullMethod, '.')+1:]
	s.mu.Lock()
	s.calls[method]++
	script := s.tell
	s.mu.Unlock()
	if script.Delay > 0 {
		select {
		case <-time.After(script.Delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if script.Before != nil {
		if err := script.Before(ctx, method); err != nil {
			return nil, err
		}
	}
	if md, _ := metadata.FromIncomingContext(ctx); script.Token != "" && method != "Auth/Authenticate" {
		if tokens := md.Get("token"); len(tokens) != 1 || tokens[0] != script.Token {
			return nil, status.Error(codes.Unauthenticated, "etcdserver: invalid auth token")
		}
	}
	resp, err := handle(ctx, req)
	if err != nil || script.Bytes == nil {
		return resp, err
	}
	b, err := proto.Marshal(resp.(proto.Message))
	return raw(script.Bytes(method, b)), err
}

// Silent is a Script's Before that answers nothing while the caller waits.
func Silent(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// raw is an answer that is sent as it is.
type raw []byte

type codec struct{ encoding.CodecV2 }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.(raw); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.CodecV2.Marshal(v)
}
