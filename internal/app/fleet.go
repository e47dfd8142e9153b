package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// fleet is the monitors of all clusters. Its clusters come and go by apply; who
// uses a monitor acquires it, and one that is taken away closes when the last
// user is done.
type fleet struct {
	shared   shared
	retiring sync.WaitGroup // of monitors that were taken away

	mu       sync.RWMutex // guards what follows
	monitors []*monitor
	watch    Watch
	loops    map[*monitor]*loop // that run; nil before start
	base     context.Context    // of loops; nil before start
}

// loop is a monitor's work in the background.
type loop struct {
	stop context.CancelFunc
	done chan struct{}
}

// acquire returns the monitors of now. They stay usable until release.
func (f *fleet) acquire() (monitors []*monitor, release func()) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	monitors = f.monitors
	for _, m := range monitors {
		m.users.Add(1)
	}
	return monitors, func() {
		for _, m := range monitors {
			m.users.Done()
		}
	}
}

// named returns the monitor of one cluster, nil if there is none.
func (f *fleet) named(name string) (*monitor, func()) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, m := range f.monitors {
		if m.name == name {
			m.users.Add(1)
			return m, m.users.Done
		}
	}
	return nil, func() {}
}

// configs are the clusters as they are configured now, with the endpoints that
// were found for those that have none configured.
func (f *fleet) configs() []config.Cluster {
	monitors, release := f.acquire()
	defer release()
	all := make([]config.Cluster, len(monitors))
	for i, m := range monitors {
		all[i] = m.config()
		if m.finder != nil {
			all[i].Endpoints = m.finder.last()
		}
	}
	return all
}

// apply makes the clusters of the settings the fleet: first all that can fail,
// then one swap. A monitor whose cluster is the same goes on as it is; one whose
// thresholds, labels or some endpoints alone changed gets the new ones.
func (f *fleet) apply(s Settings) error {
	f.mu.RLock()
	old := map[string]*monitor{}
	for _, m := range f.monitors {
		old[m.name] = m
	}
	f.mu.RUnlock()

	var next, fresh []*monitor
	var errs []error
	for _, c := range s.Clusters {
		if m := old[c.Name]; m != nil && sameWatch(m.config(), c) {
			next = append(next, m)
			continue
		}
		m, err := newMonitor(c, s.History, f.shared)
		if err != nil {
			errs = append(errs, fmt.Errorf("cluster %s: %w", c.Name, err))
			continue
		}
		next, fresh = append(next, m), append(fresh, m)
	}
	if len(errs) > 0 {
		for _, m := range fresh {
			m.client.Close()
		}
		return errors.Join(errs...)
	}
	f.swap(next, s)
	return nil
}

// sameWatch reports whether two configurations are of one cluster, and differ at
// most in what is said about it and in some of its endpoints. Where all of them
// are others, it may well be another cluster, whose history is not this one's.
func sameWatch(a, b config.Cluster) bool {
	if slices.ContainsFunc(b.Endpoints, func(e string) bool { return slices.Contains(a.Endpoints, e) }) {
		a.Endpoints, b.Endpoints = nil, nil
	}
	a.Thresholds, b.Thresholds, a.QuotaBytes, b.QuotaBytes = nil, nil, 0, 0
	a.Labels, b.Labels = nil, nil
	return reflect.DeepEqual(a, b)
}

func (f *fleet) swap(next []*monitor, s Settings) {
	kept := map[*monitor]bool{}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, m := range next {
		kept[m] = true
		if m.finder == nil {
			if err := m.client.SetEndpoints(s.Clusters[i].Endpoints); err != nil {
				m.log.Error("endpoints stay as they are", "err", err) // canonical URLs give none
			}
		}
		m.mu.Lock()
		m.cfg = s.Clusters[i]
		m.watch = s.Watch
		m.mu.Unlock()
		m.history.Resize(s.History.Points, s.History.Changes)
	}
	rhythm := f.watch != s.Watch
	previous := f.monitors
	f.monitors, f.watch = next, s.Watch
	ending := map[*monitor]*loop{}
	for _, m := range previous {
		l := f.loops[m]
		if l != nil && (rhythm || !kept[m]) {
			l.stop()
			ending[m] = l
			delete(f.loops, m)
		}
		if !kept[m] {
			f.retire(m, l)
		}
	}
	f.startLoops(ending)
}

// retire closes a monitor when its loop has ended and its last user is done.
func (f *fleet) retire(m *monitor, l *loop) {
	f.retiring.Go(func() {
		if l != nil {
			<-l.done
		}
		m.users.Wait()
		m.client.Close()
		now, release := f.named(m.name)
		defer release()
		if now == nil {
			f.shared.probes.ForgetCluster(m.name)
		} else {
			now.forgetMembers(m)
		}
	})
}

// start begins the work in the background, of the monitors of now and of those
// to come.
func (f *fleet) start(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base, f.loops = ctx, map[*monitor]*loop{}
	f.startLoops(nil)
}

// startLoops starts the loops that do not run, each after the one of the same
// monitor that is ending.
func (f *fleet) startLoops(ending map[*monitor]*loop) {
	if f.base == nil {
		return
	}
	for _, m := range f.monitors {
		if f.loops[m] != nil {
			continue
		}
		ctx, stop := context.WithCancel(f.base)
		l := &loop{stop: stop, done: make(chan struct{})}
		f.loops[m] = l
		before, watch := ending[m], f.watch
		go func() {
			defer close(l.done)
			if before != nil {
				<-before.done
			}
			m.run(ctx, watch)
		}()
	}
}

// stop ends all work and closes all connections, and waits for that.
func (f *fleet) stop() {
	f.mu.Lock()
	monitors, loops := f.monitors, f.loops
	f.monitors, f.loops, f.base = nil, nil, nil
	f.mu.Unlock()
	for _, m := range monitors {
		if l := loops[m]; l != nil {
			l.stop()
		}
		f.retire(m, loops[m])
	}
	f.retiring.Wait()
}

// interval is the metrics interval of now.
func (m *monitor) interval() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.watch.MetricsInterval
}
