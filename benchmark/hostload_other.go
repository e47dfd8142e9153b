//go:build !linux

package benchmark

// hostTime is not known here.
func hostTime() (total, idle float64, ok bool) { return 0, 0, false }
