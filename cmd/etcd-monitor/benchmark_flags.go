package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/benchmark"
)

// override is a flag that changes what a benchmark does. It counts only when it
// was given: else the configuration does.
type override struct {
	name, help string
	isSwitch   bool
	apply      func(c *benchmark.Config, text string) error

	text  string
	given bool
}

// Set implements kingpin.Value.
func (o *override) Set(s string) error {
	o.text = s
	return nil
}

// String implements kingpin.Value.
func (o *override) String() string { return o.text }

// IsBoolFlag tells kingpin which flags need no value.
func (o *override) IsBoolFlag() bool { return o.isSwitch }

// overrides are the flags of the verb, in the order of its help.
func overrides() []*override {
	type config = benchmark.Config
	return []*override{
		{name: "ops", help: "Operations, exactly (10000).", apply: whole(func(c *config, n int64) { c.Ops, c.Duration = n, 0 })},
		{name: "duration", help: "Time to measure for, instead of a number of operations.", apply: lasting(func(c *config, d time.Duration) { c.Duration, c.Ops = d, 0 })},
		{name: "rate", help: "Operations per second in all, on a schedule that does not wait for etcd: latencies are honest. 0 for a closed loop (0).", apply: number(func(c *config, v float64) { c.Rate = v })},
		{name: "warmup", help: "Load before the measurement (0s).", apply: lasting(func(c *config, d time.Duration) { c.Warmup = d })},
		{name: "ramp", help: "Time in which the load rises, before that (0s).", apply: lasting(func(c *config, d time.Duration) { c.Ramp = d })},
		{name: "connections", help: "TCP connections (10).", apply: whole(func(c *config, n int64) { c.Connections = int(n) })},
		{name: "clients", help: "Clients of each connection: calls in flight at a time (10).", apply: whole(func(c *config, n int64) { c.Clients = int(n) })},
		{name: "key-size", help: "Bytes of a key (32).", apply: whole(func(c *config, n int64) { c.KeySize = int(n) })},
		{name: "value-size", help: "Bytes of a value (256).", apply: whole(func(c *config, n int64) { c.ValueSize = int(n) })},
		{name: "key-space", help: "Keys to choose from (one for each sequential write, else 10000).", apply: whole(func(c *config, n int64) { c.KeySpace = n })},
		{name: "keys", help: "How keys are chosen: sequential, uniform, zipf (sequential for writes, else uniform).", apply: word(func(c *config, s string) { c.Distribution = s })},
		{name: "key-prefix", help: "Prefix of the keys; each run adds its own part (/benchmark-test).", apply: word(func(c *config, s string) { c.KeyPrefix = s })},
		{name: "read-ratio", help: "Share of reads in a mixed run (0.7).", apply: number(func(c *config, v float64) { c.ReadRatio = v })},
		{name: "serializable", help: "Let members answer reads alone, without asking the others.", isSwitch: true, apply: yes(func(c *config, on bool) { c.Serializable = on })},
		{name: "range-size", help: "Keys of a range (100).", apply: whole(func(c *config, n int64) { c.RangeSize = n })},
		{name: "count-only", help: "Ranges count keys instead of reading them.", isSwitch: true, apply: yes(func(c *config, on bool) { c.CountOnly = on })},
		{name: "txn-ops", help: "Writes of a transaction (4).", apply: whole(func(c *config, n int64) { c.TxnOps = int(n) })},
		{name: "watchers", help: "Watchers that each write is delivered to (10).", apply: whole(func(c *config, n int64) { c.Watchers = int(n) })},
		{name: "target-leader", help: "Connect to the leader only, and follow it.", isSwitch: true, apply: yes(func(c *config, on bool) {
			c.EndpointMode = benchmark.AllEndpoints
			if on {
				c.EndpointMode = benchmark.LeaderOnly
			}
		})},
		{name: "endpoint-mode", help: "Where connections go: all, leader, followers (all).", apply: word(func(c *config, s string) { c.EndpointMode = s })},
		{name: "timeout", help: "Time limit of each call (5s).", apply: lasting(func(c *config, d time.Duration) { c.Timeout = d })},
		{name: "cleanup", help: "Remove the keys that were written (yes).", isSwitch: true, apply: yes(func(c *config, on bool) { c.Keep = !on })},
		{name: "cleanup-timeout", help: "Time limit of that; a tenth of it after an interrupt (1m).", apply: lasting(func(c *config, d time.Duration) { c.CleanupTimeout = d })},
		{name: "fuse-quota-share", help: "Stop when a database is larger than this share of its quota; 0 for no limit (0.8).", apply: number(func(c *config, v float64) { c.Fuse.QuotaShare = v })},
		{name: "fuse-alarm", help: "Stop when an alarm is raised (yes).", isSwitch: true, apply: yes(func(c *config, on bool) { c.Fuse.Alarm = on })},
		{name: "fuse-leader-change", help: "Stop when the leader changes.", isSwitch: true, apply: yes(func(c *config, on bool) { c.Fuse.LeaderChange = on })},
		{name: "max-error-rate", help: "Share of operations that may fail before the exit code is 4 (0.01).", apply: number(func(c *config, v float64) { c.MaxErrorRate = v })},
		{name: "slo-profile", help: "Targets to meet: none, or seed for 40 000 reads/s, 20 000 writes/s, p99 of 100 ms (none).", apply: profile},
		{name: "slo-read-throughput", help: "Reads per second to reach.", apply: number(func(c *config, v float64) { c.SLO.ReadThroughput = v })},
		{name: "slo-write-throughput", help: "Writes per second to reach.", apply: number(func(c *config, v float64) { c.SLO.WriteThroughput = v })},
		{name: "slo-p99-ms", help: "Largest 99th percentile of latency, in milliseconds.", apply: number(func(c *config, v float64) { c.SLO.P99Seconds = v / 1000 })},
		{name: "slo-error-rate", help: "Largest share of operations that fail.", apply: number(func(c *config, v float64) { c.SLO.ErrorRate, c.SLO.AskErrorRate = v, true })},
	}
}

