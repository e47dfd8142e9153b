package benchmark

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// login is the token for one endpoint.
type login struct {
	token    atomic.Pointer[string]
	renewing atomic.Bool
	first    sync.Mutex // held by who logs in for all who wait
}

// login is the source of tokens for an endpoint; nil when none is needed. One
// login serves all its connections: each costs etcd a tenth of a second of CPU.
func (f *fleet) login(ctx context.Context, endpoint string) (func() string, error) {
	if !f.c.Cluster.Auth.Enabled() {
		return nil, nil
	}
	f.mu.Lock()
	l := f.logins[endpoint]
	if l == nil {
		l = new(login)
		f.logins[endpoint] = l
	}
	f.mu.Unlock()
	l.first.Lock()
	defer l.first.Unlock()
	if l.token.Load() == nil {
		if err := f.renew(ctx, endpoint, l); err != nil {
			return nil, err
		}
	}
	return func() string { return *l.token.Load() }, nil
}

func (f *fleet) renew(ctx context.Context, endpoint string, l *login) error {
	token, err := f.server.client.Token(ctx, endpoint)
	if err != nil {
		return err
	}
	l.token.Store(&token)
	return nil
}

// failed is told of every call that failed: a token that etcd has forgotten is
// renewed.
func (f *fleet) failed(endpoint string, o *op) {
	if o.Code != codes.Unauthenticated && !strings.Contains(o.Message, "invalid auth token") {
		return
	}
	f.mu.Lock()
	l := f.logins[endpoint]
	f.mu.Unlock()
	if l == nil || !l.renewing.CompareAndSwap(false, true) {
		return
	}
	f.work.Go(func() {
		defer l.renewing.Store(false)
		if err := f.renew(f.ctx, endpoint, l); err != nil {
			f.c.Logger.Warn("the login could not be renewed", "endpoint", endpoint, "error", err)
		}
	})
}
