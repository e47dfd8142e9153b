package dashboards

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"testing"
)

// UIDs stand in links, in annotations of alerts and in people's bookmarks.
func TestAll(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]string{}
	for _, d := range all {
		uids[d.Name] = d.UID
		if d.Title == "" || d.Description == "" {
			t.Errorf("%s has no title or description", d.Name)
		}
	}
	for _, name := range []string{"fleet", "cluster", "member", "benchmark", "native"} {
		if uids[name] != "etcd-monitor-"+name {
			t.Errorf("the UID of %s is %q", name, uids[name])
		}
	}
	if len(uids) != 5 {
		t.Errorf("%d dashboards", len(uids))
	}
}

func TestJSON(t *testing.T) {
	plain, err := JSON("cluster", "")
	if err != nil || !bytes.Contains(plain, []byte(RunbookBaseURL+"EtcdQuorumLost.md")) {
		t.Fatalf("no link to a runbook: %v", err)
	}
	for _, base := range []string{"https://wiki.example/runbooks", "https://wiki.example/runbooks/"} {
		moved, err := JSON("cluster", base)
		if err != nil || bytes.Contains(moved, []byte(RunbookBaseURL)) ||
			!bytes.Contains(moved, []byte(`"https://wiki.example/runbooks/EtcdQuorumLost.md"`)) {
			t.Errorf("%s: links lead elsewhere: %v", base, err)
		}
	}
	if odd, err := JSON("cluster", `https://wiki.example/?a="b"&c=`); err != nil || !json.Valid(odd) {
		t.Errorf("a quoted URL breaks the JSON: %v", err)
	}
	for _, name := range []string{"none", "../dashboards", ""} {
		if _, err := JSON(name, ""); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