// addOverrides adds the flags to the verb.
func addOverrides(cmd *kingpin.CmdClause) []*override {
	all := overrides()
	for _, o := range all {
		cmd.Flag(o.name, o.help).NoEnvar().IsSetByUser(&o.given).SetValue(o)
	}
	return all
}

// applyOverrides changes c as the flags say that were given.
func applyOverrides(all []*override, c *benchmark.Config) error {
	for _, o := range all {
		if !o.given {
			continue
		}
		if err := o.apply(c, o.text); err != nil {
			return fmt.Errorf("--%s: %w", o.name, err)
		}
	}
	return nil
}

func profile(c *benchmark.Config, s string) error {
	switch s {
	case "none":
		c.SLO = benchmark.SLO{}
	case "seed":
		c.SLO = benchmark.SeedSLO()
	default:
		return fmt.Errorf("%q is none of none, seed", s)
	}
	return nil
}

func whole(set func(*benchmark.Config, int64)) func(*benchmark.Config, string) error {
	return func(c *benchmark.Config, s string) error {
		n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		if n < 1 && s != "0" || n > 1e12 {
			return fmt.Errorf("%d is not within 0 to 10^12", n)
		}
		set(c, n)
		return nil
	}
}

func number(set func(*benchmark.Config, float64)) func(*benchmark.Config, string) error {
	return func(c *benchmark.Config, s string) error {
		v, err := amount(s)
		if err == nil {
			set(c, v)
		}
		return err
	}
}

func lasting(set func(*benchmark.Config, time.Duration)) func(*benchmark.Config, string) error {
	return func(c *benchmark.Config, s string) error {
		d, err := duration(0)(s)
		if err == nil {
			set(c, d)
		}
		return err
	}
}

func word(set func(*benchmark.Config, string)) func(*benchmark.Config, string) error {
	return func(c *benchmark.Config, s string) error {
		set(c, s)
		return nil
	}
}

func yes(set func(*benchmark.Config, bool)) func(*benchmark.Config, string) error {
	return func(c *benchmark.Config, s string) error {
		on, err := truth(s)
		if err == nil {
			set(c, on)
		}
		return err
	}
}

// findFlags are about the search for the highest rate.
type findFlags struct {
	on         bool
	from, most float64
	step       time.Duration
}

func (f *findFlags) add(cmd *kingpin.CmdClause) {
	cmd.Flag("find-rate", "Search for the highest rate that meets the targets, which must be given.").NoEnvar().BoolVar(&f.on)
	setFlag(cmd, &f.from, "find-from", "500", "First rate of the search, in operations per second.", amount).NoEnvar()
	setFlag(cmd, &f.most, "find-most", "200000", "Highest rate of the search.", amount).NoEnvar()
	setFlag(cmd, &f.step, "find-step", "10s", "Time that each rate is tried for.", duration(time.Second)).NoEnvar()
}

func (f *findFlags) search() benchmark.Search {
	return benchmark.Search{From: f.from, Most: f.most, Step: f.step}
}
