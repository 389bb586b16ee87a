package exchange

import (
	"fmt"
	"strings"
)

// ParseContentRange parses a Content-Range of the unit bytes (RFC 9110, 14.4): "bytes 0-9/100",
// "bytes 0-9/*", "bytes */100". All numbers are byte positions or lengths; complete is -1 when unknown
// ("*"). For the unsatisfied form first and last are -1. A last position before the first, or not
// below the complete length, is an error (the field "is invalid" there).
func ParseContentRange(s string) (first, last, complete int64, unsatisfied bool, err error) {
	bad := func(why string) (int64, int64, int64, bool, error) {
		return 0, 0, 0, false, fmt.Errorf("Content-Range %q: %s", shorten(s), why)
	}
	unit, rest, found := strings.Cut(s, " ")
	if !found || !strings.EqualFold(unit, "bytes") {
		return bad("the unit is not bytes")
	}
	positions, length, found := strings.Cut(rest, "/")
	if !found {
		return bad("no complete length")
	}
	complete = -1
	if length != "*" {
		if complete, err = parseDecimal(length); err != nil {
			return bad("the complete length is no number")
		}
	}
	if positions == "*" {
		if complete < 0 {
			return bad("neither range nor complete length")
		}
		return -1, -1, complete, true, nil
	}
	from, to, _ := strings.Cut(positions, "-")
	if first, err = parseDecimal(from); err != nil {
		return bad("the first position is no number")
	}
	if last, err = parseDecimal(to); err != nil {
		return bad("the last position is no number")
	}
	if last < first {
		return bad("the last position is before the first")
	}
	if complete >= 0 && last >= complete {
		return bad("the last position is beyond the complete length")
	}
	return first, last, complete, false, nil
}
