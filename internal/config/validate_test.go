package config

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// usable is a cluster with nothing wrong.
func usable(change func(*Cluster)) Cluster {
	c := Cluster{
		Name: "prod", Endpoints: []string{"https://etcd-0:2379"},
		DialTimeout: 5 * time.Second, Thresholds: defaults(),
	}
	change(&c)
	return c
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Cluster)
		wrong  []string // what the error tells; none for a usable cluster
	}{
		{"the least", func(*Cluster) {}, nil},
		{"mutual TLS", func(c *Cluster) { c.TLS = TLS{CAFile: "ca", CertFile: "cert", KeyFile: "key"} }, nil},
		{"a CA, and one of two endpoints with TLS", func(c *Cluster) {
			c.TLS.CAFile = "ca"
			c.Endpoints = []string{"http://a:1", "https://b:1"}
		}, nil},
		{"no verification", func(c *Cluster) { c.TLS.InsecureSkipVerify = true }, nil},
		{"a password", func(c *Cluster) { c.Auth = Auth{Username: "u", Password: "p"} }, nil},
		{"a password file", func(c *Cluster) { c.Auth = Auth{Username: "u", PasswordFile: "f"} }, nil},
		{"no thresholds", func(c *Cluster) { c.Thresholds = nil }, nil},

		{"no name", func(c *Cluster) { c.Name = "" }, []string{"no name"}},
		{"no endpoint", func(c *Cluster) { c.Endpoints = nil }, []string{"no endpoint"}},
		{"no dial timeout", func(c *Cluster) { c.DialTimeout = 0 }, []string{"dial"}},
		{"a negative dial timeout", func(c *Cluster) { c.DialTimeout = -1 }, []string{"dial"}},
		{"a negative quota", func(c *Cluster) { c.QuotaBytes = -1 }, []string{"quota"}},
		{"a certificate without its key", func(c *Cluster) { c.TLS.CertFile = "cert" }, []string{"needs"}},
		{"a key without its certificate", func(c *Cluster) { c.TLS.KeyFile = "key" }, []string{"needs"}},
		{"a CA, and no verification", func(c *Cluster) { c.TLS = TLS{CAFile: "ca", InsecureSkipVerify: true} }, []string{"exclude"}},
		{"certificates, and every endpoint in the clear", func(c *Cluster) {
			c.TLS.CAFile = "ca"
			c.Endpoints = []string{"http://a:1", "http://b:1"}
		}, []string{"every endpoint is http"}},
		{"two passwords", func(c *Cluster) { c.Auth = Auth{Username: "u", Password: "p", PasswordFile: "f"} }, []string{"exclude"}},
		{"a password of nobody", func(c *Cluster) { c.Auth = Auth{Password: "p"} }, []string{"needs"}},
		{"a password file of nobody", func(c *Cluster) { c.Auth = Auth{PasswordFile: "f"} }, []string{"needs"}},
		{"a user without a password", func(c *Cluster) { c.Auth = Auth{Username: "u"} }, []string{"password"}},
		{"a bad threshold", func(c *Cluster) { c.Thresholds["watchers"] = -1 }, []string{"watchers"}},
		{
			"everything at once", func(c *Cluster) {
				*c = Cluster{QuotaBytes: -1, TLS: TLS{KeyFile: "k"}, Auth: Auth{Password: "hunter2"}}
			},
			[]string{"no name", "no endpoint", "dial", "needs", "needs", "quota"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := usable(tt.change).Validate()
			if err == nil != (len(tt.wrong) == 0) {
				t.Fatalf("Validate: %v", err)
			}
			for _, w := range tt.wrong {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v does not tell %q", err, w)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}

func TestThresholdsValidate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		given Thresholds
		wrong string // what the error tells; "" for usable ones
	}{
		{"none", nil, ""},
		{"the defaults", defaults(), ""},
		{"zero", Thresholds{"max_latency_seconds": 0}, ""},
		{"one without a default", Thresholds{"memory_bytes": 1 << 30}, ""},
		{"warning and critical are the same", Thresholds{"db_quota_ratio_warning": 0.95}, ""},

		{"an unknown one", Thresholds{"max_latency_ms": 100}, "max_latency_ms"},
		{"negative", Thresholds{"leases": -1}, "leases"},
		{"not a number", Thresholds{"leases": math.NaN()}, "leases"},
		{"infinite", Thresholds{"leases": math.Inf(1)}, "leases"},
		{"absurd", Thresholds{"leases": 1e18}, "leases"},
		{"warning above critical", Thresholds{"db_quota_ratio_warning": 0.9, "db_quota_ratio_critical": 0.8}, "db_quota_ratio_warning"},
		{"warning above the default of critical", Thresholds{"wal_fsync_p99_seconds_warning": 100}, "wal_fsync_p99_seconds_warning"},
		{"critical below the default of warning", Thresholds{"db_quota_ratio_critical": 0.5}, "db_quota_ratio_critical"},
		{"the nearer expiry is the worse one", Thresholds{"certificate_warning_seconds": 60, "certificate_critical_seconds": 3600}, "certificate_warning_seconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.given.Validate()
			if err == nil != (tt.wrong == "") {
				t.Fatalf("Validate: %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%v does not name %s", err, tt.wrong)
			}
		})
	}
}

func TestEffectiveThresholds(t *testing.T) {
	minAvailable := func(given Thresholds, voters int, known bool) float64 {
		for _, e := range given.Effective(voters, known) {
			if e.Name == "min_available_nodes" {
				return e.Value
			}
		}
		t.Fatal("min_available_nodes is missing")
		return 0
	}
	if got := minAvailable(nil, 3, true); got != 2 {
		t.Errorf("of three voters %v must be up, want 2", got)
	}
	if got := minAvailable(nil, 1, true); got != 1 {
		t.Errorf("of one voter %v must be up: that cannot be", got)
	}
	if got := minAvailable(nil, 0, false); got != 2 {
		t.Errorf("of an unknown number of voters %v must be up, want the 2 that were configured", got)
	}
	if got := minAvailable(Thresholds{"min_available_nodes": 5}, 3, true); got != 3 {
		t.Errorf("of three voters %v must be up: that cannot be", got)
	}

	names := func(t Thresholds) (all []string) {
		for _, e := range t.Effective(3, true) {
			all = append(all, e.Name)
		}
		return all
	}
	if slices.Contains(names(nil), "memory_bytes") {
		t.Error("a limit of memory that nobody set: there is no default for it")
	}
	if !slices.Contains(names(Thresholds{"memory_bytes": 1 << 30}), "memory_bytes") {
		t.Error("the limit of memory that was set is missing")
	}

	given := Thresholds{"watchers": 7, "memory_bytes": 1 << 30}
	for i, e := range given.Effective(3, true) {
		if e.Name != ThresholdNames()[i] {
			t.Errorf("threshold %d is %s, documented is %s", i, e.Name, ThresholdNames()[i])
		}
		if e.Name == "watchers" && e.Value != 7 {
			t.Errorf("watchers is %v, configured is 7", e.Value)
		}
	}
	if len(given) != 2 {
		t.Errorf("Effective changed what was configured: %v", given)
	}
}

// defaults are the limits of a cluster of which nothing is said.
func defaults() Thresholds {
	all := Thresholds{}
	for _, t := range Thresholds(nil).Effective(0, false) {
		all[t.Name] = t.Value
	}
	return all
}
