package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/rules"
)

// renderAlertmanager makes Alertmanager's configuration of ours.
type renderAlertmanager struct {
	settings   *settings
	out        string
	secretsDir string
}

func addRenderAlertmanager(render *kingpin.CmdClause) verb {
	cmd := render.Command("alertmanager", "Print a configuration for Alertmanager, made of the section alerts of ours. It holds no secret: files with them are named in it.")
	r := &renderAlertmanager{settings: addSettings(cmd, "alerts", "alertmanager")}
	cmd.Flag("out", "Write alertmanager.yml, the directory templates, and in the directory secrets what our configuration holds itself, there instead of printing.").PlaceHolder("DIR").NoEnvar().StringVar(&r.out)
	cmd.Flag("secrets-dir", "Where Alertmanager will see the directory secrets, if not in the output directory of here.").PlaceHolder("DIR").NoEnvar().StringVar(&r.secretsDir)
	return verb{cmd.FullCommand(), r.run}
}

func (r *renderAlertmanager) run(_ context.Context, stdout, stderr io.Writer) error {
	if r.secretsDir != "" && r.out == "" {
		return usageError{errors.New("--secrets-dir: needs --out, where secrets are written")}
	}
	if r.secretsDir != "" && !filepath.IsAbs(r.secretsDir) {
		return usageError{fmt.Errorf("--secrets-dir: %s is not absolute, and Alertmanager is started elsewhere", r.secretsDir)}
	}
	c, _, err := r.settings.load()
	if err != nil {
		return blame(err)
	}
	o := rules.DeliveryOptions{SecretsDir: r.secretsDir}
	if o.SecretsDir == "" && r.out != "" {
		if o.SecretsDir, err = filepath.Abs(filepath.Join(r.out, "secrets")); err != nil {
			return err
		}
	}
	var guessed bool
	if o.ConsoleURL, guessed, err = consoleURL(c); err != nil {
		return err
	}
	alerts := c.Alerts()
	d, err := rules.Alertmanager(alerts, o)
	if errors.Is(err, rules.ErrSecrets) {
		return fmt.Errorf("%w: --out", err)
	}
	if err != nil {
		return err
	}
	if guessed && alerts.Console.Enabled {
		fmt.Fprintf(stderr, "etcd-monitor: warning: Alertmanager is told to send alerts for the log to %s: give api.external_url if it runs on another host\n", o.ConsoleURL)
	}
	if r.out == "" {
		return printed(stdout)(d.Config, nil)
	}
	return r.write(stdout, d, o.SecretsDir)
}

// consoleURL is where Alertmanager reaches us; guessed if the configuration does
// not say.
func consoleURL(c *config.File) (url string, guessed bool, err error) {
	if u := c.ExternalURL(); u != nil {
		return u.String(), false, nil
	}
	address, _ := c.ListenAddress()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", false, err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() || host == "" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port), true, nil
}

// write puts everything below the output directory.
func (r *renderAlertmanager) write(stdout io.Writer, d *rules.Delivery, secretsDir string) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(r.out) // nothing is written outside it, whatever links there are
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	templates, err := rules.Templates()
	if err != nil {
		return err
	}
	if err := put(root, "alertmanager.yml", d.Config, 0o644); err != nil {
		return err
	}
	for name, text := range templates {
		if err := put(root, filepath.Join("templates", name), text, 0o644); err != nil {
			return err
		}
	}
	for file, secret := range d.Secrets {
		name := filepath.Join("secrets", strings.TrimPrefix(file, secretsDir))
		if err := put(root, name, []byte(secret.Reveal()+"\n"), 0o600); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "SUCCESS: %s, %s, %s\n", filepath.Join(r.out, "alertmanager.yml"), count(len(templates), "template"), count(len(d.Secrets), "secret"))
	return nil
}

// put writes a file with a mode, over one that is there.
func put(root *os.Root, name string, text []byte, mode os.FileMode) error {
	if dir := filepath.Dir(name); dir != "." {
		dirMode := os.FileMode(0o755)
		if mode == 0o600 {
			dirMode = 0o700
		}
		if err := root.MkdirAll(dir, dirMode); err != nil {
			return err
		}
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
