package faults

import (
	"context"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/internal/freeport"
)

// exporterBinary is built once for all.
var exporterBinary string

func TestMain(m *testing.M) {
	etcdtest.Main()
	os.Exit(withExporter(m))
}

func withExporter(m *testing.M) int {
	dir, err := os.MkdirTemp("", "etcd-monitor-faults")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// They wait most of the time. -parallel still counts.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("4")
	}
	exporterBinary = filepath.Join(dir, "etcd-monitor")
	if out, err := exec.Command("go", "build", "-o", exporterBinary, root+"/cmd/etcd-monitor").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// rig is a cluster that is watched as in production.
type rig struct {
	*testing.T
	*etcdtest.Cluster

	ctx       context.Context
	prom      *prometheus
	exporters []*exporter
	seen      *watch
}

// exporter is the product, running.
type exporter struct {
	address string
	cmd     *exec.Cmd
}

func (e *exporter) kill() error {
	err := e.cmd.Process.Kill()
	_ = e.cmd.Wait()
	return err
}

// startExporter runs the product on a free port with the flags given.
func startExporter(t testing.TB, flags ...string) *exporter {
	t.Helper()
	e := &exporter{address: freeport.For(t)}
	args := append([]string{"--web.listen-address=" + e.address, "--metrics-interval=" + interval.String(), "--log.level=warn"}, flags...)
	e.cmd = exec.Command(exporterBinary, args...) //nolint:noctx // killed below
	log, err := os.Create(filepath.Join(t.TempDir(), "exporter.log"))
	if err != nil {
		t.Fatal(err)
	}
	e.cmd.Stdout, e.cmd.Stderr = log, log
	etcdtest.OK(t, etcdtest.StartCommand(e.cmd))
	t.Cleanup(func() {
		_ = e.kill()
		_ = log.Close()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("exporter: %s", text)
		}
	})
	return e
}

// newRig starts all that a scenario needs.
func newRig(t *testing.T, s *scenario) *rig {
	t.Helper()
	r := &rig{T: t, ctx: t.Context()}
	options := s.cluster
	if s.before != nil {
		s.before(r, &options)
	}
	r.Cluster = etcdtest.New(t, options)
	_, err := r.WaitLeader(r.ctx)
	etcdtest.OK(t, err)
	watchers := s.exporters
	if watchers == nil {
		watchers = func(r *rig) [][]string { return [][]string{{"--endpoints=" + strings.Join(r.Endpoints(), ",")}} }
	}
	var addresses []string
	for _, flags := range watchers(r) {
		e := startExporter(t, append([]string{"--cluster.name=c1"}, flags...)...)
		r.exporters = append(r.exporters, e)
		addresses = append(addresses, e.address)
	}
	r.prom = startPrometheus(t, addresses)
	r.seen = r.prom.watch()
	return r
}

// leader is the index of the member that leads.
func (r *rig) leader() int {
	r.Helper()
	i, err := r.WaitLeader(r.ctx)
	etcdtest.OK(r, err)
	return i
}

// follower is the index of a member that does not lead.
func (r *rig) follower() int { return (r.leader() + 1) % len(r.Members()) }

// watch notes when alerts began to wait and to fire.
type watch struct {
	mu    sync.Mutex
	since time.Time // of the fault
	when  map[string]moments
	now   map[string]string // state by name, as of the last look
}

// moments are after the fault; zero for never.
type moments struct{ pending, firing time.Duration }

func (p *prometheus) watch() *watch {
	w := &watch{since: time.Now(), when: map[string]moments{}}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second / 2)
		defer tick.Stop()
		for {
			if list, err := p.alerts(ctx); err == nil {
				w.note(list)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	p.t.Cleanup(func() { cancel(); wg.Wait() })
	return w
}

func (w *watch) note(list []alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = map[string]string{}
	for _, a := range list {
		name := a.name()
		m := w.when[name]
		after := max(time.Since(w.since), time.Millisecond)
		if m.pending == 0 {
			m.pending = after
		}
		if a.State == "firing" && m.firing == 0 {
			m.firing = after
		}
		w.when[name] = m
		if w.now[name] != "firing" {
			w.now[name] = a.State
		}
	}
}

// start forgets what was before: the fault is now.
func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.when = time.Now(), map[string]moments{}
}

// fired are the alerts that have fired since start, by name.
func (w *watch) fired() map[string]moments {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := maps.Clone(w.when)
	maps.DeleteFunc(out, func(_ string, m moments) bool { return m.firing == 0 })
	return out
}

// active are the names of the alerts that wait or fire now, without those that
// always do.
func (w *watch) active() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for name := range w.now {
		if !slices.Contains(always, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// always may fire, and nobody is told: the one is to fire, the other mutes until
// the exporter has been scraped.
var always = []string{"EtcdMonitorWatchdog/none", "EtcdMonitorDown/none"}
