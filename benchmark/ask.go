package benchmark

import (
	"context"
	"fmt"

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

// newAsker connects to where connection 0 belongs.
func (f *fleet) newAsker(ctx context.Context) (*asker, error) {
	endpoint, err := f.server.target(f.c.EndpointMode, 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.c.Cluster.DialTimeout)
	defer cancel()
	token, err := f.login(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	conn, err := f.engine.Dial(ctx, Target{
		Endpoint: endpoint, TLS: f.server.client.TLSConfig(endpoint), Token: token, Timeout: f.c.Timeout, InFlight: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", endpoint, err)
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
