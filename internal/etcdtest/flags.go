package etcdtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// flags is the command line of a member, in words that etcd 3.4 to 3.7 know.
func (c *Cluster) flags(m *Member) []string {
	f := []string{
		"--name=" + m.name,
		"--data-dir=" + m.dataDir,
		"--listen-client-urls=" + c.clientScheme() + m.clientAddr,
		"--advertise-client-urls=" + m.ClientURL(),
		"--listen-peer-urls=" + c.peerScheme() + m.peerAddr,
		"--initial-advertise-peer-urls=" + m.peerURL(),
		"--initial-cluster=" + c.initialCluster(),
		"--initial-cluster-token=" + c.token,
		"--initial-cluster-state=" + m.state,
		"--heartbeat-interval=" + milliseconds(c.o.Heartbeat),
		"--election-timeout=" + milliseconds(c.o.Election),
		"--logger=zap",
		"--log-outputs=stderr",
		"--log-level=" + c.o.LogLevel,
		// Otherwise nothing can be added to a cluster younger than 5 s.
		"--strict-reconfig-check=false",
		// Logins are not what is tested, and are slow by design.
		"--bcrypt-cost=4",
	}
	if c.o.QuotaBytes != 0 {
		f = append(f, "--quota-backend-bytes="+strconv.FormatInt(c.o.QuotaBytes, 10))
	}
	if !c.o.Fsync && m.version != "3.4" {
		f = append(f, "--unsafe-no-fsync")
	}
	if c.o.Learners > 1 {
		f = append(f, "--max-learners="+strconv.Itoa(c.o.Learners))
	}
	if m.metricsAddr != "" {
		f = append(f, "--listen-metrics-urls=http://"+m.metricsAddr)
	}
	f = append(f, c.tlsFlags()...)
	f = append(f, c.o.ExtraFlags...)
	if m.index < len(c.o.MemberFlags) {
		f = append(f, c.o.MemberFlags[m.index]...)
	}
	return f
}

// initialCluster is the member list as it is when a member starts for the first
// time; etcd compares it with the list of those that run already.
func (c *Cluster) initialCluster() string {
	var pairs []string
	for _, m := range c.Members() {
		if !m.isRemoved() {
			pairs = append(pairs, m.name+"="+m.peerURL())
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, u := range c.unstarted {
		pairs = append(pairs, fmt.Sprintf("unstarted%d=%s", i, u.peerURL))
	}
	return strings.Join(pairs, ",")
}

func (c *Cluster) clientScheme() string { return scheme(c.o.TLS.Client) }

func (c *Cluster) peerScheme() string { return scheme(c.o.TLS.Peer) }

func scheme(secure bool) string {
	if secure {
		return "https://"
	}
	return "http://"
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10)
}
