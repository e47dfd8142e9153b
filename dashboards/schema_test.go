package dashboards

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSchema has the dashboards judged by the types that Grafana generates from
// its own schemas, and makes sure that those find what Grafana would not know.
func TestSchema(t *testing.T) {
	judge := judgement(t)
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if out, err := exec.CommandContext(t.Context(), judge, files...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	good := text(t, "cluster.json")
	for what, change := range map[string][2]string{
		"a field of the dashboard":        {`"graphTooltip"`, `"graphToolTip"`},
		"a field of a query":              {`"legendFormat"`, `"legend"`},
		"an option of tables":             {`"cellHeight"`, `"cellheight"`},
		"an option of lines":              {`"lineWidth"`, `"lineWitdh"`},
		"the type of an option":           {`"fillOpacity": 8`, `"fillOpacity": "8"`},
		"an option of heat maps":          {`"yAxis"`, `"yaxis"`},
		"an option of timelines":          {`"rowHeight": 0.85`, `"rowHeight": "high"`},
		"a field of a variable":           {`"includeAll"`, `"include_all"`},
		"a field of a link":               {`"keepTime"`, `"keeptime"`},
		"the type of an override's match": {`"byFrameRefID"`, `7`},
	} {
		bad := filepath.Join(t.TempDir(), "bad.json")
		changed := strings.ReplaceAll(good, change[0], change[1])
		if changed == good {
			t.Fatalf("%s: %s is not there", what, change[0])
		}
		if err := os.WriteFile(bad, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := exec.CommandContext(t.Context(), judge, bad).Run(); err == nil {
			t.Errorf("%s: %s passes", what, change[1])
		}
	}
}

// judgement is the path of the tool, built if need be.
func judgement(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "../tools/build.sh", "dashboard-schema")
	var errs bytes.Buffer
	build.Stderr = &errs
	out, err := build.Output()
	if err != nil {
		t.Fatalf("tools/build.sh dashboard-schema: %v\n%s", err, errs.String())
	}
	return strings.TrimSpace(string(out))
}
