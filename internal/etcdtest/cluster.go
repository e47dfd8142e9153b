package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Cluster is a running etcd cluster. Its methods may be called from several
// goroutines, those that change the same member one after the other.
type Cluster struct {
	o     Options
	dir   string
	token string
	certs certs
	net   *network

	mu        sync.Mutex // guards what follows
	members   []*Member
	clones    []*Member
	unstarted []unstarted
	helpers   []*process // gateways and gRPC proxies
	password  string     // of root, once authentication is on
}

// unstarted is a voter without a process.
type unstarted struct {
	id      uint64
	peerURL string
}

// Start starts a cluster and returns when every member has served a read that
// needs a quorum (a learner: one that does not). On error nothing is left.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("etcdtest options: %w", err)
	}
	for attempt := 0; ; attempt++ {
		c, err := startOnce(ctx, o)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errPortTaken) || len(o.ClientPorts) > 0 || attempt == 4 {
			return nil, fmt.Errorf("start etcd cluster: %w", err)
		}
	}
}

func startOnce(ctx context.Context, o Options) (*Cluster, error) {
	dir, err := os.MkdirTemp(o.Dir, "etcdtest-")
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	// Two clusters must not take each other's members for their own.
	c := &Cluster{o: o, dir: dir, token: filepath.Base(dir), net: newNetwork()}
	if o.Token != "" {
		c.token = o.Token
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	if c.o.TLS.on() {
		var err error
		if c.certs, err = newCerts(c.dir, c.o.TLS); err != nil {
			return err
		}
		c.net.tls = c.certs.forPeers
	}
	for i := range c.o.Members {
		m, err := c.newMember(i, c.o.Names[i], c.o.clientPort(i))
		if err != nil {
			return err
		}
		c.addMember(m)
	}
	for _, m := range c.Members() {
		if err := m.Launch(); err != nil {
			return err
		}
	}
	if err := each(c.Members(), func(m *Member) error { return m.await(ctx, m.serves) }); err != nil {
		return err
	}
	for range c.o.Learners {
		if _, err := c.AddLearner(ctx); err != nil {
			return err
		}
	}
	if c.o.Auth.on() {
		if err := c.EnableAuth(ctx, c.o.Auth); err != nil {
			return err
		}
	}
	for range c.o.Unstarted {
		if _, err := c.AddUnstartedVoter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// each runs f for all members at once and joins the errors.
func each(members []*Member, f func(*Member) error) error {
	errs := make([]error, len(members))
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() { errs[i] = f(m) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close kills everything that the cluster runs and removes its directory.
func (c *Cluster) Close() error {
	c.mu.Lock()
	all := slices.Concat(c.members, c.clones)
	helpers := c.helpers
	c.mu.Unlock()
	err := each(all, (*Member).Kill)
	for _, h := range helpers {
		err = errors.Join(err, h.kill())
	}
	c.net.close()
	return errors.Join(err, os.RemoveAll(c.dir))
}

// Dir is the directory of the cluster, with data, logs and certificates.
func (c *Cluster) Dir() string { return c.dir }

// Members are the started members: voters first, in the order of their start.
// Removed ones stay in the list.
func (c *Cluster) Members() []*Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.members)
}

// Member is member i, counted from 0.
func (c *Cluster) Member(i int) *Member { return c.Members()[i] }

// Unstarted are the IDs of voters without a process, in the order of their
// addition.
func (c *Cluster) Unstarted() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []uint64
	for _, u := range c.unstarted {
		ids = append(ids, u.id)
	}
	return ids
}

// Endpoints are the client URLs of all members.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, m := range c.Members() {
		urls = append(urls, m.ClientURL())
	}
	return urls
}

func (c *Cluster) addMember(m *Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, m)
}

// addClone returns how many clones there are.
func (c *Cluster) addClone(m *Member) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clones = append(c.clones, m)
	return len(c.clones)
}

// logs is the end of each member's log.
func (c *Cluster) logs() string {
	var b strings.Builder
	for _, m := range c.Members() {
		fmt.Fprintf(&b, "the log of %s ends with:\n%s\n", m.name, logTail(m.log))
	}
	return b.String()
}
