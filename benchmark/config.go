package benchmark

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
	"github.com/etcd-monitor/etcd-monitor/internal/logging"
)

// Names of workloads.
const (
	Write  = "write"
	Read   = "read"
	Mixed  = "mixed"
	Ranges = "range"
	Delete = "delete"
	Txns   = "txn"
	CAS    = "cas"
	Lease  = "lease"
	Watch  = "watch"
)

// Types are the names of all workloads.
func Types() []string {
	return []string{Write, Read, Mixed, Ranges, Delete, Txns, CAS, Lease, Watch}
}

// How keys are chosen.
const (
	Sequential = "sequential"
	Uniform    = "uniform"
	Zipf       = "zipf"
)

// Which members connections go to.
const (
	AllEndpoints = "all"       // in turn
	LeaderOnly   = "leader"    // wherever it moves
	Followers    = "followers" // all members but the leader
)

// Config describes a run. Default gives one that only lacks its cluster.
type Config struct {
	Cluster    config.Cluster
	Engine     Engine // nil for the one of grpc-go
	EngineNote string // why this one, for the report

	Type        string
	Connections int // TCP connections
	Clients     int // calls in flight on each
	KeySize     int // bytes
	ValueSize   int // bytes
	KeyPrefix   string
	// KeySpace is how many keys reads and writes choose from. 0 means as many as
	// there are operations for sequential writes, else 10 000.
	KeySpace     int64
	Distribution string // of keys; "" is sequential for writes and uniform else

	// Ops is the number of operations, exactly. With a Duration it is 0.
	Ops      int64
	Duration time.Duration
	// Rate is operations per second in all, on a schedule that does not wait for
	// etcd. 0 is a closed loop: each client sends when its last call has ended.
	Rate float64
	// Warmup is load before the measurement, of the same kind; Ramp is load
	// before that, with a rate or number of clients that rises from nothing.
	Warmup, Ramp time.Duration

	ReadRatio    float64 // of mixed, 0 to 1
	Serializable bool    // reads are answered by the member alone
	RangeSize    int64   // keys of a range
	CountOnly    bool    // ranges count instead of reading
	TxnOps       int     // writes of a transaction
	Watchers     int     // of a watch benchmark, on streams of their own

	EndpointMode string
	Timeout      time.Duration // of each call
	Keep         bool          // leave the keys there
	// CleanupTimeout bounds the removal of the keys; a tenth of it after an
	// interrupt.
	CleanupTimeout time.Duration
	Fuse           Fuse

	SLO SLO
	// Targets are shown beside the figures for information.
	Targets SLO
	// MaxErrorRate is the share of operations that may fail, 0 to 1.
	MaxErrorRate float64

	Logger *slog.Logger
	Zap    *logging.ZapLogger
	// Progress, if set, is called once a second from one goroutine.
	Progress func(Progress)
	// Ready, if set, is called when the measurement begins.
	Ready func()
}

// Fuse says what ends a run for the cluster's sake.
type Fuse struct {
	QuotaShare   float64 // of the database's quota that is in use; 0 for no limit
	Alarm        bool    // an alarm is raised
	LeaderChange bool
}

// Default is the run that the documentation describes, without its cluster.
func Default() Config {
	return Config{
		Type: Mixed, Connections: 10, Clients: 10, KeySize: 32, ValueSize: 256, KeyPrefix: "/benchmark-test",
		Ops: 10_000, ReadRatio: 0.7, RangeSize: 100, TxnOps: 4, Watchers: 10,
		EndpointMode: AllEndpoints, Timeout: 5 * time.Second, CleanupTimeout: time.Minute,
		Fuse: Fuse{QuotaShare: 0.8, Alarm: true}, MaxErrorRate: 0.01, Targets: SeedSLO(),
	}
}

// Limits of a run.
const (
	maxInFlight = 1 << 20
	minDigits   = 6 // of a key's number
	runIDLength = 6
)

