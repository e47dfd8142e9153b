package h2

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest/fake"
)

// roundTrip writes, reads and removes through the connection.
func roundTrip(t *testing.T, c benchmark.Conn) {
	t.Helper()
	value := string(bytes.Repeat([]byte("v"), 300<<10))
	okay(t, c, benchmark.Put, put("k", value), &pb.PutResponse{})
	var got pb.RangeResponse
	okay(t, c, benchmark.Range, get("k"), &got)
	if len(got.Kvs) != 1 || string(got.Kvs[0].Value) != value {
		t.Fatalf("read %d keys", len(got.Kvs))
	}
	var removed pb.DeleteRangeResponse
	okay(t, c, benchmark.DeleteRange, &pb.DeleteRangeRequest{Key: []byte("k")}, &removed)
	if removed.Deleted != 1 {
		t.Fatalf("removed %d keys", removed.Deleted)
	}
}

func TestEtcd(t *testing.T) {
	for name, o := range map[string]etcdtest.TLS{
		"plain": {}, "TLS": {Client: true}, "mutual TLS": {Client: true, ClientAuth: true},
	} {
		t.Run(name, func(t *testing.T) {
			cl := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: o})
			roundTrip(t, dial(t, cl.Endpoints()[0], func(target *benchmark.Target) { target.TLS = cl.TLSConfig() }))
		})
	}
}

func TestErrorsOfEtcd(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{Members: 1})
	c := dial(t, cl.Endpoints()[0], nil)
	call := do(t, c, &benchmark.Call{Method: benchmark.Put, Request: encode(t, put("", "v"))})[0]
	if call.Code != codes.InvalidArgument || call.Message != "etcdserver: key is not provided" {
		t.Fatalf("%s: %s", call.Code, call.Message)
	}
}

// authenticate gets a token as an etcd client does.
func authenticate(t *testing.T, cl *etcdtest.Cluster, name, password string) string {
	t.Helper()
	r, err := cl.Client(t).Authenticate(t.Context(), name, password)
	etcdtest.OK(t, err)
	return r.Token
}

// Calls carry the token of the moment: none, one that etcd does not know, and a
// new one on the connection that is there.
func TestAuth(t *testing.T) {
	const password = "secret"
	cl := etcdtest.New(t, etcdtest.Options{Members: 1, Auth: etcdtest.Auth{RootPassword: password}})
	var token atomic.Pointer[string]
	c := dial(t, cl.Endpoints()[0], func(target *benchmark.Target) {
		target.Token = func() string { return *token.Load() }
	})
	for _, test := range []struct {
		token string
		code  codes.Code
	}{
		{"", codes.InvalidArgument},
		{"no such token", codes.Unauthenticated},
		{authenticate(t, cl, "root", password), codes.OK},
		{"forgotten", codes.Unauthenticated},
		{authenticate(t, cl, "root", password), codes.OK},
	} {
		token.Store(&test.token)
		for range 3 {
			got := do(t, c, &benchmark.Call{Method: benchmark.Put, Request: encode(t, put("k", "v"))})[0]
			if got.Code != test.code {
				t.Errorf("token %q: %s %q, want %s", test.token, got.Code, got.Message, test.code)
			}
		}
	}
}

func TestTLSFailures(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: etcdtest.TLS{Client: true, ClientAuth: true}})
	noCertificate := cl.TLSConfig()
	noCertificate.Certificates = nil
	wrongName := cl.TLSConfig()
	wrongName.ServerName = "elsewhere"
	for name, test := range map[string]struct {
		config *tls.Config
		url    string
		text   string
	}{
		"unknown authority": {&tls.Config{}, cl.Endpoints()[0], "certificate signed by unknown authority"},
		"wrong name":        {wrongName, cl.Endpoints()[0], "not elsewhere"},
		"no certificate":    {noCertificate, cl.Endpoints()[0], "certificate required"},
		"no TLS":            {nil, strings.Replace(cl.Endpoints()[0], "https", "http", 1), "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Engine{}.Dial(t.Context(), benchmark.Target{Endpoint: test.url, TLS: test.config, Timeout: time.Second, InFlight: 1})
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, want %q in it", err, test.text)
			}
			noneLeft(t)
		})
	}
}

