package cluster

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLabel is the longest label value in bytes that a member's name may take.
	maxLabel = 64
	// maxEndpoint is that of an endpoint. Its host may have 253, and names in
	// Kubernetes differ at one end and are cut at the other.
	maxEndpoint = 280
)

// SafeLabel makes remote text fit for a label value: valid UTF-8, no control
// characters, at most 64 bytes. Real etcd accepts any bytes as a member's name.
func SafeLabel(s string) string { return safe(s, maxLabel) }

// SafeEndpoint does the same to an endpoint, whose whole length tells it from
// others.
func SafeEndpoint(s string) string { return safe(s, maxEndpoint) }

func safe(s string, n int) string {
	s = s[:min(len(s), 4*n)] // a name of megabytes is not worth looking at
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, s)
	return cut(s, n)
}

// cut keeps whole characters of at most n bytes together.
func cut(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// labelled gives each member a label that is unique in its cluster: its name;
// its ID where it has none; name and ID where the name is taken. Members of the
// list choose first: one that was removed does not keep its name from the one
// that replaced it.
func labelled(members []Member, name map[ID]string) []Member {
	taken := map[string]bool{}
	for _, listed := range []bool{true, false} {
		for i := range members {
			if m := &members[i]; m.Listed == listed {
				m.Label = label(SafeLabel(name[m.ID]), m.ID.String(), taken)
				taken[m.Label] = true
			}
		}
	}
	return members
}

func label(name, id string, taken map[string]bool) string {
	if name == "" {
		name = id
	}
	free := name
	for n := 1; taken[free]; n++ {
		suffix := "-" + id[:min(len(id), 8)]
		if n > 1 {
			suffix += fmt.Sprintf("-%d", n)
		}
		free = cut(name, maxLabel-len(suffix)) + suffix
	}
	return free
}

// StrayLabel is the label of a member that is not among Members: its ID, unless
// one of them is named so.
func (v *Verdict) StrayLabel(member ID) string {
	taken := make(map[string]bool, len(v.Members))
	for i := range v.Members {
		taken[v.Members[i].Label] = true
	}
	return label(member.String(), member.String(), taken)
}
