package benchmark

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// asker makes calls one after the other on a connection of its own, for what
// surrounds a measurement.
type asker struct {
	conn Conn
	call Call
	done []*Call
}

// newAsker connects to the first endpoint that lets it, of those from number
// first on: one that answers no call may still take a connection.
func (f *fleet) newAsker(ctx context.Context, first int) (*asker, error) {
	urls := f.server.candidates(f.c.EndpointMode)
	if len(urls) == 0 {
		urls = f.server.candidates(AllEndpoints)
	}
	var errs []error
	for i := range urls {
		u := urls[(first+i)%len(urls)]
		a, err := f.newAskerAt(ctx, u)
		if err == nil {
			return a, nil
		}
		errs = append(errs, fmt.Errorf("endpoint %s: %w", u, err))
	}
	return nil, errors.Join(errs...)
}

func (f *fleet) newAskerAt(ctx context.Context, endpoint string) (*asker, error) {
	ctx, cancel := context.WithTimeout(ctx, min(f.c.Cluster.DialTimeout, 2*time.Second))
	defer cancel()
	token, err := f.login(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	conn, err := f.engine.Dial(ctx, Target{
		Endpoint: endpoint, TLS: f.server.client.TLSConfig(endpoint), Token: token, Timeout: f.c.Timeout, InFlight: 1,
	})
	if err != nil {
		return nil, err
	}
	return &asker{conn: conn}, nil
}

// ask makes a call; its answer is valid until the next.
func (a *asker) ask(method Method, request proto.Message) ([]byte, error) {
	raw, err := proto.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", method.Path(), err)
	}
	a.call.Method, a.call.Request = method, raw
	a.conn.Send(&a.call)
	a.conn.Flush()
	for a.done = a.done[:0]; len(a.done) == 0; {
		if a.done, err = a.conn.Receive(a.done); err != nil {
			return nil, err
		}
	}
	if a.call.Code != codes.OK {
		return nil, fmt.Errorf("%s: %s", a.call.Code, a.call.Message)
	}
	return a.call.Response, nil
}

func (a *asker) close() { _ = a.conn.Close() }
