package etcd

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// The least time between two attempts to log in at one endpoint: each costs a
// member some 100 ms of CPU and the cluster a raft proposal. One that failed is
// likely to fail again; a token that etcd forgot, as after a restart or a change
// of the password, is soon replaced.
const (
	loginPause = 5 * time.Second
	renewPause = time.Second
)

// login keeps the token of one endpoint. Each member forgets etcd's simple tokens
// when they are not used there for five minutes; logging in needs a quorum. So a
// token is never dropped for a failed renewal: without quorum the old one still
// opens what can be seen.
type login struct {
	auth config.Auth
	rpc  pb.AuthClient

	mu     sync.Mutex // guards what follows
	token  string
	tried  time.Time
	err    error
	flight chan struct{} // closed when the login under way ends; nil when none is
}

func newLogin(a config.Auth, rpc pb.AuthClient) *login { return &login{auth: a, rpc: rpc} }

func (l *login) current() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.token
}

// ensure logs in unless there is a token other than stale. Callers share one
// attempt, which may outlive them.
func (l *login) ensure(ctx context.Context, stale string) {
	l.mu.Lock()
	if l.token != stale {
		l.mu.Unlock()
		return
	}
	if l.flight == nil {
		pause := loginPause
		if l.err == nil {
			pause = renewPause
		}
		if time.Since(l.tried) < pause {
			l.mu.Unlock()
			return
		}
		l.tried = time.Now()
		l.flight = make(chan struct{})
		go l.try(context.WithoutCancel(ctx), l.flight)
	}
	flight := l.flight
	l.mu.Unlock()
	select {
	case <-flight:
	case <-ctx.Done():
	}
}

func (l *login) try(ctx context.Context, done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(ctx, linearizableTimeout)
	defer cancel()
	token, err := l.authenticate(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flight, l.err = nil, err
	if err == nil {
		l.token = token
	}
}

func (l *login) authenticate(ctx context.Context) (string, error) {
	password := l.auth.Password.Reveal()
	if l.auth.PasswordFile != "" {
		b, err := os.ReadFile(l.auth.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("password file: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	resp, err := l.rpc.Authenticate(ctx, &pb.AuthenticateRequest{Name: l.auth.Username, Password: password})
	if err != nil {
		return "", fmt.Errorf("log in as %s: %w", l.auth.Username, err)
	}
	return resp.GetToken(), nil
}

// lastErr is why the last attempt failed; nil when it did not.
func (l *login) lastErr() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