// Validate says what is wrong with a configuration, everything at once, by the
// names of its fields.
func (c Config) Validate() error {
	var errs []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	oneOf := func(name, value string, words ...string) {
		must(slices.Contains(words, value), "%s: %q is none of %s", name, value, strings.Join(words, ", "))
	}
	oneOf("type", c.Type, Types()...)
	if c.Distribution != "" {
		oneOf("key distribution", c.Distribution, Sequential, Uniform, Zipf)
	}
	oneOf("endpoint mode", c.EndpointMode, AllEndpoints, LeaderOnly, Followers)
	must(c.Connections > 0 && c.Clients > 0, "connections and clients: %d and %d: both must be positive", c.Connections, c.Clients)
	must(int64(c.Connections)*int64(c.Clients) <= maxInFlight, "connections and clients: more than %d calls at a time", maxInFlight)
	must(c.ValueSize >= 0 && c.ValueSize <= 10<<20, "value size: %d is not within 0 to 10 MiB", c.ValueSize)
	must((c.Ops > 0) != (c.Duration > 0), "ops and duration: one of them must be given, and not both")
	must(c.Ops >= 0 && c.Duration >= 0, "ops and duration: must not be negative")
	must(c.Rate >= 0 && c.Rate <= 1e7, "rate: %g is not within 0 to 10 000 000", c.Rate)
	must(c.Warmup >= 0 && c.Ramp >= 0, "warmup and ramp: must not be negative")
	must(c.ReadRatio >= 0 && c.ReadRatio <= 1, "read ratio: %g is not within 0 to 1", c.ReadRatio)
	must(c.MaxErrorRate >= 0 && c.MaxErrorRate <= 1, "max error rate: %g is not within 0 to 1", c.MaxErrorRate)
	must(c.Timeout >= time.Millisecond, "timeout: %v is less than 1ms", c.Timeout)
	must(c.CleanupTimeout > 0, "cleanup timeout: must be positive")
	must(c.KeySpace >= 0, "key space: must not be negative")
	must(c.RangeSize > 0, "range size: must be positive")
	must(c.TxnOps > 0 && c.TxnOps <= 128, "txn ops: %d is not within 1 to 128, etcd's limit", c.TxnOps)
	must(c.Watchers > 0, "watchers: must be positive")
	must(c.Type != Watch || c.ValueSize >= numberSize, "value size: watchers need at least %d bytes", numberSize)
	must(c.Type != Ranges || c.RangeSize <= c.space(), "range size: %d is more than the %d keys", c.RangeSize, c.space())
	must(c.Type != Txns || int64(c.TxnOps) <= c.space(), "txn ops: %d is more than the %d keys", c.TxnOps, c.space())
	errs = append(errs, c.checkKeys(), c.SLO.validate())
	return errors.Join(errs...)
}

// checkKeys: a key holds the prefix, the run's own part and a number.
func (c Config) checkKeys() error {
	if p := strings.Trim(c.KeyPrefix, "/"); p == "" || p == "registry" || strings.HasPrefix(p, "registry/") {
		return fmt.Errorf("key prefix: %q is no place of ours: writing there could destroy data", c.KeyPrefix)
	}
	least := len(c.prefix(strings.Repeat("0", runIDLength))) + max(minDigits, digits(c.highest()))
	if c.KeySize < least || c.KeySize > 4096 {
		return fmt.Errorf("key size: %d is not within %d to 4096, which the prefix %q, the run and %d keys need",
			c.KeySize, least, c.KeyPrefix, c.highest())
	}
	return nil
}

// prefix is that of all keys of a run.
func (c Config) prefix(runID string) string {
	return strings.TrimRight(c.KeyPrefix, "/") + "/" + runID + "/"
}

// distribution is how keys are chosen.
func (c Config) distribution() string {
	switch {
	case c.Distribution != "":
		return c.Distribution
	case c.Type == Write || c.Type == Watch || c.Type == Delete:
		return Sequential
	}
	return Uniform
}

// defaultSpace is the number of keys unless told.
const defaultSpace = 10_000

// space is how many keys there are to choose from.
func (c Config) space() int64 {
	switch {
	case c.Type == Delete && c.Ops > 0:
		return c.Ops // each is deleted once
	case c.KeySpace > 0:
		return c.KeySpace
	case c.Type == Delete:
		return 100_000
	case c.Type == Write && c.distribution() == Sequential && c.Ops > 0:
		return c.Ops
	case c.Type == Write && c.distribution() == Sequential:
		return 1_000_000
	}
	return defaultSpace
}

// highest bounds the numbers of keys, those of ends of ranges included.
func (c Config) highest() int64 { return c.space() + c.RangeSize }

// populated reports whether the keys must be there before the clock starts.
func (c Config) populated() bool {
	switch c.Type {
	case Read, Mixed, Ranges, Delete, CAS:
		return true
	}
	return false
}

func digits(n int64) int { return len(fmt.Sprint(n)) }
