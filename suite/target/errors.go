package target

import (
	"fmt"
	"sort"
	"strings"
)

// Error is one thing that is wrong with a configuration file, and where.
type Error struct {
	Name      string // of the file, as it was given
	Line, Col int    // both count from 1
	Message   string
}

// Error gives the error in the form that editors and CI systems make clickable.
func (e Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Col, e.Message)
}

// Errors is everything that is wrong with a configuration file, in the order of the file.
type Errors []Error

// Error gives one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first error.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// sort brings the errors into the order of the file; checks of a whole mapping come after those of its parts.
func (e Errors) sort() {
	sort.SliceStable(e, func(i, j int) bool {
		if e[i].Line != e[j].Line {
			return e[i].Line < e[j].Line
		}
		return e[i].Col < e[j].Col
	})
}

// Near gives the candidate that a misspelt word most likely meant, or "". Two edits are a slip, more are another word;
// short words bear only one.
func Near(word string, candidates []string) string {
	best, limit := "", 2
	if len(word) < 4 {
		limit = 1
	}
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(word), candidate); d <= limit && d < len(candidate) {
			best, limit = candidate, d-1
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes, with a swap of two neighbours counted as one edit. Words that differ
// by more than a few bytes in length are not compared: the caller asks for near ones only.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 3 || d < -3 {
		return 4
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// meant is the end of an error about an unknown word: what it may have been meant to be, or what there is.
func meant(word string, known []string) string {
	if near := Near(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Sprintf(" (known: %s)", strings.Join(known, ", "))
}
