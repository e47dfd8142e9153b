package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// longUnits are those that Go's own durations lack, as Prometheus has them.
var longUnits = map[string]time.Duration{"d": day, "w": 7 * day, "y": 365 * day}

var longPart = regexp.MustCompile(`^(\d+)([dwy])`)

var (
	errNoDuration = errors.New("is no duration like 30s, 5m or 90d")
	errTooLong    = errors.New("is longer than can be counted")
)

// parseDuration reads Go's durations and those of Prometheus: 1.5s, 1h30m, 90d,
// 1y2w.
func parseDuration(s string) (time.Duration, error) {
	var total time.Duration
	rest := s
	for {
		m := longPart.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		unit := longUnits[m[2]]
		if err != nil || n > int64((math.MaxInt64-total)/unit) {
			return 0, errTooLong
		}
		total += time.Duration(n) * unit
		rest = rest[len(m[0]):]
	}
	if rest == "" && s != "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 && total > 0 {
		if _, bare := strconv.ParseFloat(s, 64); bare == nil {
			return 0, fmt.Errorf("has no unit (write %ss)", s)
		}
		return 0, errNoDuration
	}
	if total += d; total < 0 && d >= 0 {
		return 0, errTooLong
	}
	return total, nil
}

// formatDuration is the shortest way to write d.
func formatDuration(d time.Duration) string {
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// maxSize is far above any database and far below what a float64 counts.
const maxSize = 1 << 50

// parseSize reads a number of bytes, or of KiB, MiB, GiB or TiB.
func parseSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for _, u := range sizeUnits {
		if d, ok := strings.CutSuffix(s, u.name); ok {
			digits, unit = d, u.bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return 0, errors.New("is no size like 8589934592 or 8GiB")
	case n < 0:
		return 0, errors.New("is negative")
	case n > maxSize/unit:
		return 0, errors.New("is more than any disk holds")
	}
	return n * unit, nil
}

// formatSize is the shortest way to write so many bytes.
func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
