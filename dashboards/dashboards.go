// Package dashboards holds the dashboards for Grafana: JSON that people import,
// provision or fetch from a running etcd-monitor. It is made by tools/dashboards
// (make generate) and never edited here.
package dashboards

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.json
var files embed.FS

// Dashboard is one of them.
type Dashboard struct {
	Name        string `json:"-"`           // fleet; its file is fleet.json
	UID         string `json:"uid"`         // etcd-monitor-fleet, in links; it never changes
	Title       string `json:"title"`       // etcd / Fleet
	Description string `json:"description"` // what question it answers
}

// All are the dashboards, by name.
func All() ([]Dashboard, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	all := make([]Dashboard, len(names))
	for i, file := range names {
		text, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &all[i]); err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", file, err)
		}
		all[i].Name = strings.TrimSuffix(file, path.Ext(file))
	}
	return all, nil
}

// RunbookBaseURL is where the links of the dashboards lead for runbooks, with a
// slash at the end.
const RunbookBaseURL = "https://github.com/etcd-monitor/etcd-monitor/blob/main/docs/runbooks/"

// JSON is a dashboard as Grafana imports it. Links to runbooks begin with
// runbooks if it is not empty, for sites that cannot reach ours. The error is
// fs.ErrNotExist for a name that is none.
func JSON(name, runbooks string) ([]byte, error) {
	text, err := files.ReadFile(name + ".json")
	if err != nil || runbooks == "" {
		return text, err
	}
	quoted, err := json.Marshal(strings.TrimSuffix(runbooks, "/") + "/")
	if err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(text, []byte(RunbookBaseURL), bytes.Trim(quoted, `"`)), nil
}
