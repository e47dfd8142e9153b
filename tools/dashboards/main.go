// Command dashboards writes the dashboards for Grafana as JSON: what people
// import is made from the Go values below, so that all five agree in what they
// have in common. make generate runs it; its test fails when the files in
// dashboards/ are not what it writes.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "dashboards", "directory to write to")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// all are the dashboards by the name of their file.
func all() map[string]*dashboard {
	return map[string]*dashboard{
		"fleet": fleet(), "cluster": cluster(), "member": member(), "benchmark": benchmark(), "native": native(),
	}
}

func write(dir string) error {
	for name, d := range all() {
		text, err := encode(d)
		if err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// encode is the file: indented, so that a change can be read, and with < and >
// as they are, so that a query can.
func encode(d *dashboard) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return b.Bytes(), err
}
