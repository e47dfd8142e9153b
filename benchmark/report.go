package benchmark

import "time"

// Schema names the form of a report in JSON. A change that readers of an earlier
// one would misunderstand gets another number.
const Schema = "etcd-monitor.benchmark/1"

// Report is what a run came to. Times are in seconds; what could not be measured
// is null.
type Report struct {
	Schema   string    `json:"schema"`
	Cluster  string    `json:"cluster"`
	Type     string    `json:"type"`
	Engine   string    `json:"engine"`
	Note     string    `json:"note,omitempty"` // why this engine
	Started  time.Time `json:"started"`
	Duration float64   `json:"duration_seconds"` // of the measurement alone
	Settings Settings  `json:"settings"`

	Interrupted bool   `json:"interrupted"`
	Stopped     string `json:"stopped,omitempty"` // why the run ended early
	Leftover    string `json:"leftover,omitempty"`

	Operations Operations   `json:"operations"`
	Throughput float64      `json:"throughput_ops_per_second"` // successes
	Schedule   *Schedule    `json:"schedule"`                  // null in a closed loop
	Latency    Distribution `json:"latency"`                   // of successes, from when each was due
	// Service counts from when an operation began; null in a closed loop, where
	// it is the latency.
	Service   *Distribution    `json:"service_time"`
	Kinds     []KindReport     `json:"kinds"`
	Endpoints []EndpointReport `json:"endpoints"`
	Errors    []ErrorReport    `json:"errors"`
	Conflicts *int64           `json:"cas_conflicts,omitempty"`
	// Deliveries are those to watchers, whose latency is then the run's.
	Deliveries *Deliveries `json:"deliveries,omitempty"`
	Series     []Point     `json:"series"`
	Tenths     []Point     `json:"series_tenths"` // of the first ten seconds

	Server     ServerReport `json:"server"`
	Bottleneck Bottleneck   `json:"bottleneck"`
	SLOs       []SLOResult  `json:"slos"`
	MaxErrors  float64      `json:"max_error_rate"`
	Search     []SearchStep `json:"search,omitempty"`
}

// Settings are the parts of the configuration that figures depend on.
type Settings struct {
	Connections  int     `json:"connections"`
	Clients      int     `json:"clients_per_connection"`
	KeySize      int     `json:"key_size_bytes"`
	ValueSize    int     `json:"value_size_bytes"`
	KeySpace     int64   `json:"key_space"`
	Distribution string  `json:"key_distribution"`
	Ops          int64   `json:"ops,omitempty"`
	Duration     float64 `json:"duration_seconds,omitempty"`
	Rate         float64 `json:"rate,omitempty"`
	Warmup       float64 `json:"warmup_seconds,omitempty"`
	Ramp         float64 `json:"ramp_seconds,omitempty"`
	ReadRatio    float64 `json:"read_ratio,omitempty"`
	Serializable bool    `json:"serializable,omitempty"`
	RangeSize    int64   `json:"range_size,omitempty"`
	CountOnly    bool    `json:"count_only,omitempty"`
	TxnOps       int     `json:"txn_ops,omitempty"`
	Watchers     int     `json:"watchers,omitempty"`
	EndpointMode string  `json:"endpoint_mode"`
	Timeout      float64 `json:"timeout_seconds"`
}

func (c Config) settings() Settings {
	s := Settings{
		Connections: c.Connections, Clients: c.Clients, KeySize: c.KeySize, ValueSize: c.ValueSize,
		KeySpace: c.space(), Distribution: c.distribution(), Ops: c.Ops, Duration: c.Duration.Seconds(),
		Rate: c.Rate, Warmup: c.Warmup.Seconds(), Ramp: c.Ramp.Seconds(),
		EndpointMode: c.EndpointMode, Timeout: c.Timeout.Seconds(),
	}
	switch c.Type {
	case Mixed:
		s.ReadRatio, s.Serializable = c.ReadRatio, c.Serializable
	case Read:
		s.Serializable = c.Serializable
	case Ranges:
		s.RangeSize, s.Serializable, s.CountOnly = c.RangeSize, c.Serializable, c.CountOnly
	case Txns:
		s.TxnOps = c.TxnOps
	case Watch:
		s.Watchers = c.Watchers
	}
	return s
}

// Operations counts them by what became of them.
type Operations struct {
	Succeeded int64 `json:"succeeded"`
	Failed    int64 `json:"failed"`
	// Unfinished were under way when the run was cut short.
	Unfinished int64 `json:"unfinished"`
	// NeverSent were due, and given up: etcd took so much longer than the
	// schedule asks for that they piled up here.
	NeverSent int64 `json:"never_sent"`
}

