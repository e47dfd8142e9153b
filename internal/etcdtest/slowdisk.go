package etcdtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// SlowDisk makes each of the member's writes to the disk wait before it is
// durable; 0 ends it, and so does a restart. It works on Linux, for members that
// run the etcd that is linked into this binary and wait for the disk
// (Options.Fsync).
func (m *Member) SlowDisk(delay time.Duration) error {
	p := m.current()
	switch {
	case !m.c.o.Fsync:
		return fmt.Errorf("slow down the disk of %s: the cluster was started without Options.Fsync", m.name)
	case m.binary != "":
		return fmt.Errorf("slow down the disk of %s: another etcd runs there: %w", m.name, errors.ErrUnsupported)
	case p == nil || !p.running():
		return fmt.Errorf("slow down the disk of %s: it does not run", m.name)
	}
	before := answers(m.log)
	if _, err := fmt.Fprintln(p.life, delay); err != nil {
		return fmt.Errorf("slow down the disk of %s: %w", m.name, err)
	}
	for end := time.Now().Add(startLimit); time.Now().Before(end) && p.running(); time.Sleep(pollInterval) {
		all := answers(m.log)
		if len(all) == len(before) {
			continue
		}
		if _, why, failed := strings.Cut(all[len(all)-1], "cannot: "); failed {
			return fmt.Errorf("slow down the disk of %s: %s", m.name, why)
		}
		return nil
	}
	return fmt.Errorf("slow down the disk of %s: no answer; its log ends with:\n%s", m.name, logTail(m.log))
}

// obeyed begins the line in a member's log that answers SlowDisk.
const obeyed = "etcdtest: fdatasync delay "

// answers are the lines of a log that begin with obeyed.
func answers(log string) []string {
	text, err := os.ReadFile(log)
	if err != nil {
		return nil // none yet
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, obeyed) && strings.HasSuffix(line, "\n") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// obey is the member's side: it takes delays from the pipe, and ends the process
// when the other end of the pipe is closed, which the kernel does when the parent
// dies: that works on every system.
func obey(pipe io.Reader) {
	var d disk
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		delay, err := time.ParseDuration(lines.Text())
		if err == nil {
			err = d.slow(delay)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s%s cannot: %v\n", obeyed, lines.Text(), err)
			continue
		}
		fmt.Fprintf(os.Stderr, "%s%v\n", obeyed, delay)
	}
	os.Exit(3)
}
