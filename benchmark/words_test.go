package benchmark

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		says   string
		change func(c *Config)
	}{
		{"", func(*Config) {}},
		{"type", func(c *Config) { c.Type = "fly" }},
		{"key distribution", func(c *Config) { c.Distribution = "normal" }},
		{"endpoint mode", func(c *Config) { c.EndpointMode = "some" }},
		{"both must be positive", func(c *Config) { c.Connections = 0 }},
		{"calls at a time", func(c *Config) { c.Connections, c.Clients = 10_000, 10_000 }},
		{"one of them must be given", func(c *Config) { c.Duration = time.Second }},
		{"one of them must be given", func(c *Config) { c.Ops = 0 }},
		{"rate", func(c *Config) { c.Rate = -1 }},
		{"read ratio", func(c *Config) { c.ReadRatio = math.NaN() }},
		{"timeout", func(c *Config) { c.Timeout = 0 }},
		{"no place of ours", func(c *Config) { c.KeyPrefix = "/registry/x" }},
		{"no place of ours", func(c *Config) { c.KeyPrefix = "/" }},
		{"key size: 16 is not within 29", func(c *Config) { c.KeySize = 16 }},
		{"key size: 32 is not within 33", func(c *Config) { c.Ops, c.Type = 1_000_000_000, Write }},
		{"range size", func(c *Config) { c.Type, c.RangeSize = Ranges, 20_000 }},
		{"txn ops", func(c *Config) { c.TxnOps = 129 }},
		{"slo error rate", func(c *Config) { c.SLO.ErrorRate = 2 }},
	} {
		cfg := Default()
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.says, err)
		}
	}
}

// TestKeys: each distribution is what its name says, whoever draws.
func TestKeys(t *testing.T) {
	const space, draws = 10_000, 200_000
	share := func(kind string, hottest int) float64 {
		c := newChooser(kind, space, 7)
		counts := make([]int, space)
		for i := range int64(draws) {
			k := c.key(i)
			if k != c.key(i) {
				t.Fatalf("%s: operation %d has two keys", kind, i)
			}
			counts[k]++
		}
		slices.SortFunc(counts, func(a, b int) int { return b - a })
		sum := 0
		for _, n := range counts[:hottest] {
			sum += n
		}
		return float64(sum) / draws
	}
	for _, c := range []struct {
		kind       string
		hottest    int
		least, top float64
	}{
		{Sequential, 100, 0.01, 0.0101},
		{Uniform, 100, 0.01, 0.02},
		{Zipf, 100, 0.49, 0.60}, // the hottest hundred of 10 000 get half
		{Zipf, 1, 0.08, 0.13},
	} {
		if got := share(c.kind, c.hottest); got < c.least || got > c.top {
			t.Errorf("%s: the hottest %d keys get %.3f, want %.3f to %.3f", c.kind, c.hottest, got, c.least, c.top)
		}
	}
	for _, n := range []int64{1, 2, 3, 5_000_000} {
		c := newChooser(Zipf, n, 1)
		for i := range int64(1000) {
			if k := c.key(i); k < 0 || k >= n {
				t.Fatalf("zipf of %d keys: %d", n, k)
			}
		}
	}
}

// TestTemplates: what is patched into an encoded message is what it then says.
func TestTemplates(t *testing.T) {
	c := Default()
	c.Type, c.KeySpace = Txns, 500
	k := newKeyspace(c, "abcdef")
	w, err := newWorkload(c, k, 3)
	if err != nil {
		t.Fatal(err)
	}
	o := &op{index: 12, messages: [][]byte{slices.Clone(w.templates()[0].bytes)}}
	w.begin(o)
	var m pb.TxnRequest
	if err := proto.Unmarshal(o.Request, &m); err != nil {
		t.Fatal(err)
	}
	first := w.(*simple).choose.key(12)
	if got := string(m.Compare[0].Key); got != string(k.key(first)) || len(got) != c.KeySize {
		t.Errorf("compares %q, want %q", got, k.key(first))
	}
	seen := map[string]bool{}
	for i, s := range m.Success {
		put := s.GetRequestPut()
		if string(put.Key) != string(k.key((first+int64(i))%500)) || len(put.Value) != c.ValueSize || seen[string(put.Key)] {
			t.Errorf("writes %q", put.Key)
		}
		seen[string(put.Key)] = true
	}
	if len(m.Success) != c.TxnOps {
		t.Errorf("%d writes", len(m.Success))
	}
}

