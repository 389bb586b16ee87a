package partialput

import (
	"bytes"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// TestReadOffset takes a 2xx with a number, and a document that is not there for one of 0 bytes.
func TestReadOffset(t *testing.T) {
	for _, c := range []struct {
		status int
		length string
		want   int64
	}{
		{200, "0", 0}, {204, "17", 17}, {204, "", 0}, {206, "5", 5}, {404, "", 0}, {410, "99", 0}, {200, "", -1}, {200, "-1", -1},
		{200, "5, 5", -1}, {200, "x", -1}, {403, "5", -1}, {500, "", -1}, {301, "3", -1},
	} {
		r := &exchange.Response{Status: c.status}
		if c.length != "" {
			r.Fields = exchange.Fields{{Name: "content-length", Value: c.length}}
		}
		got, err := Driver{}.ReadOffset(nil, r)
		if (err == nil) != (c.want >= 0) || (err == nil && got != c.want) {
			t.Errorf("%d with %q: %d, %v", c.status, c.length, got, err)
		}
	}
}

// TestConflict: an upload that is meant to fail may be answered with any error.
func TestConflict(t *testing.T) {
	for status, want := range map[int]bool{200: false, 400: false, 404: false, 409: true, 412: true, 416: true, 417: false, 423: true, 425: true, 503: false} {
		r := &exchange.Response{Status: status}
		if got := (Driver{}).Conflict(&matrix.Operation{}, r); got != want {
			t.Errorf("%d: %t", status, got)
		}
		if (Driver{}).Conflict(&matrix.Operation{Failing: true}, r) {
			t.Errorf("%d of an upload that is meant to fail", status)
		}
	}
}

func TestReplaced(t *testing.T) {
	document := []byte("0123456789")
	for _, c := range []struct {
		at   int64
		data string
		want string
	}{{0, "ab", "ab23456789"}, {8, "ab", "01234567ab"}, {10, "ab", "0123456789ab"}, {9, "ab", "012345678ab"}, {12, "a", "0123456789\x00\x00a"}, {3, "", "0123456789"}} {
		if got := Replaced(document, c.at, []byte(c.data)); !bytes.Equal(got, []byte(c.want)) {
			t.Errorf("%q at %d: %q", c.data, c.at, got)
		}
	}
	if string(document) != "0123456789" {
		t.Errorf("the document itself was changed: %q", document)
	}
}
