package config

import "strconv"

// didYouMean names the one of the words that was probably meant, in brackets,
// or is empty when none is near.
func didYouMean(s string, words []string) string {
	best := Nearest(s, words)
	if best == "" {
		return ""
	}
	return " (did you mean " + strconv.Quote(best) + "?)"
}

// Nearest is the one of the words that was probably meant by s, or empty when
// none is near.
func Nearest(s string, words []string) string {
	if len(s) > 64 { // nobody types that, and comparing is not free
		return ""
	}
	best, least := "", min(len(s)/2, 4)+1
	for _, w := range words {
		if d := distance(s, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is how many characters must be added, removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
