package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"
)

// WebOptions say where and how HTTP is served.
type WebOptions struct {
	ListenAddresses []string // "host:port"; port 0 takes a free one
	SystemdSocket   bool     // take the listeners from systemd, not from ListenAddresses
	ConfigFile      string   // exporter-toolkit's file for TLS and authentication; "": neither

	// WriteTimeout is for a whole request, its handler included: longer than
	// the longest scrape, or slow clusters are cut off in mid-answer.
	WriteTimeout   time.Duration // 0: 35 s
	Grace          time.Duration // what running requests get at shutdown; 0: 10 s
	MaxConnections int           // per listener, more wait; 0: 512
}

const (
	readHeaderTimeout     = 5 * time.Second // also bounds a TLS handshake
	readTimeout           = 30 * time.Second
	idleTimeout           = 60 * time.Second // above the usual scrape intervals, so that connections are kept
	maxHeaderBytes        = 32 << 10
	maxStreams            = 64               // concurrent requests of one HTTP/2 connection
	defaultWriteTimeout   = 35 * time.Second // the longest scrape we promise is 30 s
	defaultGrace          = 10 * time.Second
	defaultMaxConnections = 512
)

// server serves one handler on some listeners until it is told to stop.
type server struct {
	log       *slog.Logger
	flags     *web.FlagConfig
	grace     time.Duration
	listeners []net.Listener
	servers   []*http.Server // one a listener, see newServer
	guard     *guard         // nil without a web configuration file
	inFlight  atomic.Int64
}

// newServer checks the web configuration and binds the listeners, so that what
// can fail fails before anything runs. They accept nothing until Run; a server
// that is never run has to be closed.
func newServer(o WebOptions, h http.Handler, logger *slog.Logger) (*server, error) {
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = defaultWriteTimeout
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = defaultMaxConnections
	}
	s := &server{log: logger, grace: o.Grace, flags: &web.FlagConfig{WebConfigFile: &o.ConfigFile}}
	h = secureHeaders(h)
	if o.ConfigFile != "" {
		if err := web.Validate(o.ConfigFile); err != nil {
			return nil, fmt.Errorf("web configuration %s: %w", o.ConfigFile, err)
		}
		var err error
		if s.guard, err = newGuard(o.ConfigFile, h, logger); err != nil {
			return nil, err
		}
		h = s.guard
	}
	h = s.counted(h)
	listeners, err := bind(o)
	if err != nil {
		return nil, err
	}
	for _, l := range listeners {
		s.listeners = append(s.listeners, netutil.LimitListener(l, o.MaxConnections))
		// A server each: the toolkit wraps the handler of the server that it is
		// given. Sharing one among listeners would wrap it again for each, from
		// several goroutines, and check every password as often.
		s.servers = append(s.servers, &http.Server{
			Handler:           h,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      o.WriteTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
			ErrorLog:          log.New(errorLog{logger}, "", 0),
		})
	}
	return s, nil
}

// bind opens the listeners, all or none.
func bind(o WebOptions) ([]net.Listener, error) {
	if o.SystemdSocket {
		listeners, err := activation.Listeners()
		if err == nil && len(listeners) == 0 {
			err = errors.New("systemd handed over none")
		}
		if err != nil {
			return nil, fmt.Errorf("listen on systemd's sockets: %w", err)
		}
		return listeners, nil
	}
	if len(o.ListenAddresses) == 0 {
		return nil, errors.New("no address to listen on")
	}
	var listeners []net.Listener
	for _, address := range o.ListenAddresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			for _, open := range listeners {
				open.Close()
			}
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// Addrs returns the bound addresses, in the order of the options.
func (s *server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.listeners))
	for i, l := range s.listeners {
		addrs[i] = l.Addr()
	}
	return addrs
}

// Authenticates reports whether every request is from somebody who has shown a
// password or a certificate.
func (s *server) Authenticates() bool {
	return s.guard != nil && s.guard.authenticates()
}

// Close releases the listeners of a server that was not run.
func (s *server) Close() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// Run serves until ctx is done or a listener fails. It then refuses new
// connections and returns when the running requests have ended, or when the
// grace is over and they have been cut off, which is an error.
func (s *server) Run(ctx context.Context) error {
	defer s.Close()
	ended := make(chan error, len(s.servers))
	for i, srv := range s.servers {
		go func() { ended <- web.Serve(s.listeners[i], srv, s.flags, s.log) }()
	}
	var failed []error
	running := len(s.servers)
	select {
	case <-ctx.Done():
	case err := <-ended: // none ends by itself unless something is wrong
		failed = append(failed, fmt.Errorf("serve HTTP: %w", err))
		running--
	}
	if err := s.shutdown(context.WithoutCancel(ctx)); err != nil {
		failed = append(failed, err)
	}
	for range running {
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			failed = append(failed, fmt.Errorf("serve HTTP: %w", err))
		}
	}
	return errors.Join(failed...)
}

// shutdown ends all servers at the same time.
func (s *server) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.grace)
	defer cancel()
	s.log.Debug("stopping the HTTP server", "in_flight", s.inFlight.Load())
	var cut atomic.Int64
	var wg sync.WaitGroup
	for _, srv := range s.servers {
		wg.Go(func() {
			if err := srv.Shutdown(ctx); err != nil {
				cut.Store(s.inFlight.Load())
				srv.Close() // cancels the contexts of what still runs
			}
		})
	}
	wg.Wait()
	if n := cut.Load(); n > 0 {
		return fmt.Errorf("stop the HTTP server: %d requests cut off after %s", n, s.grace)
	}
	return nil
}

// counted counts the requests that are being answered.
func (s *server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// headers are sent with every answer unless the handler, or the operator in
// the web configuration, says otherwise; the status page needs a policy of its
// own. Answers are facts of this second, none may come from a cache.
var headers = map[string]string{
	"Cache-Control":           "no-store",
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Referrer-Policy":         "no-referrer",
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
}

// secureHeaders sets headers before next runs.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// errorLog carries net/http's complaints into our log.
type errorLog struct{ log *slog.Logger }

// Write implements io.Writer for log.Logger, which calls it once a line.
func (e errorLog) Write(p []byte) (int, error) {
	text := strings.TrimSpace(string(p))
	level := slog.LevelWarn
	if strings.HasPrefix(text, "http: TLS handshake error") {
		level = slog.LevelDebug // anybody who can connect can cause these, without end
	}
	e.log.Log(context.Background(), level, "http server", "detail", text)
	return len(p), nil
}
