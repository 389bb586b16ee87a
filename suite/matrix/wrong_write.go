package matrix

import "fmt"

// WrongWrite is a write that must be refused, and change nothing, in a protocol whose writes name their place in Content-Range.
type WrongWrite struct {
	Name, Requires, Why, Failure string
	// Forms gives every form that is tried, for an upload of which n bytes have arrived.
	Forms func(body []byte, n int64) []RangedForm
}

// RangedForm is a Content-Range, "" for none, and the bytes that come with it. Only what the form is meant to test is wrong
// with it: the bytes are as many as the range says, where it says so.
type RangedForm struct {
	ContentRange string
	Data         []byte
}

// Ranged gives the form of bytes with this Content-Range.
func Ranged(data []byte, format string, args ...any) RangedForm {
	return RangedForm{fmt.Sprintf(format, args...), data}
}

// String tells what the form has: "Content-Range: bytes 0-9/100".
func (r RangedForm) String() string {
	if r.ContentRange == "" {
		return "no Content-Range"
	}
	return "Content-Range: " + r.ContentRange
}

// BadTotal gives forms that contradict the complete length.
func BadTotal(body []byte, n int64) []RangedForm {
	l := int64(len(body))
	return []RangedForm{Ranged(body[n:], "bytes %d-%d/%d", n, l-1, l+100), Ranged(body[n:l-1], "bytes %d-%d/%d", n, l-2, l-1)}
}

// PastEnd gives forms that run past the complete length that they name.
func PastEnd(body []byte, n int64) []RangedForm {
	l, long := int64(len(body)), Overlong(body, n)
	return []RangedForm{Ranged(long, "bytes %d-%d/%d", n, l+9, l), Ranged(long[:l-n+1], "bytes %d-%d/%d", n, l, l)}
}

// Overlong gives the rest of the body and ten bytes more.
func Overlong(body []byte, n int64) []byte {
	return append(append([]byte{}, body[n:]...), "0123456789"...)
}

// BadRange gives forms whose Content-Range is malformed, or of another unit than bytes (RFC 9110, 14.4).
func BadRange(body []byte, n int64) []RangedForm {
	l, rest := int64(len(body)), body[n:]
	return []RangedForm{
		Ranged(rest, "bytes"), Ranged(rest, "bytes x-y/z"), Ranged(rest, "bytes %d-%d/%d", l-1, n, l),
		Ranged(rest, "bytes -%d/%d", l-n, l), Ranged(rest, "lines %d-%d/%d", n, l-1, l),
		Ranged(rest, "bytes %d-99999999999999999999/%d", n, l), Ranged(rest, "bytes %d-%d", n, l-1),
	}
}

// NoRange gives the rest of the body without a range.
func NoRange(body []byte, n int64) []RangedForm { return []RangedForm{{"", body[n:]}} }
