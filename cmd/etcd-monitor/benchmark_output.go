package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// pushFlags say where results go; what is not given is as configured.
type pushFlags struct {
	config.Pushgateway

	interval time.Duration
	required bool
	delete   bool
}

func (f *pushFlags) add(cmd *kingpin.CmdClause) {
	setFlag(cmd, &f.URL, "pushgateway.url", "", "Pushgateway to push the results to.", gatewayURL)
	cmd.Flag("pushgateway.job", "Value of the label job there (etcd-monitor-benchmark).").StringVar(&f.Job)
	cmd.Flag("pushgateway.username", "User of its basic authentication.").StringVar(&f.Username)
	cmd.Flag("pushgateway.password-file", "File with the user's password.").StringVar(&f.PasswordFile)
	cmd.Flag("pushgateway.ca-file", "File with the CAs to verify it with.").StringVar(&f.CAFile)
	cmd.Flag("pushgateway.cert-file", "File with our client certificate for it.").StringVar(&f.CertFile)
	cmd.Flag("pushgateway.key-file", "File with the key of that certificate.").StringVar(&f.KeyFile)
	setSwitch(cmd, &f.InsecureSkipVerify, "pushgateway.insecure-skip-verify", "Do not verify its certificate.")
	setFlag(cmd, &f.interval, "pushgateway.expected-interval", "", "How often this benchmark is meant to run, for the alert that it does not.", duration(0))
	cmd.Flag("pushgateway.delete", "Run nothing: delete the results of this cluster and type there.").NoEnvar().BoolVar(&f.delete)
	cmd.Flag("push-required", "Exit with 5 when the results cannot be pushed; else that is a warning.").NoEnvar().BoolVar(&f.required)
}

// gatewayURL is a URL without user and password: they would be shown with it, and
// so would they in an error about it.
func gatewayURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", errors.New("is not a URL like https://pushgateway:9091")
	case u.User != nil:
		return "", errors.New("has a user or a password in it, where they can be seen: " +
			"--pushgateway.username and --pushgateway.password-file are for them")
	}
	return s, nil
}

// gateway is where to push to: as the flags say, else the configuration. A way
// in that was configured is for the configured URL only.
func (f *pushFlags) gateway(configured config.Pushgateway) benchmark.Gateway {
	p := f.Pushgateway
	if p.URL == "" || p.URL == configured.URL {
		p = merge(p, configured)
	}
	if p.Job == "" {
		p.Job = configured.Job
	}
	g := benchmark.GatewayOf(p)
	g.Interval = f.interval
	return g
}

// check says which flag is of no use without a Pushgateway.
func (f *pushFlags) check(g benchmark.Gateway) error {
	for name, given := range map[string]bool{"pushgateway.delete": f.delete, "push-required": f.required} {
		if given && g.URL == "" {
			return fmt.Errorf("--%s: there is no Pushgateway, give --pushgateway.url or benchmark.pushgateway.url", name)
		}
	}
	return nil
}

func merge(p, d config.Pushgateway) config.Pushgateway {
	for _, s := range []struct{ to, from *string }{
		{&p.URL, &d.URL},
		{&p.Username, &d.Username},
		{&p.PasswordFile, &d.PasswordFile},
		{&p.CAFile, &d.CAFile},
		{&p.CertFile, &d.CertFile},
		{&p.KeyFile, &d.KeyFile},
	} {
		if *s.to == "" {
			*s.to = *s.from
		}
	}
	p.InsecureSkipVerify = p.InsecureSkipVerify || d.InsecureSkipVerify
	return p
}

// checkOutput says why a report could not be stored, before one is measured.
func (f *benchmarkFlags) checkOutput() error {
	if f.output == "" {
		return nil
	}
	if info, err := os.Stat(f.output); err == nil && info.IsDir() {
		return fmt.Errorf("--output: %s is a directory", f.output)
	}
	tmp, err := f.tempOutput()
	if err != nil {
		return err
	}
	if err := errors.Join(tmp.Close(), os.Remove(tmp.Name())); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// tempOutput is a file beside the one for the report.
func (f *benchmarkFlags) tempOutput() (*os.File, error) {
	tmp, err := os.CreateTemp(filepath.Dir(f.output), ".benchmark-*")
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return tmp, nil
}

// store writes the report to a file, whole or not at all.
func (f *benchmarkFlags) store(r benchmark.Report) error {
	if f.output == "" {
		return nil
	}
	tmp, err := f.tempOutput()
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone once it is renamed
	if err := errors.Join(r.WriteJSON(tmp), tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	if err := os.Rename(tmp.Name(), f.output); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// progress is a line on a terminal that is written over and over.
type progress struct {
	w     io.Writer // nil for none
	width int       // of what is there now
}

func newProgress(w io.Writer, quiet bool) *progress {
	file, ok := w.(*os.File)
	if !ok || quiet {
		return &progress{}
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: w}
}

func (p *progress) show(s benchmark.Progress) {
	if p.w != nil {
		p.write(progressLine(s))
	}
}

func progressLine(s benchmark.Progress) string {
	line := s.Phase
	if s.Total > 0 {
		line += fmt.Sprintf(" %d of %d", s.Done, s.Total)
	}
	if s.Elapsed > 0 {
		line += fmt.Sprintf("  %.0f/s", s.Rate)
		if !math.IsNaN(s.P99) {
			line += fmt.Sprintf("  p99 %.2f ms", 1000*s.P99)
		}
		line += fmt.Sprintf("  %d errors  %s", s.Errors, s.Elapsed.Round(time.Second))
	}
	if s.Left >= 0 {
		line += fmt.Sprintf("  %s left", time.Duration(s.Left*float64(time.Second)).Round(time.Second))
	}
	return line
}

func (p *progress) write(line string) {
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.width-len(line))))
	p.width = len(line)
}

func (p *progress) clear() {
	if p.w != nil && p.width > 0 {
		p.write("")
		fmt.Fprint(p.w, "\r")
	}
}

// addCompare adds the verb that compares two results.
func addCompare(benchmarkCmd *kingpin.CmdClause) verb {
	cmd := benchmarkCmd.Command("compare", "Compare two results: exit 3 if the second is worse.")
	var before, after string
	var allowed float64
	cmd.Arg("BEFORE", "Result, as --output stored it.").Required().StringVar(&before)
	cmd.Arg("AFTER", "Result to compare with it.").Required().StringVar(&after)
	setFlag(cmd, &allowed, "allowed", "0.05", "Share by which a figure may be worse.", amount).NoEnvar()
	return verb{cmd.FullCommand(), func(_ context.Context, stdout, _ io.Writer) error {
		a, err := readReport(before)
		if err != nil {
			return err
		}
		b, err := readReport(after)
		if err != nil {
			return err
		}
		c, err := benchmark.Compare(a, b, allowed)
		if err != nil {
			return err
		}
		if err := c.WriteText(stdout); err != nil {
			return err
		}
		if c.Regressed() {
			return exitError{exitMissed, fmt.Errorf("%s is worse than %s", after, before)}
		}
		return nil
	}}
}

func readReport(name string) (benchmark.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return benchmark.Report{}, err
	}
	defer func() { _ = f.Close() }()
	r, err := benchmark.ReadReport(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
