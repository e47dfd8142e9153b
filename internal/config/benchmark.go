package config

import (
	"strings"
	"time"
)

// Benchmark is what a benchmark does unless its command line says otherwise.
type Benchmark struct {
	Enabled  bool // on a schedule, by serve
	Interval time.Duration

	Pushgateway Pushgateway

	Type                            string
	Connections, Clients            int
	KeySize, ValueSize              int // bytes
	Operations                      int64
	Duration                        time.Duration // instead of operations; 0 for none
	KeyPrefix                       string
	TargetLeader                    bool
	Rate                            float64 // operations per second; 0 for as many as go
	ReadRatio                       float64
	RangeSize                       int64
	TxnOps                          int
	ReadThroughput, WriteThroughput float64 // targets, per second
	P99Seconds, MaxErrorRate        float64 // targets
	EnforceSLO                      bool
}

// Pushgateway says where results go, and how to get in.
type Pushgateway struct {
	URL, Job                  string // no URL: results go nowhere
	Username, PasswordFile    string
	CAFile, CertFile, KeyFile string
	InsecureSkipVerify        bool
}

// Benchmark says what benchmarks do.
func (f *File) Benchmark() Benchmark {
	d := f.c.doc
	const run, slo = "benchmark.default.", "benchmark.slo."
	return Benchmark{
		Enabled: get[bool](d, "benchmark.enabled"), Interval: get[time.Duration](d, "benchmark.interval"),
		Pushgateway: d.pushgateway(),
		Type:        get[string](d, run+"type"),
		Connections: int(get[int64](d, run+"connections")), Clients: int(get[int64](d, run+"clients")),
		KeySize: int(get[int64](d, run+"key_size")), ValueSize: int(get[int64](d, run+"value_size")),
		Operations: get[int64](d, run+"total_operations"), Duration: get[time.Duration](d, run+"duration"),
		KeyPrefix:    strings.TrimRight(get[string](d, run+"key_prefix"), "/"),
		TargetLeader: get[bool](d, run+"target_leader"), Rate: float64(get[int64](d, run+"rate_limit")),
		ReadRatio: get[float64](d, run+"read_ratio"), RangeSize: get[int64](d, run+"range_size"),
		TxnOps:         int(get[int64](d, run+"txn_ops")),
		ReadThroughput: get[float64](d, slo+"read_throughput"), WriteThroughput: get[float64](d, slo+"write_throughput"),
		P99Seconds: get[float64](d, slo+"p99_latency_ms") / 1000, MaxErrorRate: get[float64](d, slo+"max_error_rate"),
		EnforceSLO: get[bool](d, slo+"enforce"),
	}
}

// gatewaySection is where the Pushgateway is configured.
const gatewaySection = "benchmark.pushgateway."

func (d *document) pushgateway() Pushgateway {
	const at = gatewaySection
	return Pushgateway{
		URL: get[string](d, at+"url"), Job: get[string](d, at+"job"),
		Username: get[string](d, at+"username"), PasswordFile: d.filename(at + "password_file"),
		CAFile: d.filename(at + "ca_file"), CertFile: d.filename(at + "cert_file"), KeyFile: d.filename(at + "key_file"),
		InsecureSkipVerify: get[bool](d, at+"insecure_skip_verify"),
	}
}

// gatewayFiles reads what the section names: better now than after a benchmark.
func (d *document) gatewayFiles() {
	for _, name := range []string{"password_file", "ca_file", "cert_file", "key_file"} {
		d.read(gatewaySection+name, d.filename(gatewaySection+name))
	}
	g := d.pushgateway()
	if s := d.settings[gatewaySection+"password_file"]; g.PasswordFile != "" && g.Username == "" {
		d.fail(s.origin, gatewaySection+"password_file", "needs %susername", gatewaySection)
	}
	if s := d.settings[gatewaySection+"cert_file"]; g.CertFile != "" && g.KeyFile == "" {
		d.fail(s.origin, gatewaySection+"cert_file", "needs %skey_file", gatewaySection)
	}
	if s := d.settings[gatewaySection+"key_file"]; g.KeyFile != "" && g.CertFile == "" {
		d.fail(s.origin, gatewaySection+"key_file", "needs %scert_file", gatewaySection)
	}
}
