//go:build !linux

package etcdtest

// stopped trusts that the signal is delivered at once: other systems have no
// portable way to tell.
func stopped(int) error { return nil }
