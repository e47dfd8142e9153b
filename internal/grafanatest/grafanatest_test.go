package grafanatest

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestInterpolate(t *testing.T) {
	d := &Dashboard{}
	d.Templating.List = []Variable{
		{Name: "cluster", Type: "query", AllValue: ".+"}, {Name: "member", Type: "query"},
	}
	for _, c := range []struct {
		chosen      Values
		query, want string
	}{
		{Values{"cluster": {All}, "member": {All}}, `up{c=~"$cluster",m=~"$member"}`, `up{c=~".+",m=~"(m0|m1)"}`},
		{Values{"cluster": {"a.b"}, "member": {"m0", "m(1)"}}, `up{c=~"$cluster",m=~"${member}"}`, `up{c=~"a\\.b",m=~"(m0|m\\(1\\))"}`},
		{Values{"cluster": {All}}, `rate(x[$__rate_interval])`, `rate(x[60s])`},
		{Values{"cluster": {All}}, `x[$__range]`, `x[3600s]`},
		{Values{"cluster": {All}}, `label_replace(up, "a", "$1", "b", "(.*)")`, `label_replace(up, "a", "$1", "b", "(.*)")`},
	} {
		v := &View{
			Dashboard: d, Prometheus: Prometheus{Scrape: 15 * time.Second}, Step: 30 * time.Second,
			To: time.Unix(3600, 0), From: time.Unix(0, 0), chosen: c.chosen, listed: map[string][]string{"member": {"m0", "m1"}},
		}
		if got, err := v.Interpolate(c.query); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.query, got, err, c.want)
		}
	}
	if _, err := (&View{Dashboard: d}).Interpolate("$none"); err == nil {
		t.Error("a variable that does not exist")
	}
}

// answers is a Prometheus that answers by the query.
func answers(t *testing.T, by map[string]string) Prometheus {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, by[r.FormValue("query")+r.FormValue("match[]")])
	}))
	t.Cleanup(s.Close)
	return Prometheus{URL: s.URL, Scrape: time.Second}
}

func vector(series ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(series, ",") + `]}}`
}

// TestTable: rows that say the same where both say something are one, as in
// Grafana; what nobody says is empty.
func TestTable(t *testing.T) {
	d, err := Read([]byte(`{"panels": [{"type": "table", "targets": [
		{"refId": "A", "expr": "a", "instant": true}, {"refId": "B", "expr": "b", "instant": true}, {"refId": "C", "expr": "c", "instant": true}],
		"options": {"sortBy": [{"displayName": "Cluster", "desc": true}]},
		"transformations": [{"id": "merge"}, {"id": "organize", "options": {
			"excludeByName": {"Time": true, "Value #B": true}, "indexByName": {"cluster": 0, "member": 1},
			"renameByName": {"cluster": "Cluster", "Value #A": "Up", "Value #C": "Down", "member": "Leader"}}}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := answers(t, map[string]string{
		"a": vector(`{"metric":{"cluster":"x"},"value":[0,"1"]}`, `{"metric":{"cluster":"y"},"value":[0,"0"]}`),
		"b": vector(`{"metric":{"cluster":"x","member":"m0"},"value":[0,"1"]}`),
		"c": vector(),
	})
	v := &View{Dashboard: d, Prometheus: p, Step: time.Second}
	table, err := v.Table(t.Context(), d.Panels[0])
	if err != nil {
		t.Fatal(err)
	}
	nothing := math.NaN()
	want := Table{[]string{"Cluster", "Leader", "Up"}, [][]Cell{{{"y", nothing}, {"", nothing}, {"", 0}}, {{"x", nothing}, {"m0", nothing}, {"", 1}}}}
	if fmt.Sprint(table) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", table, want)
	}
}

// TestOpen: a variable may depend on those before it, and a regular expression
// picks from what a query finds.
func TestOpen(t *testing.T) {
	d, err := Read([]byte(`{"templating": {"list": [
		{"name": "datasource", "type": "datasource", "query": "prometheus"},
		{"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}},
		{"name": "who", "type": "query", "query": {"query": "query_result(max by (who) (up{job=~\"$job\"}))"}, "regex": "/\\bwho=\"([^\"]*)\"/"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	p := answers(t, map[string]string{
		"up":                              `{"status":"success","data":["etcd","plain"]}`,
		`max by (who) (up{job=~"plain"})`: vector(`{"metric":{"who":"b"},"value":[0,"1"]}`, `{"metric":{"who":"a"},"value":[0,"1"]}`),
	})
	v, err := d.Open(t.Context(), p, Values{"job": {"plain"}}, time.Unix(0, 0), time.Unix(60, 0), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(v.Offers("job"), v.Offers("who")); got != "[etcd plain] [a b]" {
		t.Error(got)
	}
}

// TestPrometheusErrors: what is wrong with a query is told, warnings too.
func TestPrometheusErrors(t *testing.T) {
	p := answers(t, map[string]string{
		"bad":     `{"status":"error","error":"parse error"}`,
		"warned":  `{"status":"success","warnings":["not what it seems"],"data":{"resultType":"vector","result":[]}}`,
		"no JSON": `<html>`,
	})
	for query, says := range map[string]string{"bad": "parse error", "warned": "not what it seems", "no JSON": "200"} {
		if _, err := p.Instant(t.Context(), query, time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", query, err)
		}
	}
}
