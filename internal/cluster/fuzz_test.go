package cluster

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzJudge puts rounds together from what endpoints may say, two bytes each, and
// checks what is true of every verdict.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 2, 0}, uint8(0))
	f.Add([]byte{0, 1, 1, 2, 2, 3}, uint8(1))
	f.Add([]byte{0, 4, 0, 5, 1, 6, 2, 7}, uint8(2))
	f.Add([]byte{0, 8, 1, 9, 2, 10, 3, 11}, uint8(3))
	f.Add([]byte{10, 12, 21, 13, 32, 14}, uint8(5))
	f.Add([]byte{0, 13, 1, 5, 2, 5}, uint8(16))
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		var said, again []say
		for i := 0; i+1 < len(b) && i < 20; i += 2 {
			s := saying(b[i], b[i+1])
			if slices.ContainsFunc(said, func(other say) bool { return other.Endpoint == s.Endpoint }) {
				continue // endpoints are configured once
			}
			said = append(said, s)
			if how&4 != 0 {
				again = append(again, saying(b[i], b[i+1]^how))
			}
		}
		members := []list{noList, three, five, three.unstarted(m4).learners(m5)}[how&3]
		r := members.round(said...)
		for _, s := range again {
			r.Second = append(r.Second, s.Answer)
		}
		if how&16 != 0 {
			r = r.rivals(c1, c2)
		}
		if how&8 != 0 {
			r.Lists = append(r.Lists, fakeList())
		}
		holds(t, r.Observation, Judge(r.Observation))
	})
}

// saying is one of what may be said: who and where, and what.
func saying(who, what byte) say {
	m := m1 + ID(who%5)
	s := []say{
		up(m).leads(2), up(m).follows(m1, 2), up(m).follows(m2, 3), up(m).leaderless(2), up(m).hangsFor(MinReadWait / 2),
		killed(m), frozen(m), down(m, ReasonTLS), down(m, ReasonAuth), learner(m), up(m).denied(), up(m).noStatus(ReasonDenied),
		up(m).servedBy(m3), up(m).in(c2), up(m).read(ReasonAuth), up(m).alarm("NOSPACE", m, 0xdead), up(m).revision(int64(what)),
	}[int(what)%17]
	switch who / 5 % 5 {
	case 1:
		s = s.stranger()
	case 2:
		s = s.on(lb).balanced()
	case 3:
		s = s.learned()
	case 4:
		s = s.on("http://proxy:2379").stranger()
	}
	return s
}

// FuzzSafeLabel: whatever a member is called, its label is short, valid and
// printable, and what is safe stays as it is.
func FuzzSafeLabel(f *testing.F) {
	for _, seed := range []string{"m1", "a\nb\"} x", "bad\xff", strings.Repeat("ü", 200), "\u2028", "\x00", "\xf0\x9f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for made, most := range map[string]int{SafeLabel(s): maxLabel, SafeEndpoint(s): maxEndpoint} {
			if len(made) > most || !utf8.ValidString(made) || strings.ContainsFunc(made, unicode.IsControl) {
				t.Errorf("%q became %q", s, made)
			}
		}
		if made := SafeLabel(s); SafeLabel(made) != made || made == "" && s != "" {
			t.Errorf("%q became %q, and that %q", s, made, SafeLabel(made))
		}
	})
}

// FuzzLabels: members are told apart by their labels, whatever they are called.
func FuzzLabels(f *testing.F) {
	f.Add("a", "a", "a", uint64(1), uint64(2))
	f.Add("", "2", "a-1", uint64(1), uint64(2))
	f.Add(strings.Repeat("x", 64), strings.Repeat("x", 65), "", uint64(0xffffffffffffffff), uint64(0xfffffffffffffff0))
	f.Fuzz(func(t *testing.T, one, two, three string, a, b uint64) {
		members := []Member{{ID: ID(a), Listed: true}, {ID: ID(b)}, {ID: ID(b ^ 1), Listed: true}, {ID: ID(b)}}
		members = labelled(members, map[ID]string{ID(a): one, ID(b): two, ID(b ^ 1): three})
		seen := map[string]bool{}
		for _, m := range members {
			if seen[m.Label] || m.Label == "" || len(m.Label) > maxLabel || !utf8.ValidString(m.Label) {
				t.Errorf("%q, %q and %q became %+v", one, two, three, members)
			}
			seen[m.Label] = true
		}
		v := Verdict{Members: members}
		if l := v.StrayLabel(ID(a)); seen[l] {
			t.Errorf("a stray alarm is %q's", l)
		}
	})
}
