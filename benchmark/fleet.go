package benchmark

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// fleet is all connections of a run.
type fleet struct {
	c      Config
	engine Engine
	server *server
	links  []*link
	ctx    context.Context // ends with the run; the cause says why
	fail   context.CancelCauseFunc
	work   sync.WaitGroup // sessions, and attempts to make them

	mu        sync.Mutex // guards what follows
	recorders map[recorderKey]*recorder
	kinds     int
	scheduled bool // the phase is open loop
	logins    map[string]*login
	closed    bool
	moves     int                  // of connections to another member
	losses    int                  // of connections
	told      map[string]time.Time // of losses, by endpoint
}

type recorderKey struct {
	endpoint string
	shard    int
}

// shards are the recorders of an endpoint: more would cost memory, fewer would
// make connections wait for each other.
const shards = 4

func newFleet(ctx context.Context, c Config, s *server) *fleet {
	f := &fleet{c: c, engine: c.Engine, server: s, logins: map[string]*login{}, told: map[string]time.Time{}}
	f.ctx, f.fail = context.WithCancelCause(ctx)
	for i := range c.Connections {
		f.links = append(f.links, newLink(f, i, c.Clients))
	}
	return f
}

// connect opens all connections. One that cannot be had is an error.
func (f *fleet) connect(ctx context.Context) error {
	errs := make([]error, len(f.links))
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i, l := range f.links {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = f.open(ctx, l)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // the others fail alike
		}
	}
	return nil
}

// open opens the connection of a link to where it belongs now.
func (f *fleet) open(ctx context.Context, l *link) error {
	endpoint, err := f.server.target(f.c.EndpointMode, l.index)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.c.Cluster.DialTimeout)
	defer cancel()
	token, err := f.login(ctx, endpoint)
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	conn, err := f.engine.Dial(ctx, Target{
		Endpoint: endpoint, TLS: f.server.client.TLSConfig(endpoint), Token: token,
		Timeout: f.c.Timeout, InFlight: f.c.Clients,
	})
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	s := l.attach(endpoint, conn)
	f.work.Go(s.serve)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		_ = conn.Close() // close has not seen it
	}
	return nil
}

// gone is told that a session has ended. If it was the link's, another one must
// be had soon, or the run ends.
func (f *fleet) gone(l *link, s *session, why error) {
	l.mu.Lock()
	current := l.session
	l.mu.Unlock()
	if current != nil || f.ended() {
		return
	}
	f.tellLoss(s.endpoint, why)
	deadline := time.Now().Add(f.patience())
	for !f.ended() {
		f.server.lookSoon()
		err := f.open(f.ctx, l)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			f.fail(fmt.Errorf("connection lost (%w), and not to be had again: %w", why, err))
			return
		}
		pause(f.ctx, 100*time.Millisecond)
	}
}

// tellLoss counts a lost connection. They are rarely lost alone, and one line
// tells as much as a hundred.
func (f *fleet) tellLoss(endpoint string, why error) {
	f.mu.Lock()
	f.losses++
	told := time.Since(f.told[endpoint]) < time.Second
	f.told[endpoint] = time.Now()
	f.mu.Unlock()
	if !told {
		f.c.Logger.Warn("connections were lost", "endpoint", endpoint, "error", why)
	}
}

// patience is how long a connection may be missing: long enough for an election
// where connections follow the leader.
func (f *fleet) patience() time.Duration {
	if f.c.EndpointMode == AllEndpoints {
		return f.c.Cluster.DialTimeout
	}
	return max(f.c.Cluster.DialTimeout, 10*time.Second)
}

// retarget moves the connections that belong elsewhere since the leader changed.
func (f *fleet) retarget() {
	for _, l := range f.links {
		want, err := f.server.target(f.c.EndpointMode, l.index)
		if err != nil {
			continue // there is no leader; it is asked again
		}
		l.mu.Lock()
		misplaced := l.session != nil && l.session.endpoint != want
		l.mu.Unlock()
		if !misplaced {
			continue
		}
		if err := f.open(f.ctx, l); err != nil {
			f.c.Logger.Warn("a connection does not follow the leader", "error", err)
			continue
		}
		f.mu.Lock()
		f.moves++
		f.mu.Unlock()
	}
}

// recorder is where a link's session records in the current phase.
func (f *fleet) recorder(l *link, endpoint string) *recorder {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := recorderKey{endpoint, l.index / max(1, f.server.spread(f.c.EndpointMode)) % shards}
	r := f.recorders[key]
	if r == nil {
		r = newRecorder(endpoint, f.kinds, f.scheduled)
		f.recorders[key] = r
	}
	return r
}

func (f *fleet) ended() bool { return f.ctx.Err() != nil }

var errOver = errors.New("the run is over")

// close ends all connections, and returns when nothing of the fleet runs.
func (f *fleet) close() {
	f.fail(errOver)
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	for _, l := range f.links {
		l.mu.Lock()
		if l.session != nil {
			_ = l.session.conn.Close()
		}
		l.mu.Unlock()
	}
	f.work.Wait()
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
