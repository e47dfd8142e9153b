package etcdtest

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// Gateway starts etcd's TCP gateway in front of all members and returns where
// it listens, as host:port: each connection may reach another member.
func (c *Cluster) Gateway(ctx context.Context) (string, error) {
	// A member that was down is left out until it is tried again, by default a
	// minute later: after a few restarts it would have nobody left.
	return c.helper(ctx, "gateway", []string{"--retry-delay=500ms"})
}

// GRPCProxy starts etcd's gRPC proxy in front of all members and returns where
// it listens, as host:port and without TLS: it answers with a member list of
// its own.
func (c *Cluster) GRPCProxy(ctx context.Context) (string, error) {
	var flags []string
	if c.o.TLS.Client {
		flags = []string{
			"--cacert=" + c.certs.ca.File,
			"--cert=" + c.certs.client.CertFile, "--key=" + c.certs.client.KeyFile,
		}
	}
	return c.helper(ctx, "grpc-proxy", flags)
}

// helper starts a sub-command of etcd and waits until it listens.
func (c *Cluster) helper(ctx context.Context, kind string, flags []string) (string, error) {
	addr, err := freeport.Addr()
	if err != nil {
		return "", err
	}
	var members []string
	for _, m := range c.Members() {
		members = append(members, m.Endpoint())
	}
	args := append([]string{kind, "start", "--listen-addr=" + addr, "--endpoints=" + strings.Join(members, ",")}, flags...)
	log := filepath.Join(c.dir, kind+".log")
	p, err := launch(c.o.Binary, args, log)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.helpers = append(c.helpers, p)
	c.mu.Unlock()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		switch {
		case err == nil:
			return addr, conn.Close()
		case !p.running():
			return "", fmt.Errorf("start etcd %s: %w", kind, p.died())
		case pause(ctx) != nil:
			return "", fmt.Errorf("wait for etcd %s: %w; its log ends with:\n%s", kind, err, logTail(log))
		}
	}
}
