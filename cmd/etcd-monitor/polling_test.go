//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPolling: a file that changes is loaded, one that is broken is told once, one
// that is gone not at all, and one that needs another file is loaded when that has
// come.
func TestPolling(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	file := filepath.Join(t.TempDir(), "monitor.yml")
	write(t, file, monitorFile(50, "east"))
	log := &buffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- runContext(ctx, []string{"--config.file=" + file, "--config.poll-interval=1s", "--web.listen-address=127.0.0.1:0"}, io.Discard, log)
	}()
	url := listening(t, log)
	shows := func(line string) func() bool {
		return func() bool { _, text := get(t, url+"/metrics"); return strings.Contains(text, line) }
	}
	write(t, file, "clusters: [")
	await(t, "the broken file to be noticed", shows("etcd_monitor_config_last_reload_successful 0"))
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	await(t, "the old configuration", shows(`etcd_monitor_cluster_up{cluster="east"} 0`))
	write(t, file, monitorFile(50, "west"))
	await(t, "the new file to be loaded", shows(`etcd_monitor_cluster_up{cluster="west"} 0`))
	password := file + ".password"
	write(t, file, strings.Replace(monitorFile(50, "north"), "1']", "1'], auth: {username: root, password_file: "+password+"}", 1))
	await(t, "the missing file to be noticed", shows("etcd_monitor_config_last_reload_successful 0"))
	await(t, "the missing file to be told", func() bool { return strings.Count(log.String(), "reload failed") == 2 })
	write(t, password, "secret")
	await(t, "the configuration whose file has come", shows(`etcd_monitor_cluster_up{cluster="north"} 0`))
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d", code)
	}
	if n := strings.Count(log.String(), "reload failed"); n != 2 {
		t.Errorf("two failures were told %d times:\n%s", n, log)
	}
}
