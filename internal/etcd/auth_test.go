package etcd

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// password is looked for in everything that a Client tells.
const password = "canary-7f3a9"

// users of the clusters below: one that may do nothing but log in, and one that
// only a certificate can be.
var users = etcdtest.Auth{
	RootPassword: password,
	Users: []etcdtest.User{
		{Name: "watcher", Password: password, Roles: []string{"nothing"}},
		{Name: "certified", Roles: []string{"nothing"}},
	},
}

// as makes a Client log in.
func as(name, password string) func(*Options) {
	return func(o *Options) { o.Cluster.Auth = config.Auth{Username: name, Password: config.Secret(password)} }
}

// permitted tells which calls a member lets us make.
func permitted(m cluster.Member) map[string]bool {
	all := map[string]bool{}
	for _, p := range m.Permissions {
		all[p.RPC] = p.Allowed
	}
	return all
}

// logins is how often the Client has logged in, or tried to.
func logins(c *Client) uint64 { return c.Stats().RPCs["Auth/Authenticate"] }

// discreet checks that the verdict does not give the password away.
func discreet(t *testing.T, v cluster.Verdict) {
	t.Helper()
	if strings.Contains(fmt.Sprintf("%+v", v), password) {
		t.Errorf("the password is in %+v", v)
	}
}

// Without credentials etcd refuses to answer. That says that there is an etcd,
// and nothing about its quorum.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1})
	before := watch(t, e.Endpoints())
	wantHealthy(t, before, 1)
	etcdtest.OK(t, e.EnableAuth(t.Context(), users))

	for name, c := range map[string]*Client{"new": watch(t, e.Endpoints()), "there before": before} {
		v := judge(t, c)
		unknowable(t, v, cluster.UnknownAuth)
		allFailed(t, v, e.Endpoints(), cluster.ReasonAuth)
		if !v.Up || v.HasLeader.OK || v.FailureTolerance.OK {
			t.Errorf("%s: %s", name, summary(v))
		}
		if c != before {
			continue // nobody has told yet who is there
		}
		if len(v.Members) != 1 {
			t.Fatalf("the member is forgotten: %s", summary(v))
		}
		for rpc, allowed := range permitted(v.Members[0]) {
			if allowed {
				t.Errorf("%s is allowed without a login", rpc)
			}
		}
		if len(v.Members[0].Permissions) < 2 {
			t.Errorf("permissions are %v", v.Members[0].Permissions)
		}
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Auth: users})
	t.Run("wrong", func(t *testing.T) { wrongPassword(t, e) })
	t.Run("of a user who may do nothing", func(t *testing.T) { emptyRole(t, e) })
	t.Run("changed", func(t *testing.T) { changedPassword(t, e) })
	t.Run("token", func(t *testing.T) { keptToken(t, e) }) // leaves no quorum
}

// wrongPassword: the reason names the login, which is not tried time and again,
// as each attempt costs etcd a proposal.
func wrongPassword(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints(), as("watcher", password+"x"))
	for range 10 {
		v := judge(t, c)
		unknowable(t, v, cluster.UnknownAuth)
		allFailed(t, v, e.Endpoints(), cluster.ReasonAuth)
		discreet(t, v)
		if !v.Up || !strings.Contains(v.Failed[0].Failure.Text, "log in as watcher") {
			t.Fatal(summary(v))
		}
	}
	if n := logins(c); n != 3 {
		t.Errorf("%d attempts to log in at three endpoints", n)
	}
}

// emptyRole: etcd checks the permission to read a key after it has made sure of
// its quorum, so a refusal proves as much as an answer.
func emptyRole(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints(), as("watcher", password))
	v := wantHealthy(t, c, 3)
	discreet(t, v)
	for _, m := range v.Members {
		if p := permitted(m); !p["Status"] || p["Range"] {
			t.Errorf("member %s permits %v", m.Label, p)
		}
	}
}

// changedPassword: etcd forgets the tokens of a user whose password changes, and
// the file with the new one is read without a restart.
func changedPassword(t *testing.T, e *etcdtest.Cluster) {
	root := e.Client(t)
	_, err := root.UserAdd(t.Context(), "rotated", password)
	etcdtest.OK(t, err)
	file := t.TempDir() + "/password"
	etcdtest.OK(t, os.WriteFile(file, []byte(password+"\n"), 0o600))
	c := watch(t, e.Endpoints(), func(o *Options) {
		o.Cluster.Auth = config.Auth{Username: "rotated", PasswordFile: file}
	})
	wantHealthy(t, c, 3)

	_, err = root.UserChangePassword(t.Context(), "rotated", password+"2")
	etcdtest.OK(t, err)
	etcdtest.OK(t, os.WriteFile(file, []byte(password+"2"), 0o600))
	etcdtest.Eventually(t, 4*loginPause, "logged in with the new password", func() bool {
		v := judge(t, c)
		discreet(t, v)
		return healthy(v, 3)
	})
}

