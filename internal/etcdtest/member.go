package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// pollInterval is the pause between two looks at something that is awaited.
const pollInterval = 20 * time.Millisecond

// Member is one etcd with its data directory, running or not.
type Member struct {
	c                    *Cluster
	index                int
	name, binary         string
	version              string // of the binary, "3.4"; "" for the linked one
	state                string // --initial-cluster-state: new or existing
	dataDir, log         string
	clientAddr           string // where it listens; what it advertises may be a proxy
	peerAddr             string
	metricsAddr          string // empty without a metrics listener
	clientLink, peerLink *proxy // nil without proxies

	mu      sync.Mutex // guards what follows
	id      uint64
	process *process // nil before the first start
	learner bool
	removed bool // from the member list
}

// newMember finds addresses for a member that is yet to start. Clients are to
// reach it at port, or at any free one if port is 0.
func (c *Cluster) newMember(index int, name string, port int) (*Member, error) {
	m := &Member{
		c: c, index: index, name: name, binary: c.o.binary(index), state: "new",
		dataDir: filepath.Join(c.dir, name), log: filepath.Join(c.dir, name+".log"),
	}
	var err error
	if m.version, err = versionOf(m.binary); err != nil {
		return nil, err
	}
	if m.peerAddr, err = freeport.Addr(); err != nil {
		return nil, err
	}
	if m.clientAddr, err = freeport.Addr(); err != nil {
		return nil, err
	}
	if c.o.MetricsListener {
		if m.metricsAddr, err = freeport.Addr(); err != nil {
			return nil, err
		}
	}
	if port != 0 && !c.o.ClientProxied {
		m.clientAddr = freeport.Loopback(port)
	}
	if c.o.Proxied {
		if m.peerLink, err = c.net.listen(0, m.peerAddr, index, anyPeer); err != nil {
			return nil, err
		}
	}
	if c.o.ClientProxied {
		if m.clientLink, err = c.net.listen(port, m.clientAddr, index, client); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Index is the member's place in Cluster.Members.
func (m *Member) Index() int { return m.index }

// Name is the member's name.
func (m *Member) Name() string { return m.name }

// ID is the member's ID in the cluster.
func (m *Member) ID() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// PID is the member's process ID, 0 before its first start.
func (m *Member) PID() int {
	if p := m.current(); p != nil {
		return p.cmd.Process.Pid
	}
	return 0
}

// DataDir is the member's data directory.
func (m *Member) DataDir() string { return m.dataDir }

// LogFile is the path of what the member writes to standard error.
func (m *Member) LogFile() string { return m.log }

// Endpoint is where clients reach the member, as host:port, through the proxy
// if there is one.
func (m *Member) Endpoint() string {
	if m.clientLink != nil {
		return m.clientLink.addr()
	}
	return m.clientAddr
}

// ClientURL is where clients reach the member and what it advertises.
func (m *Member) ClientURL() string { return m.c.clientScheme() + m.Endpoint() }

// MetricsURL is where the member serves /metrics: on its metrics listener if
// there is one, else where clients reach it.
func (m *Member) MetricsURL() string {
	if m.metricsAddr != "" {
		return "http://" + m.metricsAddr + "/metrics"
	}
	return m.ClientURL() + "/metrics"
}

func (m *Member) peerURL() string {
	if m.peerLink != nil {
		return m.c.peerScheme() + m.peerLink.addr()
	}
	return m.c.peerScheme() + m.peerAddr
}

func (m *Member) current() *process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process
}

func (m *Member) isRemoved() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.removed
}

func (m *Member) isLearner() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.learner
}

// Running tells whether the member has a process, frozen or not.
func (m *Member) Running() bool {
	p := m.current()
	return p != nil && p.running()
}

// Kill ends the member's process with SIGKILL and waits for its end. It does
// nothing to a member that does not run.
func (m *Member) Kill() error {
	if !m.Running() {
		return nil
	}
	return m.current().kill()
}

// Stop ends the member's process as an init system does, with SIGTERM, and
// waits for its end; when ctx ends first, it kills it and returns the error.
func (m *Member) Stop(ctx context.Context) error {
	if !m.Running() {
		return nil
	}
	if err := m.signal(terminate); err != nil {
		return err
	}
	select {
	case <-m.current().done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop %s: %w", m.name, ctx.Err()), m.Kill())
	}
}

// Freeze stops the member's process with SIGSTOP: the system goes on accepting
// connections and nothing answers. It fails where there is no such signal.
// It returns when the process has stopped.
func (m *Member) Freeze() error {
	if err := m.signal(freeze); err != nil {
		return err
	}
	return stopped(m.PID())
}

// Thaw lets a frozen member go on.
func (m *Member) Thaw() error { return m.signal(thaw) }

func (m *Member) signal(send func(*os.Process) error) error {
	if !m.Running() {
		return fmt.Errorf("%s does not run", m.name)
	}
	if err := send(m.current().cmd.Process); err != nil {
		return fmt.Errorf("signal %s: %w", m.name, err)
	}
	return nil
}
