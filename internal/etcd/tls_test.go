package etcd

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
)

// startsWithin is how long a member may take to start, on a busy machine.
const startsWithin = 30 * time.Second

// files makes a Client use TLS files.
func files(f config.TLS) func(*Options) {
	return func(o *Options) { o.Cluster.TLS = f }
}

// issue makes a certificate, or fails the test.
func issue(t *testing.T, ca *etcdtest.CA, c etcdtest.Cert) etcdtest.KeyPair {
	t.Helper()
	pair, err := ca.Issue(c)
	etcdtest.OK(t, err)
	return pair
}

func newCA(t *testing.T, name string) *etcdtest.CA {
	t.Helper()
	ca, err := etcdtest.NewCA(t.TempDir(), name)
	etcdtest.OK(t, err)
	return ca
}

// replace puts the content of one file into another, as a rotation does.
func replace(t *testing.T, path, by string) {
	t.Helper()
	content, err := os.ReadFile(by)
	etcdtest.OK(t, err)
	etcdtest.OK(t, os.WriteFile(path, content, 0o600))
}

// copied is a file of the same content that the test may replace.
func copied(t *testing.T, of string) string {
	t.Helper()
	path := t.TempDir() + "/file.pem"
	replace(t, path, of)
	return path
}

func expired() time.Time { return time.Now().Add(-time.Minute) }

// A cluster that wants client certificates serves those who have one. Others
// learn why not, the same in every round, and nothing is claimed about members
// that nobody could ask.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{TLS: etcdtest.TLS{Client: true, ClientAuth: true, Peer: true}})
	other := newCA(t, "other")
	good := e.ClientCert()
	old := issue(t, e.CA(), etcdtest.Cert{Name: "old", NotAfter: expired()})
	strange := issue(t, other, etcdtest.Cert{Name: "stranger"})

	t.Run("accepted", func(t *testing.T) {
		c := watch(t, e.Endpoints(), files(config.TLS{CAFile: e.CA().File, CertFile: good.CertFile, KeyFile: good.KeyFile}))
		wantHealthy(t, c, 3)
	})
	for _, test := range []struct {
		name   string
		ca     *etcdtest.CA
		pair   etcdtest.KeyPair
		rounds int
		want   cluster.Reason
	}{
		// The server's refusal and our own failing write race each other.
		{"expired", e.CA(), old, 20, cluster.ReasonTLSClientCertRejected},
		{"missing", e.CA(), etcdtest.KeyPair{}, 20, cluster.ReasonTLSClientCertRejected},
		{"of another CA", e.CA(), strange, 3, cluster.ReasonTLSClientCertRejected},
		{"good, but we trust another CA", other, good, 3, cluster.ReasonTLSUnknownCA},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := watch(t, e.Endpoints(), files(config.TLS{
				CAFile: test.ca.File, CertFile: test.pair.CertFile, KeyFile: test.pair.KeyFile,
			}))
			for range test.rounds {
				v := judge(t, c)
				allFailed(t, v, e.Endpoints(), test.want)
				unknowable(t, v, cluster.UnknownTLS)
				if v.Up {
					t.Error("the cluster is up, though nobody answered")
				}
				if t.Failed() {
					t.Fatal(summary(v))
				}
			}
		})
	}
	t.Run("rotated", func(t *testing.T) { rotated(t, e, good, old) })
}

// rotated: a pair that changes on disk is used by the next handshake, once both
// files are there. A member that refuses it is not down.
func rotated(t *testing.T, e *etcdtest.Cluster, good, old etcdtest.KeyPair) {
	cert, key := copied(t, good.CertFile), copied(t, good.KeyFile)
	c := watch(t, e.Endpoints(), files(config.TLS{CAFile: e.CA().File, CertFile: cert, KeyFile: key}))
	wantHealthy(t, c, 3)

	replace(t, cert, old.CertFile) // the key is yet to come
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	wantHealthy(t, c, 3)

	replace(t, key, old.KeyFile)
	etcdtest.OK(t, e.Member(0).Restart(t.Context()))
	v := judge(t, c)
	if got := reasons(v)[e.Endpoints()[0]]; got != cluster.ReasonTLSClientCertRejected {
		t.Errorf("the endpoint failed because of %q: %s", got, summary(v))
	}
	for _, m := range v.Members {
		if restarted := m.ID == cluster.ID(e.Member(0).ID()); m.Up.OK == restarted {
			t.Errorf("member %s up is %v", m.Label, m.Up)
		}
	}
	if v.HasQuorum != cluster.Known(true) || v.VotersUp.OK || v.FailureTolerance.OK {
		t.Errorf("not two confirmed members and one unknown: %s", summary(v))
	}

	replace(t, cert, good.CertFile)
	replace(t, key, good.KeyFile)
	wantHealthy(t, c, 3) // no restart, neither ours nor etcd's
}

