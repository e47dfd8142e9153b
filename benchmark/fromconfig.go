package benchmark

import "github.com/etcd-monitor/etcd-monitor/internal/config"

// FromConfig is the run that a configuration describes, without its cluster.
func FromConfig(b config.Benchmark) Config {
	c := Default()
	c.Type, c.Connections, c.Clients = b.Type, b.Connections, b.Clients
	c.KeySize, c.ValueSize, c.KeyPrefix = b.KeySize, b.ValueSize, b.KeyPrefix
	c.Ops = b.Operations
	if b.Duration > 0 {
		c.Ops, c.Duration = 0, b.Duration
	}
	if b.TargetLeader {
		c.EndpointMode = LeaderOnly
	}
	c.Rate, c.ReadRatio, c.RangeSize, c.TxnOps = b.Rate, b.ReadRatio, b.RangeSize, b.TxnOps
	targets := SLO{
		ReadThroughput: b.ReadThroughput, WriteThroughput: b.WriteThroughput, P99Seconds: b.P99Seconds,
		ErrorRate: b.MaxErrorRate, AskErrorRate: true,
	}
	c.Targets = targets
	if b.EnforceSLO {
		c.SLO = targets
	}
	return c
}

// GatewayOf is the Pushgateway that a configuration describes.
func GatewayOf(p config.Pushgateway) Gateway {
	return Gateway{
		URL: p.URL, Job: p.Job, Username: p.Username, PasswordFile: p.PasswordFile,
		CAFile: p.CAFile, CertFile: p.CertFile, KeyFile: p.KeyFile, InsecureSkipVerify: p.InsecureSkipVerify,
	}
}
