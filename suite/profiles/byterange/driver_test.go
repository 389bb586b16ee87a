package byterange

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

func upload(t *testing.T, body string) *matrix.Operation {
	t.Helper()
	place, err := url.Parse("http://127.0.0.1:8080/documents/x?tag=x")
	if err != nil {
		t.Fatal(err)
	}
	return &matrix.Operation{
		Method: "PATCH", URL: place, Body: []byte(body), Known: -1,
		Fields:  exchange.Fields{{Name: "content-type", Value: "text/plain"}, {Name: "Idempotency-Key", Value: `"k"`}},
		Handles: map[string]*url.URL{}, Facts: map[string]string{},
	}
}

// TestStart puts the whole document into the first request, and its media type into the part.
func TestStart(t *testing.T) {
	op := upload(t, "0123456789")
	for media, want := range map[string]string{
		messageType:   "Content-Range: bytes 0-9/10\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\n0123456789",
		multipartType: "--resumespec-part\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\n0123456789\r\n--resumespec-part--\r\n",
		applicationType: "\x08\x40\x45\x0dcontent-range\x0cbytes 0-9/10" + "\x0econtent-length\x0210" + "\x0ccontent-type\x0atext/plain" +
			"\x0a0123456789",
	} {
		d := usual(media)
		req := d.Start(op)
		if got := string(req.Body); got != want {
			t.Errorf("%s: %q, not %q", media, got, want)
		}
		if got := string(req.Body[d.Lead(op):][:10]); got != "0123456789" {
			t.Errorf("%s: the upload begins with %q", media, got)
		}
		if kinds := req.Fields.Values("Content-Type"); len(kinds) != 1 || !strings.HasPrefix(kinds[0], media) {
			t.Errorf("%s: Content-Type %q", media, kinds)
		}
		for name, value := range map[string]string{"Prefer": persist, "If-None-Match": "*", "Expect": "100-continue", "Idempotency-Key": `"k"`} {
			if got := req.Fields.Get(name); got != value {
				t.Errorf("%s: %s: %q", media, name, got)
			}
		}
	}
}

// TestStartOpen begins an upload of unknown length without a length.
func TestStartOpen(t *testing.T) {
	op := upload(t, "01234")
	op.Chunked = true
	for media, want := range map[string]string{
		messageType:     "Content-Offset: 0\r\nContent-Type: text/plain\r\n\r\n01234",
		applicationType: "\x0a\x0econtent-offset\x010\x0ccontent-type\x0atext/plain\x00\x0501234\x00",
	} {
		d := usual(media)
		req := d.Start(op)
		if got := string(req.Body); got != want || !req.Chunked {
			t.Errorf("%s: %q, not %q", media, got, want)
		}
		if got := string(req.Body[d.Lead(op):][:5]); got != "01234" {
			t.Errorf("%s: the upload begins with %q", media, got)
		}
	}
}

// TestResume writes the Content-Range that each segment asks for.
func TestResume(t *testing.T) {
	tests := []struct {
		chunked  bool
		from, to int64
		want     string
	}{
		{false, 0, 4, "Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\n0123"},
		{false, 4, 10, "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\n456789"},
		{true, 4, 6, "Content-Range: bytes 4-5/*\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\n45"},
		{true, 4, 10, "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\n456789"},
		{true, 10, 10, "Content-Range: bytes */10\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n"},
	}
	for _, c := range tests {
		op := upload(t, "0123456789")
		op.Chunked = c.chunked
		piece, err := usual(messageType).Resume(op, c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(piece.Request.Body); got != c.want {
			t.Errorf("%d to %d: %q, not %q", c.from, c.to, got, c.want)
		}
		if got := string(piece.Request.Body[piece.Payload:]); got != string(op.Body[c.from:c.to]) {
			t.Errorf("%d to %d: the part begins with %q", c.from, c.to, got)
		}
		if piece.Request.Fields.Has("If-None-Match") || piece.Request.Fields.Has("Expect") {
			t.Errorf("%d to %d: %v", c.from, c.to, piece.Request.Fields)
		}
	}
}

// TestTakes finds the media types in Accept-Patch, the one that is liked best first.
func TestTakes(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "", "application/json-patch+json": "", "message/byterange": "message/byterange", "text/x, Message/ByteRange;q=1": "message/byterange",
		"multipart/byteranges, application/byteranges": "application/byteranges multipart/byteranges", "message/byteranges": "",
		"application/byteranges,multipart/byteranges ,message/byterange": "message/byterange application/byteranges multipart/byteranges",
	} {
		if got := strings.Join(takes(accepted), " "); got != want {
			t.Errorf("Accept-Patch %q: %q, not %q", accepted, got, want)
		}
	}
}

// TestOmitted: what the profile leaves out of the matrix has a reason, and is there for other profiles.
func TestOmitted(t *testing.T) {
	others := terms
	others.Outcome, others.Omit = "GET on the outcome", nil
	has := func(checks []matrix.Check, id string) bool {
		return slices.ContainsFunc(checks, func(c matrix.Check) bool { return c.ID == id })
	}
	for name, why := range terms.Omit {
		if why == "" || !has(matrix.Points(others, shared), Name+"."+name) || has(Checks(), Name+"."+name) {
			t.Errorf("%s: %q", name, why)
		}
	}
	if all, left := len(matrix.Points(others, shared)), len(matrix.Points(terms, shared)); all-left != len(terms.Omit) {
		t.Errorf("%d cases of the matrix, %d here, %d left out with a reason", all, left, len(terms.Omit))
	}
}
