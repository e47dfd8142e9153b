package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
)

// Each flaw is found by the test that is said to find it.
func TestFlawsOfOthersAreFound(t *testing.T) {
	t.Parallel()
	for _, f := range flaws {
		t.Run(f.rule, func(t *testing.T) {
			t.Parallel()
			rules := nativeRules
			if strings.HasPrefix(f.file, "exporter_") {
				rules = exporterRules
			}
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "tests"), 0o755); err != nil {
				t.Fatal(err)
			}
			test := filepath.Join(dir, "tests", f.file)
			for file, text := range map[string]string{filepath.Join(dir, rules): made(t, rules, f), test: read(t, "tests/"+f.file)} {
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, err := runPromtool(t, "test", "rules", "--run", "^"+regexp.QuoteMeta(f.test)+"$", test)
			// What is no rule at all fails too, and says nothing of what it got.
			if err == nil || !strings.Contains(out, "got:") {
				t.Errorf("%s %q passes %s, %q: %v\n%s", f.key, f.value, f.file, f.test, err, out)
			}
		})
	}
}

// made is a file of rules with the flaw in it.
func made(t *testing.T, file string, f flaw) string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, file)), &doc); err != nil {
		t.Fatal(err)
	}
	value := func(n *yaml.Node, keys ...string) *yaml.Node {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if slices.Contains(keys, n.Content[i].Value) {
				return n.Content[i+1]
			}
		}
		t.Fatalf("%s: no %v", file, keys)
		return nil
	}
	for _, g := range value(doc.Content[0], "groups").Content {
		for _, r := range value(g, "rules").Content {
			if value(r, "alert", "record").Value == f.rule {
				value(r, f.key).SetString(f.value)
				text, err := yaml.Marshal(&doc)
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
		}
	}
	t.Fatalf("%s has no %s", file, f.rule)
	return ""
}

var (
	ranged   = regexp.MustCompile(`\b(\w+)\(([^()]*)\[(\d+[smhd])[\]:]`)
	counting = strings.Fields("rate increase deriv changes predict_linear")
)

// A range must hold some scrapes, also where they come once a minute and one of
// them fails: others take rates of one minute, which has none then.
func TestRangesHoldScrapes(t *testing.T) {
	found := 0
	for _, r := range slices.Concat(rulesOf(t, exporterRules), rulesOf(t, nativeRules)) {
		for _, m := range ranged.FindAllStringSubmatch(inQuotes.ReplaceAllString(r.Expr, ""), -1) {
			found++
			least := 2 * time.Minute
			if slices.Contains(counting, m[1]) {
				least = 5 * time.Minute
			}
			if d, err := model.ParseDuration(m[3]); err != nil || time.Duration(d) < least {
				t.Errorf("%s%s: %s over %s, want %v or more: %v", r.Alert, r.Record, m[1], m[3], least, err)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d ranges found", found)
	}
}

var (
	quotedAlert = regexp.MustCompile("`(Etcd\\w+)`")
	linkedTest  = regexp.MustCompile(`\]\(\.\./rules/([\w/]+\.\w+)\)`)
)

// The table of what others get wrong names alerts that exist, and tests that are
// about them. What can be done wrong in one rule has been, in flaws.
func TestMigratingNamesWhatExists(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "../docs/migrating.md"), "\n|---|---|---|---|\n")
	if !ok {
		t.Fatal("docs/migrating.md has no table of four columns")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	known := slices.Concat(alerts(t, exporterRules), alerts(t, nativeRules))
	done := map[flaw]bool{}
	rows := strings.Split(table, "\n")
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("%d cells in %s", len(cells), row)
		}
		var names, files []string
		for _, m := range quotedAlert.FindAllStringSubmatch(cells[2], -1) {
			names = append(names, m[1])
		}
		tests, inGo := "", false
		for _, m := range linkedTest.FindAllStringSubmatch(cells[3], -1) {
			files = append(files, filepath.Base(m[1]))
			tests += read(t, m[1])
			inGo = inGo || strings.HasSuffix(m[1], ".go")
		}
		if len(files) == 0 || len(names) == 0 && cells[2] != "all" {
			t.Errorf("no alert or no test in %s", row)
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("no rule has %s: %s", name, row)
			}
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(tests) {
				t.Errorf("%v are not about %s: %s", files, name, row)
			}
		}
		tried := inGo
		for _, f := range flaws {
			if slices.Contains(files, f.file) && (slices.Contains(names, f.rule) || !strings.HasPrefix(f.rule, "Etcd")) {
				done[f], tried = true, true
			}
		}
		if !tried {
			t.Errorf("nobody tried whether %v find it: %s", files, row)
		}
	}
	for _, f := range flaws {
		if !done[f] {
			t.Errorf("no row has %s and %s", f.rule, f.file)
		}
	}
	if len(rows) < 23 {
		t.Errorf("only %d rows", len(rows))
	}
}
