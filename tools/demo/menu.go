package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/etcd-monitor/etcd-monitor/internal/etcdtest"
	"github.com/etcd-monitor/etcd-monitor/tools/local"
)

// menu does what is typed until there is no more of it.
func (s *system) menu(ctx context.Context, stdin io.Reader) error {
	s.guide()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(stdin); scan.Scan(); {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	ended := make(chan *local.Process)
	for _, p := range s.running {
		go func() {
			select {
			case <-p.Done():
				ended <- p
			case <-ctx.Done():
			}
		}()
	}
	for {
		select {
		case line, ok := <-lines:
			if !ok || strings.TrimSpace(line) == "quit" {
				fmt.Fprintln(s.stdout, "stopping ...")
				return nil
			}
			if err := s.do(ctx, strings.Fields(line)); err != nil {
				fmt.Fprintln(s.stdout, "  "+err.Error())
			}
		case p := <-ended:
			return p.Ended()
		case <-ctx.Done():
			fmt.Fprintln(s.stdout, "stopping ...")
			return nil
		}
	}
}

func (s *system) guide() {
	fmt.Fprintf(s.stdout, `
  status page   %[1]s/
  Prometheus    %[2]s/api/v1/alerts
  Alertmanager  %[3]s/api/v2/alerts
  Pushgateway   %[4]s/metrics
  dashboards    import dashboards/*.json into a Grafana with Prometheus at %[2]s

Alerts appear here as the exporter's log lines when Alertmanager sends them on.

`, local.URL(s.o.exporterAddr), local.URL(s.o.prometheusAddr), local.URL(s.o.alertAddr), local.URL(s.o.pushAddr))
	_ = s.members(context.Background())
	fmt.Fprintln(s.stdout, `
  members            who runs, who leads
  kill N             kill member N           restart N    start it again
  freeze N           it hangs                thaw N       it goes on
  isolate N          cut it off its peers    split        nobody reaches anybody
  heal               mend all links          fill N       write N MiB
  quit               or Ctrl-C: stop everything, leave nothing behind`)
}

// do carries out one line.
func (s *system) do(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return nil
	}
	n := -1
	if len(words) > 1 {
		var err error
		if n, err = strconv.Atoi(words[1]); err != nil {
			return fmt.Errorf("%q is no number", words[1])
		}
	}
	switch words[0] {
	case "members":
		return s.members(ctx)
	case "heal":
		s.cluster.Heal()
		return nil
	case "split":
		return s.cluster.Partition([][]int{{0}, {1}, {2}}, etcdtest.Blackhole)
	case "fill":
		if n < 1 {
			return fmt.Errorf("fill how many MiB?")
		}
		return s.cluster.Put(ctx, n, 1<<20)
	case "kill", "restart", "freeze", "thaw", "isolate":
	default:
		return fmt.Errorf("what is %q? members, kill, restart, freeze, thaw, isolate, split, heal, fill, quit", words[0])
	}
	if n < 0 || n >= len(s.cluster.Members()) {
		return fmt.Errorf("%s which member? 0, 1 or 2", words[0])
	}
	m := s.cluster.Member(n)
	switch words[0] {
	case "kill":
		return m.Kill()
	case "restart":
		return m.Launch()
	case "freeze":
		return m.Freeze()
	case "thaw":
		return m.Thaw()
	}
	return s.cluster.Isolate(n, etcdtest.Blackhole)
}

// members shows them.
func (s *system) members(ctx context.Context) error {
	leader, err := s.cluster.Leader(ctx)
	if err != nil {
		leader = -1
	}
	for i, m := range s.cluster.Members() {
		state := "stopped"
		switch {
		case m.Running() && i == leader:
			state = "leads"
		case m.Running():
			state = "runs"
		}
		fmt.Fprintf(s.stdout, "  %d  %s  %s  %s\n", i, m.Name(), m.ClientURL(), state)
	}
	return nil
}
