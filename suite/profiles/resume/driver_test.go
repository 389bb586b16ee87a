package resume

import (
	"net/url"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

func upload(t *testing.T, body string) *matrix.Operation {
	t.Helper()
	base, err := url.Parse("http://127.0.0.1:8080/items?tag=x")
	if err != nil {
		t.Fatal(err)
	}
	return &matrix.Operation{
		Method: "POST", URL: base, Body: []byte(body), Known: -1,
		Handles: map[string]*url.URL{}, Facts: map[string]string{},
	}
}

func interim(status int, fields ...exchange.Field) *exchange.Response {
	return &exchange.Response{Status: status, Fields: fields}
}

// TestLearn takes the union of all interim responses, the last value last, against the request URI.
func TestLearn(t *testing.T) {
	d, op := &driver{}, upload(t, "abc")
	d.Learn(op, interim(102, exchange.Field{Name: "request-content-location", Value: "../a/1"}))
	d.Learn(op, interim(104, exchange.Field{Name: "Request-Content-Location", Value: "?k=2"}))
	d.Learn(op, interim(100, exchange.Field{Name: "Response-Message-Location", Value: "/m/1"}, exchange.Field{Name: "Content-Location", Value: "c"}))
	d.Learn(op, interim(200, exchange.Field{Name: "Content-Location", Value: "/elsewhere"}))
	for name, want := range map[string]string{
		requestContent: "http://127.0.0.1:8080/items?k=2", responseMessage: "http://127.0.0.1:8080/m/1", contentLocation: "http://127.0.0.1:8080/c",
	} {
		if got := op.Handle(name); got == nil || got.String() != want {
			t.Errorf("%s is %v, not %s", name, got, want)
		}
	}
}

// TestResume writes the Content-Range that each part asks for.
func TestResume(t *testing.T) {
	tests := []struct {
		chunked  bool
		from, to int64
		want     string
	}{
		{false, 0, 4, "Content-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123"},
		{false, 4, 10, "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789"},
		{true, 4, 6, "Content-Range: bytes 4-5/*\r\nContent-Length: 2\r\n\r\n45"},
		{true, 4, 10, "Content-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789"},
		{true, 10, 10, "Content-Range: bytes */10\r\nContent-Length: 0\r\n\r\n"},
	}
	for _, c := range tests {
		d, op := &driver{}, upload(t, "0123456789")
		op.Chunked = c.chunked
		op.Handles[requestContent] = op.URL
		piece, err := d.Resume(op, c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(piece.Request.Body); got != c.want {
			t.Errorf("%d to %d: %q, not %q", c.from, c.to, got, c.want)
		}
		if got := string(piece.Request.Body[piece.Payload:]); got != string(op.Body[c.from:c.to]) {
			t.Errorf("%d to %d: the part begins with %q", c.from, c.to, got)
		}
	}
}

// TestMedia chooses what the server accepts, and refuses to guess.
func TestMedia(t *testing.T) {
	for accepted, want := range map[string]string{
		"": byterange, "message/byterange": byterange, "text/x, Message/ByteRange;q=1": byterange,
		"multipart/byteranges": "multipart/byteranges", "application/json-patch+json": "",
	} {
		op := upload(t, "abc")
		op.Facts[acceptPatch] = accepted
		got, err := (&driver{}).media(op)
		if got != want || (err == nil) == (want == "") {
			t.Errorf("Accept-Patch %q: %q, %v", accepted, got, err)
		}
	}
}

// TestReadOffset takes a 2xx with a number, and nothing else.
func TestReadOffset(t *testing.T) {
	for _, c := range []struct {
		status int
		length string
		want   int64
	}{{200, "0", 0}, {204, "17", 17}, {206, "5", 5}, {404, "5", -1}, {200, "", -1}, {200, "-1", -1}, {200, "5, 5", -1}, {200, "x", -1}} {
		r := interim(c.status)
		if c.length != "" {
			r.Fields = exchange.Fields{{Name: "content-length", Value: c.length}}
		}
		got, err := (&driver{}).ReadOffset(nil, r)
		if (err == nil) != (c.want >= 0) || (err == nil && got != c.want) {
			t.Errorf("%d with %q: %d, %v", c.status, c.length, got, err)
		}
	}
}
