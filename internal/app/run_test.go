package app

import (
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"
)

// TestRunEndsWithItsListener: who serves no more says so and ends, that somebody
// may start it again.
func TestRunEndsWithItsListener(t *testing.T) {
	t.Parallel()
	a, err := New(Options{
		Settings: Settings{Watch: Watch{HealthInterval: time.Hour, MetricsInterval: time.Hour}},
		Web:      WebOptions{ListenAddresses: []string{"127.0.0.1:0"}},
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(t.Context()) }()
	_ = a.server.listeners[0].Close()
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run goes on without a listener")
	}
}
