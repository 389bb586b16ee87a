package matrix

import (
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
)

// TestDocumentOffset takes a 2xx with a number, and what says that nothing is there.
func TestDocumentOffset(t *testing.T) {
	for _, c := range []struct {
		status int
		length string
		want   int64
	}{
		{200, "0", 0}, {200, "17", 17}, {206, "5", 5}, {204, "", 0}, {204, "17", 17}, {404, "", 0}, {404, "5", 0}, {410, "", 0}, {410, "99", 0},
		{200, "", -1}, {200, "-1", -1}, {200, "5, 5", -1}, {200, "x", -1}, {403, "5", -1}, {405, "5", -1}, {500, "", -1}, {301, "3", -1},
		{302, "5", -1},
	} {
		r := &exchange.Response{Status: c.status}
		if c.length != "" {
			r.Fields = exchange.Fields{{Name: "content-length", Value: c.length}}
		}
		got, err := DocumentDriver{}.ReadOffset(nil, r)
		if (err == nil) != (c.want >= 0) || err == nil && got != c.want {
			t.Errorf("%d with %q: %d, %v", c.status, c.length, got, err)
		}
	}
}

// TestDocumentConflict knows the answers that make a client ask for the offset again. An upload that is meant to fail may be
// answered with any error.
func TestDocumentConflict(t *testing.T) {
	for status, want := range map[int]bool{
		200: false, 400: false, 404: false, 409: true, 412: true, 413: false, 416: true, 417: false, 422: false, 423: true, 425: true,
		500: false, 503: false,
	} {
		r := &exchange.Response{Status: status}
		if got := (DocumentDriver{}).Conflict(&Operation{}, r); got != want {
			t.Errorf("%d: %t", status, got)
		}
		if (DocumentDriver{}).Conflict(&Operation{Failing: true}, r) {
			t.Errorf("%d of an upload that is meant to fail", status)
		}
	}
}

// TestReplaced writes over a document and past its end.
func TestReplaced(t *testing.T) {
	document := []byte("0123456789")
	for _, c := range []struct {
		at   int64
		data string
		want string
	}{
		{0, "ab", "ab23456789"}, {8, "ab", "01234567ab"}, {10, "ab", "0123456789ab"}, {9, "ab", "012345678ab"}, {9, "abc", "012345678abc"},
		{12, "a", "0123456789\x00\x00a"}, {3, "", "0123456789"},
	} {
		if got := Replaced(document, c.at, []byte(c.data)); string(got) != c.want {
			t.Errorf("%q at %d: %q, not %q", c.data, c.at, got, c.want)
		}
	}
	if string(document) != "0123456789" {
		t.Errorf("the document itself was changed: %q", document)
	}
}
