package cluster

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel is the longest label value in bytes that a member's name may take.
const maxLabel = 64

// SafeLabel makes remote text fit for a label value: valid UTF-8, no control
// characters, at most 64 bytes. Real etcd accepts any bytes as a member's name.
func SafeLabel(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, s)
	for len(s) > maxLabel {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// labelled gives each member a label that is unique in its cluster: its name;
// its ID where it has none; name and ID where the name is taken.
func labelled(members []Member, name map[ID]string) []Member {
	taken := map[string]bool{}
	for i := range members {
		m := &members[i]
		label := SafeLabel(name[m.ID])
		if label == "" {
			label = m.ID.String()
		}
		if taken[label] {
			id := fmt.Sprintf("%016x", uint64(m.ID))
			label += "-" + id[:8]
		}
		for n, base := 2, label; taken[label]; n++ {
			label = fmt.Sprintf("%s-%d", base, n)
		}
		taken[label] = true
		m.Label = label
	}
	return members
}