// keptToken: one login per endpoint is enough until etcd forgets the token, and
// the token opens what can still be seen when nobody can log in any more.
func keptToken(t *testing.T, e *etcdtest.Cluster) {
	c := watch(t, e.Endpoints(), as("root", password))
	for range 20 {
		wantHealthy(t, c, 3)
	}
	if n := logins(c); n != 3 {
		t.Errorf("%d logins in 20 rounds at three endpoints", n)
	}
	etcdtest.OK(t, e.Member(0).Stop(t.Context())) // tokens live in memory
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	etcdtest.Eventually(t, 4*loginPause, "logged in again", func() bool { return healthy(judge(t, c), 3) })
	if n := logins(c); n != 4 {
		t.Errorf("%d logins after one member was restarted", n)
	}

	least := watch(t, e.Endpoints(), as("watcher", password)) // whose every read is denied, with a quorum
	wantHealthy(t, least, 3)
	etcdtest.OK(t, e.Member(0).Kill())
	etcdtest.OK(t, e.Member(1).Kill())
	late := watch(t, e.Endpoints(), as("root", password))
	blind, denied := make(chan cluster.Verdict), make(chan cluster.Verdict)
	go func() { blind <- judge(t, late) }()
	go func() { denied <- judge(t, least) }()
	for who, v := range map[string]cluster.Verdict{"root": judge(t, c), "watcher": <-denied} {
		if v.HasQuorum != cluster.Known(false) || v.VotersUp != cluster.Known(1) || v.Voters != cluster.Known(3) {
			t.Errorf("with the token of %s, not a lost quorum and one member: %s", who, summary(v))
		}
	}
	v := <-blind
	discreet(t, v)
	unknownQuorum(t, v, cluster.UnknownAuth)
	if !v.Up || reasons(v)[e.Endpoints()[2]] != cluster.ReasonAuth {
		t.Errorf("without a token, not refused by one member: %s", summary(v))
	}
}

// A user who is known by a certificate needs no quorum to log in.
func TestCommonName(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	etcdtest.OK(t, err)
	defer func() { _ = trap.Close() }()
	e := etcdtest.New(t, etcdtest.Options{
		TLS: etcdtest.TLS{Client: true, ClientAuth: true}, Auth: users,
		MemberFlags: [][]string{nil, {"--advertise-client-urls=http://" + trap.Addr().String()}},
	})
	certified := issue(t, e.CA(), etcdtest.Cert{Name: "certified"})
	tls := files(config.TLS{CAFile: e.CA().File, CertFile: certified.CertFile, KeyFile: certified.KeyFile})

	v := wantHealthy(t, watch(t, e.Endpoints(), tls), 3)
	for _, m := range v.Members {
		if p := permitted(m); !p["Status"] || p["Range"] {
			t.Errorf("member %s permits %v", m.Label, p)
		}
	}
	t.Run("beside a password", func(t *testing.T) {
		v := wantHealthy(t, watch(t, e.Endpoints(), tls, as("root", password)), 3)
		for _, m := range v.Members {
			if p := permitted(m); !p["Range"] {
				t.Errorf("the password counts for nothing: member %s permits %v", m.Label, p)
			}
		}
	})
	t.Run("sends no password in the clear", func(t *testing.T) {
		c := watch(t, e.Endpoints()[:1], tls, as("root", password))
		v := judge(t, c)
		if v.HasQuorum != cluster.Known(true) || v.Voters != cluster.Known(3) || v.VotersUp.OK {
			t.Errorf("not three voters, one of them out of reach: %s", summary(v))
		}
		untouched(t, trap)
	})
	t.Run("without a quorum", func(t *testing.T) {
		etcdtest.OK(t, e.Member(0).Kill())
		etcdtest.OK(t, e.Member(2).Kill())
		v := judge(t, watch(t, e.Endpoints(), tls))
		if v.HasQuorum != cluster.Known(false) || v.VotersUp != cluster.Known(1) {
			t.Errorf("not a lost quorum and a member: %s", summary(v))
		}
	})
}

// untouched checks that nobody has connected to the listener.
func untouched(t *testing.T, l net.Listener) {
	t.Helper()
	etcdtest.OK(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(50*time.Millisecond)))
	if conn, err := l.Accept(); err == nil {
		t.Errorf("%v connected to %v", conn.RemoteAddr(), l.Addr())
		_ = conn.Close()
	}
}
