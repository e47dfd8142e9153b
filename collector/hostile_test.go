package collector

import (
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/cluster"
)

// hostile is a cluster in which everything that an etcd may say is as bad as it
// can be. Real etcd takes any bytes as a member's name.
func hostile() View {
	url := func(host string) []string { return []string{"http://" + host + ":2379"} }
	quotes := cluster.ListedMember{ID: 1, Name: "a\nb\"} x", ClientURLs: url("quotes")}
	again := cluster.ListedMember{ID: 2, Name: "a\nb\"} x", ClientURLs: url("again")}
	invalid := cluster.ListedMember{ID: 3, Name: "bad\xff\\", ClientURLs: url("invalid")}
	nul := cluster.ListedMember{ID: 4, Name: "nul\x00\u2028", ClientURLs: url("nul")}
	long := cluster.ListedMember{ID: 5, Name: strings.Repeat("长", 1000), ClientURLs: url("long")}
	nameless := cluster.ListedMember{ID: 6, ClientURLs: []string{"http://\xfe\"\n:2379"}}
	unstarted := cluster.ListedMember{ID: 7}
	likeAnID := cluster.ListedMember{ID: 8, Name: "dead", ClientURLs: url("like-an-id")}
	list := []cluster.ListedMember{quotes, again, invalid, nul, long, nameless, unstarted, likeAnID}

	absurd := func(st *cluster.Status) {
		st.Version, st.StorageVersion = "4.0\xff\"", "\n"
		unknown := cluster.Opt[int64]{}
		st.DBSize, st.DBInUse, st.Revision = unknown, unknown, unknown
		st.RaftIndex, st.Applied = cluster.Opt[uint64]{}, cluster.Opt[uint64]{}
		st.Quota = cluster.Opt[float64]{}
		st.Rejected = cluster.StatusFields
		st.Alarms = []cluster.Alarm{{Member: 3, Type: "CORRUPT"}, {Member: 0xdead, Type: "NOSPACE"}, {Member: 0xdead, Type: "A_NEW_ONE"}}
	}
	leads := func(a answer) answer { return a.status(func(st *cluster.Status) { st.Leader = quotes.ID }) }
	v := observed("pr\xffod\n\"", list,
		leads(served(quotes)), leads(served(again)), leads(served(invalid)).status(absurd), leads(served(nul)),
		failed(long, cluster.ReasonTooLarge, time.Millisecond), failed(nameless, cluster.ReasonInvalid, time.Millisecond),
		leads(served(likeAnID)))
	for _, field := range cluster.StatusFields {
		v.Rejected = append(v.Rejected, Rejected{Member: v.Verdict.Members[2].Label, Field: field, Count: 1})
	}
	// What must not come, and would spoil the exposition if it came all the same.
	twice := Latency{Member: "who\xff", Op: "read_linearizable", Latency: cluster.LatencyOf([]float64{1})}
	v.Latency = []Latency{twice, twice}
	v.Rejected = append(v.Rejected, Rejected{Member: "left\x80", Field: "dbSize", Count: 1})
	return v
}
