package benchmark

import (
	"bytes"
	"os"
	"strconv"
)

// hostTime is how much time the processors of this host have spent, and how much
// of it idle, in ticks of the kernel.
func hostTime() (total, idle float64, ok bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 6 || string(fields[0]) != "cpu" {
		return 0, 0, false
	}
	for i, f := range fields[1:min(len(fields), 9)] { // guests are counted as users already
		n, err := strconv.ParseFloat(string(f), 64)
		if err != nil {
			return 0, 0, false
		}
		total += n
		if i == 3 || i == 4 { // idle, and idle while waiting for a disk
			idle += n
		}
	}
	return total, idle, true
}
