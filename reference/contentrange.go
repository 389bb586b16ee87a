package reference

import (
	"errors"
	"math"
	"strings"
)

// ContentRange is a Content-Range value in bytes (RFC 9110, 14.4).
type ContentRange struct {
	First, Last int64 // inclusive; both -1 in the unsatisfied-range form "*/L"
	Complete    int64 // complete length, -1 for "*"
}

// Ends tells whether it is the unsatisfied-range form, which ends an upload (Byte Range PATCH, The
// Content-Range Field).
func (c ContentRange) Ends() bool { return c.First < 0 }

// Length is the number of bytes of the range.
func (c ContentRange) Length() int64 {
	if c.Ends() {
		return 0
	}
	return c.Last - c.First + 1
}

var (
	errRangeSyntax = errors.New("malformed Content-Range")
	errRangeUnit   = errors.New("range unit is not bytes")
)

// parseContentRange reads "bytes first-last/complete", "bytes first-last/*" and "bytes */complete".
// A range that is impossible in itself (last before first, or at or after the complete length) is malformed.
func parseContentRange(s string) (ContentRange, error) {
	unit, rest, ok := strings.Cut(trimOWS(s), " ")
	if !ok || !isToken(unit) {
		return ContentRange{}, errRangeSyntax
	}
	if !strings.EqualFold(unit, "bytes") {
		return ContentRange{}, errRangeUnit
	}
	positions, complete, ok := strings.Cut(rest, "/")
	if !ok {
		return ContentRange{}, errRangeSyntax
	}
	c := ContentRange{First: -1, Last: -1, Complete: -1}
	if complete != "*" {
		if c.Complete, ok = parseDigits(complete); !ok {
			return ContentRange{}, errRangeSyntax
		}
	}
	if positions == "*" {
		if c.Complete < 0 {
			return ContentRange{}, errRangeSyntax // "*/*" says nothing
		}
		return c, nil
	}
	return parsePositions(c, positions)
}

func parsePositions(c ContentRange, s string) (ContentRange, error) {
	first, last, ok := strings.Cut(s, "-")
	var ok1, ok2 bool
	c.First, ok1 = parseDigits(first)
	c.Last, ok2 = parseDigits(last)
	if !ok || !ok1 || !ok2 || c.Last < c.First || c.Last == math.MaxInt64 || c.Complete >= 0 && c.Last >= c.Complete {
		return ContentRange{}, errRangeSyntax
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
