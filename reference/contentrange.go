package reference

import (
	"errors"
	"math"
	"strings"
)

// contentRange is a Content-Range value in bytes (RFC 9110, 14.4).
type contentRange struct {
	first, last int64 // inclusive; both -1 in the unsatisfied-range form "*/L"
	complete    int64 // complete length, -1 for "*"
}

// ends tells whether it is the unsatisfied-range form, which ends an upload (Byte Range PATCH, The
// Content-Range Field).
func (c contentRange) ends() bool { return c.first < 0 }

// length is the number of bytes of the range.
func (c contentRange) length() int64 {
	if c.ends() {
		return 0
	}
	return c.last - c.first + 1
}

var (
	errRangeSyntax = errors.New("malformed Content-Range")
	errRangeUnit   = errors.New("range unit is not bytes")
)

// parseContentRange reads "bytes first-last/complete", "bytes first-last/*" and "bytes */complete".
// A range that is impossible in itself (last before first, or at or after the complete length) is malformed.
func parseContentRange(s string) (contentRange, error) {
	unit, rest, ok := strings.Cut(trimOWS(s), " ")
	if !ok || !isToken(unit) {
		return contentRange{}, errRangeSyntax
	}
	if !strings.EqualFold(unit, "bytes") {
		return contentRange{}, errRangeUnit
	}
	positions, complete, ok := strings.Cut(rest, "/")
	if !ok {
		return contentRange{}, errRangeSyntax
	}
	c := contentRange{first: -1, last: -1, complete: -1}
	if complete != "*" {
		if c.complete, ok = parseDigits(complete); !ok {
			return contentRange{}, errRangeSyntax
		}
	}
	if positions == "*" {
		if c.complete < 0 {
			return contentRange{}, errRangeSyntax // "*/*" says nothing
		}
		return c, nil
	}
	return parsePositions(c, positions)
}

func parsePositions(c contentRange, s string) (contentRange, error) {
	first, last, ok := strings.Cut(s, "-")
	var ok1, ok2 bool
	c.first, ok1 = parseDigits(first)
	c.last, ok2 = parseDigits(last)
	if !ok || !ok1 || !ok2 || c.last < c.first || c.last == math.MaxInt64 || c.complete >= 0 && c.last >= c.complete {
		return contentRange{}, errRangeSyntax
	}
	return c, nil
}

// parseDigits reads 1*DIGIT that fits an int64: no sign, no space.
func parseDigits(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
