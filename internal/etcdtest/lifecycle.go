package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// versionOf asks an etcd for its version, such as "3.4".
func versionOf(binary string) (string, error) {
	if binary == "" {
		return "", nil
	}
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", binary, err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	parts := strings.Split(strings.TrimPrefix(first, "etcd Version: "), ".")
	if len(parts) < 3 {
		return "", fmt.Errorf("%s calls its version %q", binary, first)
	}
	return parts[0] + "." + parts[1], nil
}

// Launch starts the member's process, with more etcd flags if there are any,
// and waits for nothing. It is an error if the member runs.
func (m *Member) Launch(flags ...string) error {
	if m.Running() {
		return fmt.Errorf("%s runs already", m.name)
	}
	p, err := launch(m.binary, append(m.c.flags(m), flags...), m.log)
	if err != nil {
		return fmt.Errorf("start %s: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process = p
	return nil
}

// Upgrade makes the member run the etcd that is linked into this binary from its
// next start on, on the data that it has.
func (m *Member) Upgrade() { m.binary, m.version = "", "" }

// Restart starts the member again, after killing it if it runs, and waits until
// it answers Status. Without a quorum etcd takes 5 s for that, and 3.4 does not
// answer at all.
func (m *Member) Restart(ctx context.Context) error {
	return m.restart(ctx, m.answers)
}

// RestartForceNewCluster starts the member on its own data as a cluster of its
// own and waits until it serves a linearizable read. The others do not learn of
// it; isolate it first, lest they talk to each other.
func (m *Member) RestartForceNewCluster(ctx context.Context) error {
	return m.restart(ctx, m.serves, "--force-new-cluster")
}

func (m *Member) restart(ctx context.Context, ready func(context.Context) error, flags ...string) error {
	if err := m.Kill(); err != nil {
		return err
	}
	for {
		if err := m.Launch(flags...); err != nil {
			return err
		}
		err := m.await(ctx, ready)
		if !errors.Is(err, errPortTaken) {
			return err
		}
		if pause(ctx) != nil { // the port may be free again in a moment
			return err
		}
	}
}

// await calls ready until it succeeds, the member's process ends or ctx does,
// for a minute at most: what takes longer never comes.
func (m *Member) await(ctx context.Context, ready func(context.Context) error) error {
	p := m.current()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		err := ready(ctx)
		switch {
		case err == nil:
			return nil
		case !p.running():
			return fmt.Errorf("start %s: %w", m.name, p.died())
		case pause(ctx) != nil && p.running():
			return fmt.Errorf("wait for %s: %w (%w); its log ends with:\n%s",
				m.name, err, context.Cause(ctx), logTail(m.log))
		}
	}
}

// pause waits for one poll interval or for the end of ctx, whose error it is.
func pause(ctx context.Context) error {
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CloneDataDir starts a second process on a copy of the data of member i, which
// must not run, on other addresses: the mistake of a copied virtual machine.
// Both have the same IDs. It makes sense for a cluster of one member. The clone
// is not among the cluster's members, but ends with the cluster.
func (c *Cluster) CloneDataDir(ctx context.Context, i int) (*Member, error) {
	m := c.Member(i)
	if m.Running() {
		return nil, fmt.Errorf("clone %s: it runs", m.name)
	}
	clone, err := c.newMember(m.index, m.name, 0)
	if err != nil {
		return nil, err
	}
	suffix := fmt.Sprintf("-clone%d", c.addClone(clone))
	clone.dataDir += suffix
	clone.log = m.dataDir + suffix + ".log"
	if err := os.CopyFS(clone.dataDir, os.DirFS(m.dataDir)); err != nil {
		return nil, fmt.Errorf("copy data of %s: %w", m.name, err)
	}
	clone.setID(m.ID())
	return clone, clone.restart(ctx, clone.serves)
}