func TestField(t *testing.T) {
	for count, more := range map[int64]bool{0: false, 1: true, 12345: true} {
		m, err := proto.Marshal(&pb.RangeResponse{
			Header: &pb.ResponseHeader{Revision: 4, MemberId: 9}, Count: count, More: more,
			Kvs: nil,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := field(m, rangeCount); got != uint64(count) {
			t.Errorf("count %d, want %d", got, count)
		}
		for i := range m { // cut off anywhere, it must not panic
			field(m[:i], rangeCount)
		}
	}
}

// TestSchedule: operations are due evenly, in a ramp ever faster, and as many as
// the time holds.
func TestSchedule(t *testing.T) {
	steady := pace{rate: 200}
	if steady.due(0) != 0 || steady.due(1) != 5e6 || steady.due(200) != 1e9 || steady.count(time.Second) != 200 {
		t.Errorf("steady: %d, %d, %d; %d", steady.due(0), steady.due(1), steady.due(200), steady.count(time.Second))
	}
	ramp := pace{rate: 100, ramp: 2} // 100 operations in the ramp, then 100 a second
	if got := ramp.due(25); got != 1e9 {
		t.Errorf("a quarter of the ramp's operations is due at %d", got)
	}
	if got := ramp.due(100); got != 2e9 {
		t.Errorf("the ramp ends at %d", got)
	}
	for d, want := range map[time.Duration]int64{time.Second: 25, 2 * time.Second: 100, 3 * time.Second: 200} {
		if got := ramp.count(d); got != want {
			t.Errorf("%d in %v, want %d", got, d, want)
		}
	}
	for i := range int64(300) {
		if ramp.due(i+1) <= ramp.due(i) {
			t.Errorf("operation %d is due before %d", i+1, i)
		}
	}
}

// TestQuantiles: to three digits, exact at both ends, and left out where the
// sample cannot tell.
func TestQuantiles(t *testing.T) {
	s := newSample(fineDigits)
	exact := make([]float64, 0, 5000)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		d := time.Duration(math.Exp(r.NormFloat64()*2+14)) * time.Nanosecond
		s.add(d)
		exact = append(exact, d.Seconds())
	}
	slices.Sort(exact)
	for _, q := range []float64{0.5, 0.95, 0.99, 0.999} {
		want := exact[int(math.Ceil(q*5000))-1]
		if got := s.quantile(q); got == nil || math.Abs(*got-want) > want*0.002 {
			t.Errorf("p%g: %v, want %v", 100*q, *got, want)
		}
	}
	d := s.distribution(true)
	if *d.Min != exact[0] || *d.Max != exact[4999] || bucketSum(d) != 5000 {
		t.Errorf("min %v, max %v, want %v, %v", *d.Min, *d.Max, exact[0], exact[4999])
	}
	for n, want := range map[int][]bool{
		0: {false, false, false, false}, 9: {false, false, false, false}, 10: {true, false, false, false},
		20: {true, true, false, false}, 99: {true, true, false, false}, 100: {true, true, true, false}, 1000: {true, true, true, true},
	} {
		s := newSample(fineDigits)
		for range n {
			s.add(time.Millisecond)
		}
		d := s.distribution(false)
		got := []bool{d.P50 != nil, d.P95 != nil, d.P99 != nil, d.P999 != nil}
		if !slices.Equal(got, want) {
			t.Errorf("%d values: percentiles are there: %v, want %v", n, got, want)
		}
	}
	long := newSample(fineDigits)
	for range 100 {
		long.add(3 * time.Hour) // beyond what is told apart
	}
	if got := long.distribution(false); *got.Max != 10800 || *got.P50 > 10800 || *got.P50 < 3600 {
		t.Errorf("%v, %v", *got.Max, *got.P50)
	}
}

func TestSLO(t *testing.T) {
	p99 := 0.2
	r := Report{
		Kinds:      []KindReport{{Name: "read", Read: true, Throughput: 900}, {Name: "write", Throughput: 100}, {Name: "delivery", Aside: true, Read: true, Throughput: 1e6}},
		Latency:    Distribution{P99: &p99},
		Operations: Operations{Succeeded: 99, Failed: 1},
	}
	for _, c := range []struct {
		name   string
		slo    SLO
		missed bool
		asked  int
	}{
		{"nothing is asked", SLO{}, false, 0},
		{"met", SLO{ReadThroughput: 900, WriteThroughput: 100, P99Seconds: 0.2, ErrorRate: 0.01, AskErrorRate: true}, false, 4},
		{"reads", SLO{ReadThroughput: 901}, true, 1},
		{"writes", SLO{WriteThroughput: 101}, true, 1},
		{"latency", SLO{P99Seconds: 0.19}, true, 1},
		{"errors", SLO{AskErrorRate: true}, true, 1},
	} {
		r := r
		r.SLOs = c.slo.judge(r, SeedSLO())
		asked := 0
		for _, s := range r.SLOs {
			if s.Asked {
				asked++
			}
		}
		if r.Missed() != c.missed || asked != c.asked {
			t.Errorf("%s: missed %v, asked %d: %+v", c.name, r.Missed(), asked, r.SLOs)
		}
	}
	// What could not be measured is not met.
	none := Report{Kinds: []KindReport{{Name: "write"}}}
	none.SLOs = SLO{ReadThroughput: 1, P99Seconds: 1}.judge(none, SLO{})
	for _, s := range none.SLOs {
		if s.Met {
			t.Errorf("%s is met with nothing measured", s.Name)
		}
	}
}

func TestBottleneck(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	member := MemberReport{Member: "m0", CPUCores: v(0.5), CPULimit: v(4), FsyncP99: v(0.004), FsyncBusy: v(0.2), PeerP99: v(0.001)}
	base := Report{Duration: 10, Server: ServerReport{
		Members: []MemberReport{member}, Client: ClientReport{CPUSeconds: v(5), Cores: 4},
	}}
	for _, c := range []struct {
		want   string
		change func(m *MemberReport, r *Report)
	}{
		{"none", func(*MemberReport, *Report) {}},
		{"disk", func(m *MemberReport, _ *Report) { m.FsyncP99 = v(0.016) }},
		{"disk", func(m *MemberReport, _ *Report) { m.FsyncBusy = v(0.9) }},
		{"network", func(m *MemberReport, _ *Report) { m.PeerP99 = v(0.05) }},
		{"cpu", func(m *MemberReport, _ *Report) { m.CPUCores = v(3.9) }},
		{"client", func(_ *MemberReport, r *Report) { r.Server.Client.CPUSeconds = v(39) }},
		{"client", func(m *MemberReport, r *Report) {
			r.Server.Client.SameHost, r.Server.Client.CPUSeconds, m.CPUCores = true, v(20), v(1.9)
		}},
		{"client", func(_ *MemberReport, r *Report) { r.Server.Client.HostBusy = v(0.97) }},
		{"unknown", func(m *MemberReport, _ *Report) { *m = MemberReport{Member: "m0"} }},
	} {
		m, r := member, base
		c.change(&m, &r)
		r.Server.Members = []MemberReport{m}
		if got := bottleneck(r); got.What != c.want || len(got.Evidence) == 0 {
			t.Errorf("%+v, want %s", got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	run := func(rate, p99, noise float64) Report {
		r := Report{Type: Write, Duration: 30, Engine: "h2"}
		rng := rand.New(rand.NewPCG(uint64(rate), 5))
		for i := range 30 {
			x := 1 + noise*rng.NormFloat64()
			p50, p := p99*x/3, p99*x
			r.Series = append(r.Series, Point{At: float64(i), Seconds: 1, Ops: int64(rate * x), P50: &p50, P99: &p})
		}
		r.Operations.Succeeded = 1000
		return r
	}
	before := run(1000, 0.01, 0.02)
	for _, c := range []struct {
		name      string
		after     Report
		regressed bool
	}{
		{"the same", run(1001, 0.01, 0.02), false},
		{"faster", run(1500, 0.005, 0.02), false},
		{"slower", run(800, 0.01, 0.02), true},
		{"later", run(1000, 0.013, 0.02), true},
		{"slower, within what is allowed", run(970, 0.01, 0.005), false},
		{"slower, but who knows", run(930, 0.01, 0.5), false},
	} {
		got, err := Compare(before, c.after, 0.05)
		if err != nil || got.Regressed() != c.regressed {
			t.Errorf("%s: %v, %+v", c.name, err, got.Figures)
		}
	}
	failing := run(1000, 0.01, 0.02)
	failing.Operations.Failed = 500
	if got, err := Compare(before, failing, 0.05); err != nil || !got.Regressed() {
		t.Errorf("with a third failing: %v, %+v", err, got)
	}
	other := run(1000, 0.01, 0.02)
	other.Settings.Connections = 3
	if got, err := Compare(before, other, 0.05); err != nil || len(got.Difference) != 1 || !strings.Contains(got.Difference[0], "connections") {
		t.Errorf("%v, %v", err, got.Difference)
	}
	short := run(1000, 0.01, 0.02)
	short.Series = short.Series[:4]
	if _, err := Compare(before, short, 0.05); err == nil {
		t.Error("a run of four seconds was compared")
	}
	for freedom, want := range map[float64]float64{4: 2.776, 10: 2.228, 30: 2.042, 1000: 1.962} {
		if got := student95(freedom); math.Abs(got-want) > 0.03 {
			t.Errorf("Student, %g degrees of freedom: %.3f, want %.3f", freedom, got, want)
		}
	}
}
