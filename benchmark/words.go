package benchmark

import (
	"fmt"
	"time"
)

// seconds prints a time with three digits, in the unit that fits it.
func seconds(s float64) string {
	switch d := time.Duration(s * 1e9); {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", s*1e6)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g s", s)
}
