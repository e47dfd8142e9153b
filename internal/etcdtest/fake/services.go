package fake

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// errLearner is what a learner answers to what it does not serve.
var errLearner = status.Error(codes.Unavailable, "etcdserver: rpc not supported for learner")

type maintenance struct {
	pb.UnimplementedMaintenanceServer
	s *Server
}

func (m maintenance) Status(context.Context, *pb.StatusRequest) (*pb.StatusResponse, error) {
	script := m.s.script()
	r := m.s.cluster.status(m.s.ID)
	r.IsLearner = script.Learner
	if script.Status != nil {
		script.Status(r)
	}
	return r, nil
}

func (m maintenance) HashKV(context.Context, *pb.HashKVRequest) (*pb.HashKVResponse, error) {
	return &pb.HashKVResponse{Header: m.s.cluster.header(m.s.ID), Hash: 1, CompactRevision: 1}, nil
}

type kv struct {
	pb.UnimplementedKVServer
	s *Server
}

func (k kv) Range(_ context.Context, req *pb.RangeRequest) (*pb.RangeResponse, error) {
	script := k.s.script()
	if script.Learner && !req.GetSerializable() {
		return nil, errLearner
	}
	r := &pb.RangeResponse{Header: k.s.cluster.header(k.s.ID)}
	if script.Range != nil {
		script.Range(req, r)
	}
	return r, nil
}

func (k kv) Put(context.Context, *pb.PutRequest) (*pb.PutResponse, error) {
	k.s.cluster.mu.Lock()
	k.s.cluster.revision++
	k.s.cluster.mu.Unlock()
	return &pb.PutResponse{Header: k.s.cluster.header(k.s.ID)}, nil
}

type members struct {
	pb.UnimplementedClusterServer
	s *Server
}

func (m members) MemberList(context.Context, *pb.MemberListRequest) (*pb.MemberListResponse, error) {
	script := m.s.script()
	if script.Learner {
		return nil, errLearner
	}
	r := m.s.cluster.list(m.s.ID)
	if script.List != nil {
		script.List(r)
	}
	return r, nil
}

type auth struct {
	pb.UnimplementedAuthServer
	s *Server
}

func (a auth) Authenticate(context.Context, *pb.AuthenticateRequest) (*pb.AuthenticateResponse, error) {
	return &pb.AuthenticateResponse{Header: a.s.cluster.header(a.s.ID), Token: a.s.script().Token}, nil
}

type lease struct {
	pb.UnimplementedLeaseServer
	s *Server
}

func (l lease) LeaseGrant(_ context.Context, req *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	return &pb.LeaseGrantResponse{Header: l.s.cluster.header(l.s.ID), ID: 1, TTL: req.GetTTL()}, nil
}

func (l lease) LeaseRevoke(context.Context, *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	return &pb.LeaseRevokeResponse{Header: l.s.cluster.header(l.s.ID)}, nil
}