// What we make of the certificate that a member shows. The member is started
// again with one after the other, while the same Client watches.
func TestServerCertificates(t *testing.T) {
	t.Parallel()
	e := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: etcdtest.TLS{Client: true}})
	local := []string{"127.0.0.1"}
	ca := copied(t, e.CA().File)
	c := watch(t, e.Endpoints(), files(config.TLS{CAFile: ca}))
	named := watch(t, e.Endpoints(), files(config.TLS{CAFile: ca, ServerName: "etcd.example"}))
	system := watch(t, e.Endpoints())
	blind := watch(t, e.Endpoints(), files(config.TLS{InsecureSkipVerify: true}))

	wantHealthy(t, c, 1)
	wantHealthy(t, blind, 1)
	allFailed(t, judge(t, system), e.Endpoints(), cluster.ReasonTLSUnknownCA)
	allFailed(t, judge(t, named), e.Endpoints(), cluster.ReasonTLSNameMismatch)

	present(t, e, issue(t, e.CA(), etcdtest.Cert{Name: "server", Hosts: []string{"etcd.example"}}))
	fails(t, c, cluster.ReasonTLSNameMismatch)
	wantHealthy(t, named, 1)

	present(t, e, issue(t, e.CA(), etcdtest.Cert{Name: "server", Hosts: local, NotAfter: expired()}))
	fails(t, c, cluster.ReasonTLSExpired)

	next := newCA(t, "next")
	present(t, e, issue(t, next, etcdtest.Cert{Name: "server", Hosts: local}))
	fails(t, c, cluster.ReasonTLSUnknownCA)
	replace(t, ca, next.File)
	wantHealthy(t, c, 1)

	etcdtest.OK(t, os.Truncate(ca, 0)) // a full disk, an editor at work
	present(t, e, issue(t, next, etcdtest.Cert{Name: "server", Hosts: local}))
	etcdtest.Eventually(t, startsWithin, "the former CA still counts", func() bool {
		return healthy(judge(t, c), 1)
	})
}

// present starts the cluster's only member again with another certificate.
func present(t *testing.T, e *etcdtest.Cluster, pair etcdtest.KeyPair) {
	t.Helper()
	etcdtest.OK(t, e.Member(0).Kill())
	etcdtest.OK(t, e.Member(0).Launch("--cert-file="+pair.CertFile, "--key-file="+pair.KeyFile))
}

// fails waits until the cluster's only member, which is just starting, refuses
// or is refused for that reason. It is then neither up nor down.
func fails(t *testing.T, c *Client, want cluster.Reason) {
	t.Helper()
	var v cluster.Verdict
	etcdtest.Eventually(t, startsWithin, "failure for reason "+string(want), func() bool {
		v = judge(t, c)
		return len(v.Failed) == 1 && v.Failed[0].Failure.Reason == want
	})
	if len(v.Members) != 1 || v.Up {
		t.Errorf("the member that is known, and no more: %s", summary(v))
	}
	unknowable(t, v, cluster.UnknownTLS)
}

// The wrong scheme is a mistake in our configuration and no fault of etcd's.
func TestWrongScheme(t *testing.T) {
	t.Parallel()
	secure := etcdtest.New(t, etcdtest.Options{Members: 1, TLS: etcdtest.TLS{Client: true}})
	plain := etcdtest.New(t, etcdtest.Options{Members: 1})
	for _, test := range []struct{ endpoint, says string }{
		{"http://" + secure.Member(0).Endpoint(), "the port speaks TLS, the endpoint is http"},
		{"https://" + plain.Member(0).Endpoint(), "the port does not speak TLS, the endpoint is https"},
	} {
		c := watch(t, []string{test.endpoint})
		for range 5 {
			v := judge(t, c)
			allFailed(t, v, []string{test.endpoint}, cluster.ReasonTLS)
			unknowable(t, v, cluster.UnknownTLS)
			if len(v.Failed) != 1 || !strings.Contains(v.Failed[0].Failure.Text, test.says) {
				t.Errorf("failures are %+v, want %q", v.Failed, test.says)
			}
		}
	}
}