// Total of the operations that came to an end.
func (o Operations) Total() int64 { return o.Succeeded + o.Failed }

// ErrorRate is the share of operations that failed, of those that ended or were
// never sent; 0 when there were none.
func (o Operations) ErrorRate() float64 {
	bad := o.Failed + o.NeverSent
	if bad == 0 {
		return 0
	}
	return float64(bad) / float64(bad+o.Succeeded)
}

// Schedule tells how well the offered rate was kept.
type Schedule struct {
	Offered  float64      `json:"offered_ops_per_second"`
	Achieved float64      `json:"achieved_ops_per_second"` // operations that ended, failures included
	Slip     Distribution `json:"slip"`                    // from when an operation was due to when it began
}

// Distribution of a time.
type Distribution struct {
	Count   int64    `json:"count"`
	Min     *float64 `json:"min_seconds"`
	Mean    *float64 `json:"mean_seconds"`
	P50     *float64 `json:"p50_seconds"`
	P95     *float64 `json:"p95_seconds"`
	P99     *float64 `json:"p99_seconds"`
	P999    *float64 `json:"p999_seconds"`
	Max     *float64 `json:"max_seconds"`
	Buckets []Bucket `json:"buckets,omitempty"`
}

// Bucket counts the operations of a range of latencies.
type Bucket struct {
	Name  string `json:"bucket"`
	Count int64  `json:"count"`
}

// bounds are the upper ends of the buckets of the documentation, but the last.
var bounds = [numBuckets - 1]struct {
	name  string
	below time.Duration
}{
	{"<1ms", time.Millisecond},
	{"1-5ms", 5 * time.Millisecond},
	{"5-10ms", 10 * time.Millisecond},
	{"10-50ms", 50 * time.Millisecond},
	{"50-100ms", 100 * time.Millisecond},
	{"100-500ms", 500 * time.Millisecond},
}

const (
	numBuckets = 7
	lastBucket = ">500ms"
)

// distribution of a sample.
func (s *sample) distribution(buckets bool) Distribution {
	d := Distribution{Count: s.count()}
	if d.Count > 0 {
		least, most, mean := s.min.Seconds(), s.max.Seconds(), s.sum/float64(d.Count)
		d.Min, d.Max, d.Mean = &least, &most, &mean
	}
	d.P50, d.P95, d.P99, d.P999 = s.quantile(0.5), s.quantile(0.95), s.quantile(0.99), s.quantile(0.999)
	if !buckets {
		return d
	}
	for i, b := range bounds {
		d.Buckets = append(d.Buckets, Bucket{b.name, s.buckets[i]})
	}
	d.Buckets = append(d.Buckets, Bucket{lastBucket, s.buckets[len(bounds)]})
	return d
}

// KindReport is about one sort of operation of the workload.
type KindReport struct {
	Name       string       `json:"name"`
	Read       bool         `json:"read"`
	Aside      bool         `json:"aside,omitempty"` // what came of operations, and is none
	Succeeded  int64        `json:"succeeded"`
	Failed     int64        `json:"failed"`
	Throughput float64      `json:"throughput_ops_per_second"`
	Latency    Distribution `json:"latency"`
}

// EndpointReport is about what went to one endpoint.
type EndpointReport struct {
	Endpoint   string       `json:"endpoint"`
	Leader     bool         `json:"leader"` // at the end
	Succeeded  int64        `json:"succeeded"`
	Failed     int64        `json:"failed"`
	Throughput float64      `json:"throughput_ops_per_second"`
	Latency    Distribution `json:"latency"`
}

// ErrorReport is about operations that failed alike.
type ErrorReport struct {
	Kind  string `json:"kind"`
	Code  string `json:"code"` // of gRPC, or WrongAnswer
	Count int64  `json:"count"`
	Text  string `json:"text"` // of the first one
}

// Deliveries counts what watchers received.
type Deliveries struct {
	Received int64 `json:"received"`
	// Overtaken came so late that it is not known any more when they were due.
	Overtaken int64 `json:"overtaken"`
	Missing   int64 `json:"missing"` // did not come
}

// SearchStep is one rate that a search has tried.
type SearchStep struct {
	Rate       float64  `json:"rate"`
	Throughput float64  `json:"throughput_ops_per_second"`
	P99        *float64 `json:"p99_seconds"`
	ErrorRate  float64  `json:"error_rate"`
	Met        bool     `json:"met"`
}
