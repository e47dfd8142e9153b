package cluster

import (
	"strings"
	"testing"
)

func TestEveryReasonIsExplained(t *testing.T) {
	check := func(name, help string) {
		if !strings.HasSuffix(help, ".") {
			t.Errorf("%q is explained by %q, want a sentence", name, help)
		}
	}
	for _, r := range Reasons {
		check(string(r), r.Help())
	}
	for _, u := range Unknowns {
		check(string(u), u.Help())
	}
	if len(reasonHelp) != len(Reasons) || len(unknownHelp) != len(Unknowns) {
		t.Error("something is explained that is not listed")
	}
}
