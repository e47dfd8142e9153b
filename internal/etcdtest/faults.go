package etcdtest

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

var (
	errNotProxied       = errors.New("the cluster was started without Options.Proxied")
	errClientNotProxied = errors.New("the cluster was started without Options.ClientProxied")
)

// Isolate breaks all links between member i and the other members. Clients
// still reach it.
func (c *Cluster) Isolate(i int, f Fault) error {
	rest := slices.DeleteFunc(c.indices(), func(k int) bool { return k == i })
	return c.Partition([][]int{{i}, rest}, f)
}

// Partition breaks all links between members of different groups: three groups
// of one are a cluster where nobody reaches anybody. Members that are in no
// group keep all their links. Faults that are there already stay.
func (c *Cluster) Partition(groups [][]int, f Fault) error {
	if !c.o.Proxied {
		return errNotProxied
	}
	if err := c.check(slices.Concat(groups...)...); err != nil {
		return err
	}
	c.net.change(func() {
		for a, as := range groups {
			for b, bs := range groups {
				if a == b {
					continue
				}
				for _, from := range as {
					for _, to := range bs {
						c.net.faults[hop{from, to}] = f
					}
				}
			}
		}
	})
	return nil
}

// CutOneWay breaks what member from sends to member to. Unlike a filter of
// packets, it does not disturb what comes the other way.
func (c *Cluster) CutOneWay(from, to int, f Fault) error {
	if !c.o.Proxied {
		return errNotProxied
	}
	if err := c.check(from, to); err != nil {
		return err
	}
	c.net.change(func() { c.net.faults[hop{from, to}] = f })
	return nil
}

// Delay makes everything between members arrive later, each way; 0 ends it.
func (c *Cluster) Delay(d time.Duration) error {
	if !c.o.Proxied {
		return errNotProxied
	}
	c.net.change(func() { c.net.delay = d })
	return nil
}

// Heal mends all links between members: no faults and no delay.
func (c *Cluster) Heal() {
	c.net.change(func() {
		for h := range c.net.faults {
			if h.from != client {
				delete(c.net.faults, h)
			}
		}
		c.net.delay = 0
	})
}

// CutClient closes all clients' connections to member i and refuses new ones.
// They are accepted and reset: only a killed member without proxies refuses
// them as the system does.
func (c *Cluster) CutClient(i int) error { return c.breakClient(i, Cut) }

// BlackholeClient lets clients connect to member i and delivers nothing.
func (c *Cluster) BlackholeClient(i int) error { return c.breakClient(i, Blackhole) }

func (c *Cluster) breakClient(i int, f Fault) error {
	return c.changeClient(i, func() { c.net.faults[hop{client, i}] = f })
}

// DelayClient makes everything between clients and member i arrive later, each
// way; 0 ends it.
func (c *Cluster) DelayClient(i int, d time.Duration) error {
	return c.changeClient(i, func() { c.net.delays[i] = d })
}

// HealClient mends the link between clients and member i.
func (c *Cluster) HealClient(i int) error {
	return c.changeClient(i, func() {
		delete(c.net.faults, hop{client, i})
		delete(c.net.delays, i)
	})
}

func (c *Cluster) changeClient(i int, alter func()) error {
	if !c.o.ClientProxied {
		return errClientNotProxied
	}
	if err := c.check(i); err != nil {
		return err
	}
	c.net.change(alter)
	return nil
}

// indices are 0, 1, ... for all members.
func (c *Cluster) indices() []int {
	var all []int
	for i := range c.Members() {
		all = append(all, i)
	}
	return all
}

// check refuses what is no member's index.
func (c *Cluster) check(indices ...int) error {
	n := len(c.Members())
	for _, i := range indices {
		if i < 0 || i >= n {
			return fmt.Errorf("there is no member %d among %d", i, n)
		}
	}
	return nil
}
