// Command pictures draws the dashboards for docs/ as Grafana would lay them out,
// from what a running Prometheus answers to the queries of their panels. It is no
// Grafana: it stands in for one where there is none, so that somebody can look at
// what the panels say. make pictures runs it on the stage of a test.
//
// It needs chromium, and uses pngquant if that is there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/dashboards"
	"github.com/etcd-monitor/etcd-monitor/internal/grafanatest"
)

func main() {
	var o options
	flag.StringVar(&o.prometheus, "prometheus", "http://localhost:9090", "URL of Prometheus")
	flag.DurationVar(&o.scrape, "scrape", 15*time.Second, "its scrape interval")
	flag.DurationVar(&o.last, "last", time.Hour, "time range to draw")
	flag.StringVar(&o.out, "out", "docs", "directory for dashboard-NAME.png")
	flag.StringVar(&o.only, "only", "", "name of the one dashboard to draw")
	flag.Func("var", "DASHBOARD:NAME=VALUE chooses a value of a variable; all of what is not chosen", o.choose)
	flag.Parse()
	if err := o.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

type options struct {
	prometheus, out, only string
	scrape, last          time.Duration
	chosen                map[string]grafanatest.Values // by dashboard
}

func (o *options) choose(text string) error {
	dashboard, rest, ok := strings.Cut(text, ":")
	name, value, both := strings.Cut(rest, "=")
	if !ok || !both {
		return fmt.Errorf("%q is not DASHBOARD:NAME=VALUE", text)
	}
	if o.chosen == nil {
		o.chosen = map[string]grafanatest.Values{}
	}
	if o.chosen[dashboard] == nil {
		o.chosen[dashboard] = grafanatest.Values{}
	}
	o.chosen[dashboard][name] = append(o.chosen[dashboard][name], value)
	return nil
}

func (o options) run(ctx context.Context) error {
	all, err := dashboards.All()
	if err != nil {
		return err
	}
	for _, d := range all {
		if o.only != "" && o.only != d.Name {
			continue
		}
		if err := o.draw(ctx, d.Name); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return nil
}

// points is how many there are on a line, about what fits a panel of a third of
// the page.
const points = 180

func (o options) draw(ctx context.Context, name string) error {
	text, err := dashboards.JSON(name, "")
	if err != nil {
		return err
	}
	d, err := grafanatest.Read(text)
	if err != nil {
		return err
	}
	prom := grafanatest.Prometheus{URL: o.prometheus, Scrape: o.scrape}
	step := max(o.last/points, o.scrape).Truncate(time.Second)
	now := time.Now().Truncate(step)
	v, err := d.Open(ctx, prom, o.chosen[name], now.Add(-o.last), now, step)
	if err != nil {
		return err
	}
	page, height, err := drawPage(ctx, v, o.chosen[name])
	if err != nil {
		return err
	}
	return shoot(ctx, page, filepath.Join(o.out, "dashboard-"+name+".png"), height)
}

// shoot makes a picture of a page.
func shoot(ctx context.Context, page, png string, height int) error {
	dir, err := os.MkdirTemp("", "pictures-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	html := filepath.Join(dir, "page.html")
	if err := os.WriteFile(html, []byte(page), 0o600); err != nil {
		return err
	}
	browser := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--hide-scrollbars", "--user-data-dir="+dir, "--screenshot="+png, fmt.Sprintf("--window-size=%d,%d", pageWidth, height), "file://"+html)
	if out, err := browser.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w\n%s", err, out)
	}
	if _, err := exec.LookPath("pngquant"); err != nil {
		return nil //nolint:nilerr // a larger file is no failure
	}
	if out, err := exec.CommandContext(ctx, "pngquant", "--force", "--skip-if-larger", "--ext=.png", "--speed=1", "48", png).CombinedOutput(); err != nil {
		return fmt.Errorf("pngquant: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
