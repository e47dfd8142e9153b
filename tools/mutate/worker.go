package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

type verdict int

const (
	invalid  verdict = iota // Prometheus would not load it
	killed                  // a test failed
	survived                // no test did
)

// worker tries mutants in a directory of its own.
type worker struct {
	bench *bench
	dir   string
}

func (b *bench) worker() (*worker, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	w := &worker{b, dir}
	if err := w.fill(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *worker) fill() error {
	if err := os.Mkdir(filepath.Join(w.dir, "tests"), 0o755); err != nil {
		return err
	}
	files := map[string]string{w.rules(): w.bench.source.text}
	for name, text := range w.bench.others {
		files[filepath.Join(w.dir, name)] = text
	}
	for _, t := range w.bench.tests {
		files[w.test(t.name)] = t.text
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) close() { _ = os.RemoveAll(w.dir) }

func (w *worker) rules() string { return filepath.Join(w.dir, w.bench.source.base()) }

func (w *worker) test(name string) string { return filepath.Join(w.dir, "tests", name) }

// try runs the tests on a mutant until one fails.
func (w *worker) try(ctx context.Context, m *mutant) (verdict, error) {
	p := w.bench.plans[m.rule]
	if err := w.write(w.bench.source.only(m.text(), p.needed)); err != nil {
		return invalid, err
	}
	if _, err := w.promtool(ctx, "check", "rules", "--lint=none", w.rules()); err != nil {
		return invalid, failure(ctx, err)
	}
	for _, s := range p.order() {
		whole := s.needsAll()
		v, err := w.step(ctx, m.text(), p, s, whole)
		if err == nil && v == killed {
			err = w.prove(ctx, p, s)
		}
		if err == nil && s.needsAll() != whole {
			v, err = w.step(ctx, m.text(), p, s, true)
		}
		if err != nil {
			return invalid, err
		}
		if v == killed {
			p.killer(s)
			return killed, nil
		}
	}
	return survived, nil
}

// prove finds out what tests need that have failed: without a mutation they
// must pass, with the needed rules alone or with all.
func (w *worker) prove(ctx context.Context, p *plan, s *step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.proven {
		v, err := w.step(ctx, w.bench.source.text, p, s, s.whole)
		switch {
		case err != nil:
			return err
		case v == survived:
			s.proven = true
		case s.whole:
			return fmt.Errorf("%s: tests fail without any mutation: %s", s.file, s.pattern)
		default:
			s.whole = true
		}
	}
	return nil
}

func (s *step) needsAll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole
}

// step runs some tests on a version of the rules: on all of them, or on those
// that are needed.
func (w *worker) step(ctx context.Context, text string, p *plan, s *step, whole bool) (verdict, error) {
	if !whole {
		text = w.bench.source.only(text, p.needed)
	}
	if err := w.write(text); err != nil {
		return invalid, err
	}
	if _, err := w.promtool(ctx, "test", "rules", "--run", s.pattern, w.test(s.file)); err != nil {
		return killed, failure(ctx, err)
	}
	return survived, nil
}

func (w *worker) write(text string) error { return os.WriteFile(w.rules(), []byte(text), 0o644) }

// failure is nil for what promtool found, and the error if it could not look.
func failure(ctx context.Context, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() && ctx.Err() == nil {
		return nil
	}
	return err
}

func (w *worker) promtool(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, w.bench.promtool, args...).CombinedOutput()
	return string(out), err
}
