package etcdtest

import (
	"strings"
	"testing"
)

func TestMixedVersions(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Binaries: []string{"", Binary(t, "3.6")}, Proxied: true})
	for i, want := range []string{"3.7.", "3.6.", "3.7."} {
		if s, err := c.Member(i).Status(t.Context()); err != nil || !strings.HasPrefix(s.Version, want) {
			t.Errorf("member %d: status is %v, %v; want version %s", i, s, err, want)
		}
	}
}

func TestOldVersions(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"3.4", "3.5"} {
		t.Run(release, func(t *testing.T) {
			c := New(t, Options{Binary: Binary(t, release), Learners: 1, Proxied: true})
			s, err := c.Member(0).Status(t.Context())
			if err != nil || !strings.HasPrefix(s.Version, release+".") {
				t.Errorf("status is %v, %v", s, err)
			}
			_, follower := leaderAndFollower(t, c)
			OK(t, c.Isolate(follower, Cut))
			Eventually(t, limit, "the isolated follower sees no leader", func() bool {
				return leaderless(t.Context(), c.Member(follower))
			})
			c.Heal()
			Eventually(t, limit, "the follower is back", func() bool {
				return follows(t.Context(), c.Member(follower))
			})
		})
	}
}
