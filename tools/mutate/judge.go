package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
)

// score counts the mutants of a file.
type score struct{ killed, survived, equivalent, invalid int }

func (s *score) add(o score) {
	s.killed += o.killed
	s.survived += o.survived
	s.equivalent += o.equivalent
	s.invalid += o.invalid
}

// percent of those killed that are neither invalid nor equivalent.
func (s score) percent() float64 {
	if s.killed+s.survived == 0 {
		return 0
	}
	return 100 * float64(s.killed) / float64(s.killed+s.survived)
}

func (s score) String() string {
	return fmt.Sprintf("%d of %d mutants killed, %.1f %% (besides %d equivalent ones and %d that are no valid rules)",
		s.killed, s.killed+s.survived, s.percent(), s.equivalent, s.invalid)
}

// judge tests all mutants of all files and tells whether enough were killed.
func judge(ctx context.Context, o options, stdout, stderr io.Writer) (bool, error) {
	var total score
	ok := true
	for _, path := range o.files {
		s, err := read(path)
		if err != nil {
			return false, err
		}
		listed, err := readEquivalents(filepath.Join(filepath.Dir(path), "tests", "equivalent.txt"), s.base())
		if err != nil {
			return false, err
		}
		b, err := newBench(o, s)
		if err != nil {
			return false, err
		}
		t := &trial{bench: b, listed: listed, stdout: stdout, stderr: stderr}
		if err := t.run(ctx); err != nil {
			return false, err
		}
		fmt.Fprintf(stdout, "%s: %v\n", path, t.sum)
		total.add(t.sum)
		if o.only.String() != "" {
			continue // an entry for another rule is not out of date
		}
		for _, key := range listed.stale() {
			ok = false
			fmt.Fprintf(stdout, "%s: there is no such mutant, or a test kills it: %s\n", listed.path, key)
		}
	}
	if len(o.files) > 1 {
		fmt.Fprintf(stdout, "total: %v\n", total)
	}
	return ok && total.percent() >= o.want, nil
}

// trial is the test of all mutants of a file.
type trial struct {
	bench          *bench
	listed         *equivalents
	stdout, stderr io.Writer

	mu    sync.Mutex // guards what follows
	sum   score
	tried int
	err   error // the first that was no verdict
}

// run has several workers, each in a directory of its own.
func (t *trial) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []*mutant
	for _, m := range mutants(t.bench.source) {
		if t.bench.only.MatchString(m.rule.name) {
			all = append(all, m)
		}
	}
	queue := make(chan *mutant)
	var wg sync.WaitGroup
	for range t.bench.workers {
		wg.Go(func() {
			if err := t.work(ctx, queue, len(all)); err != nil {
				t.fail(err)
				cancel()
			}
		})
	}
	for _, m := range all {
		select {
		case queue <- m:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
	if t.err == nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return t.err
}

func (t *trial) work(ctx context.Context, queue <-chan *mutant, total int) error {
	w, err := t.bench.worker()
	if err != nil {
		return err
	}
	defer w.close()
	for m := range queue {
		v, err := w.try(ctx, m)
		if err != nil {
			return fmt.Errorf("%v: %w", m, err)
		}
		t.take(m, v, total)
	}
	return nil
}

func (t *trial) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

// take counts a verdict and shows a survivor.
func (t *trial) take(m *mutant, v verdict, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tried++; t.tried%50 == 0 {
		fmt.Fprintf(t.stderr, "mutate: %s: %d of %d\n", t.bench.source.base(), t.tried, total)
	}
	switch {
	case v == invalid:
		t.sum.invalid++
	case v == killed:
		t.sum.killed++
	case t.listed.survived(m):
		t.sum.equivalent++
	default:
		t.sum.survived++
		fmt.Fprintf(t.stdout, "survived: %v\n", m)
	}
}
