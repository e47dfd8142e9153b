package collector

import "github.com/etcd-monitor/etcd-monitor/internal/cluster"

// number adds a value that may be unknown.
func number[T int | int64 | uint64 | float64](s *sink, f *family, v cluster.Opt[T], labels ...string) {
	if v.OK {
		s.add(f, float64(v.V), labels...)
	}
}

// flag adds a yes or no that may be unknown.
func flag(s *sink, f *family, v cluster.Opt[bool], labels ...string) {
	if v.OK {
		s.add(f, bit(v.V), labels...)
	}
}
