package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the dashboards")

const shipped = "../../dashboards"

// What people import is what is written here, and nothing else.
func TestShippedDashboardsAreThese(t *testing.T) {
	if *update {
		if err := write(shipped); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(shipped, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	made := all()
	if len(files) != len(made) {
		t.Errorf("%d files in %s for %d dashboards", len(files), shipped, len(made))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		d := made[name]
		if d == nil {
			t.Errorf("%s: no dashboard of that name is made here", file)
			continue
		}
		want, err := encode(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what it is made from: make generate, and read the diff", file)
		}
	}
}
