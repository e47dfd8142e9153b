package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/app"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// source is where the configuration comes from, at the start and again.
type source struct {
	flags   *serveFlags
	log     *slog.Logger
	level   slog.LevelVar
	started *config.File // the one that counts for what cannot change

	mu   sync.Mutex        // guards seen
	seen [sha256.Size]byte // of the file that is in force; zero while one could not be put in force
}

// read reads the configuration, right or wrong, and remembers the file.
func (s *source) read() (*config.File, []config.Warning, error) {
	if s.flags.poll.value > 0 { // else it may be a pipe, which can be read once
		// Before it is read: should it change meanwhile, it is read once too often.
		s.see(s.sum())
	}
	return s.flags.settings.load()
}

// see remembers a file in place of the one before, which it returns.
func (s *source) see(sum [sha256.Size]byte) (before [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.seen = s.seen, sum
	return before
}

// sum is that of the file's content; zero when it cannot be read.
func (s *source) sum() (sum [sha256.Size]byte) {
	f, err := os.Open(s.flags.settings.file)
	if err != nil {
		return sum
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, config.MaxFile+1)); err == nil {
		h.Sum(sum[:0])
	}
	return sum
}

// load gives the app the settings anew.
func (s *source) load() (app.Settings, error) {
	c, warnings, err := s.read()
	sum := s.see([sha256.Size]byte{}) // what fails now may work later, when another file has come
	if err != nil {
		return app.Settings{}, err
	}
	settings := s.flags.appSettings(c)
	settings.InForce = func() {
		s.see(sum)
		if err := logging.SetLevel(&s.level, c.Logging().Level); err != nil {
			s.log.Error("level of the log", "err", err)
		}
		s.tell(c, warnings)
		if changed := s.started.AtStart(c); len(changed) > 0 {
			s.log.Warn("changed keys count from the next start on", "keys", strings.Join(changed, ", "))
		}
	}
	return settings, nil
}

// watch reloads on every signal, and while the file is not the one in force, if
// poll is not 0. How it went is logged by whoever reloads.
func (s *source) watch(ctx context.Context, hangups <-chan os.Signal, poll time.Duration, reload, again func() error) {
	var ticks <-chan time.Time
	if poll > 0 && s.flags.settings.file != "" {
		t := time.NewTicker(poll)
		defer t.Stop()
		ticks = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			if err := reload(); errors.Is(err, app.ErrNothingToLoad) {
				s.log.Warn("asked to reload", "err", err)
			}
		case <-ticks:
			if s.changed() {
				_ = again()
			}
		}
	}
}

// changed reports whether the file is not the one in force. One that
// is gone for a moment, as while somebody replaces it, has not changed.
func (s *source) changed() bool {
	sum := s.sum()
	s.mu.Lock()
	defer s.mu.Unlock()
	return sum != [sha256.Size]byte{} && sum != s.seen
}