// A server that does not agree to HTTP/2 is found out in the handshake.
func TestTLSWithoutHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	trusting := s.Client().Transport.(*http.Transport).TLSClientConfig
	silent := fake.TCP(t, func(c net.Conn) {
		_ = tls.Server(c, &tls.Config{Certificates: s.TLS.Certificates}).HandshakeContext(t.Context())
	})
	for url, want := range map[string]string{
		s.URL: "no application protocol",
		strings.Replace(silent, "http", "https", 1): errNotH2.Error(),
	} {
		_, err := Engine{}.Dial(t.Context(), benchmark.Target{Endpoint: url, TLS: trusting, Timeout: time.Second, InFlight: 1})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// What happens to a member happens to its connections.
func TestMemberGoes(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{Members: 1})
	m := cl.Member(0)
	get := func() *benchmark.Call { return &benchmark.Call{Method: benchmark.Range, Request: encode(t, get("k"))} }
	t.Run("frozen", func(t *testing.T) {
		c := dial(t, m.ClientURL(), limit(200*time.Millisecond))
		etcdtest.OK(t, m.Freeze())
		if got := do(t, c, get())[0]; got.Code != codes.DeadlineExceeded {
			t.Errorf("%s %q", got.Code, got.Message)
		}
		etcdtest.OK(t, m.Thaw())
		etcdtest.Eventually(t, 10*time.Second, "an answer on the same connection", func() bool {
			return do(t, c, get())[0].Code == codes.OK
		})
	})
	t.Run("stopped", func(t *testing.T) {
		c := dial(t, m.ClientURL(), nil)
		etcdtest.OK(t, m.Stop(t.Context()))
		over(t, c)
		etcdtest.OK(t, m.Restart(t.Context()))
	})
	t.Run("killed", func(t *testing.T) {
		c := dial(t, m.ClientURL(), nil)
		etcdtest.OK(t, m.Freeze())
		c.Send(get())
		c.Flush()
		etcdtest.OK(t, m.Kill())
		if got := receive(t, c, 1)[0]; got.Code != codes.Unavailable || got.Unsent {
			t.Errorf("%s %q, unsent %v", got.Code, got.Message, got.Unsent)
		}
		over(t, c)
		_, err := Engine{}.Dial(t.Context(), benchmark.Target{Endpoint: m.ClientURL(), Timeout: time.Second, InFlight: 1})
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
	})
}

// A server that stands still for longer than calls may take fails those that wait
// for their turn, too, and all clients go on afterwards.
func TestRunOverStall(t *testing.T) {
	cl := etcdtest.New(t, etcdtest.Options{
		Members: 1, LogLevel: "error", ExtraFlags: []string{"--max-concurrent-streams=8"},
	})
	endpoints, err := config.ParseEndpoints(cl.Endpoints(), false)
	etcdtest.OK(t, err)
	const clients = 32
	cfg := benchmark.Default()
	cfg.Cluster = config.Cluster{Name: "test", Endpoints: endpoints, DialTimeout: 5 * time.Second}
	cfg.Engine, cfg.Type, cfg.Ops, cfg.Duration = Engine{}, benchmark.Write, 0, 5*time.Second
	cfg.Connections, cfg.Clients, cfg.Timeout = 1, clients, time.Second
	cfg.Ready = func() {
		time.AfterFunc(time.Second, func() {
			if err := cl.Member(0).Freeze(); err != nil {
				t.Error(err)
			}
			time.AfterFunc(1500*time.Millisecond, func() {
				if err := cl.Member(0).Thaw(); err != nil {
					t.Error(err)
				}
			})
		})
	}
	r, err := benchmark.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var late int64
	for _, e := range r.Errors {
		if e.Code == codes.DeadlineExceeded.String() {
			late += e.Count
		}
	}
	last := r.Series[len(r.Series)-1]
	if late < clients || r.Server.Reconnects != 0 || last.Ops == 0 {
		t.Errorf("%d calls of %d clients were late, %d reconnects, %+v in the last second: %+v", late, clients, r.Server.Reconnects, last, r.Errors)
	}
}
