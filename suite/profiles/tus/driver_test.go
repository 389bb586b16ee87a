package tus

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

func upload(t *testing.T, body string) *matrix.Operation {
	t.Helper()
	base, err := url.Parse("http://127.0.0.1:8080/files?tag=x")
	if err != nil {
		t.Fatal(err)
	}
	return &matrix.Operation{
		Method: "POST", URL: base, Body: []byte(body), Known: -1, Handles: map[string]*url.URL{}, Facts: map[string]string{},
		Fields: exchange.Fields{{Name: "content-type", Value: "text/plain"}, {Name: "X-Own", Value: "1"}},
	}
}

// answer gives a response with fields, name and value in turn.
func answer(status int, fields ...string) *exchange.Response {
	r := &exchange.Response{Status: status, Complete: true}
	for i := 0; i < len(fields); i += 2 {
		r.Fields = r.Fields.With(fields[i], fields[i+1])
	}
	return r
}

// all is what a server announces that has every extension.
var all = announced{ok: true, versions: []string{version}, extensions: []string{extCreation, extDefer}}

// head gives the fields of a request in one line.
func head(req exchange.Request) string {
	var lines []string
	for _, f := range req.Fields {
		lines = append(lines, f.Name+": "+f.Value)
	}
	return req.Method + " " + req.Target + " " + strings.Join(lines, "; ")
}

// TestRequests holds every request of the protocol against what stands in the text.
func TestRequests(t *testing.T) {
	d := &driver{offer: all}
	op := upload(t, "abcdef")
	const own = "Tus-Resumable: 1.0.0; "
	if got := head(d.Prepare(op)); got != "POST /files?tag=x "+own+"Upload-Length: 6; X-Own: 1" {
		t.Errorf("POST: %s", got)
	}
	if !d.Prepare(op).HasBody {
		t.Error("POST without Content-Length: 0")
	}
	d.Learn(op, answer(201, "Location", "/files/a?b=c"))
	const patch = "PATCH /files/a?b=c " + own + "Content-Type: application/offset+octet-stream; Upload-Offset: "
	if got := head(d.Start(op)); got != patch+"0; Expect: 100-continue" || string(d.Start(op).Body) != "abcdef" {
		t.Errorf("the first PATCH: %s", got)
	}
	piece, err := d.Resume(op, 2, 6)
	if err != nil || head(piece.Request) != patch+"2" || string(piece.Request.Body) != "cdef" || piece.From != 2 || piece.To != 6 || piece.Payload != 0 {
		t.Errorf("PATCH: %+v, %v", piece, err)
	}
	ask, err := d.Offset(op)
	if err != nil || head(ask) != "HEAD /files/a?b=c Tus-Resumable: 1.0.0" {
		t.Errorf("HEAD: %s, %v", head(ask), err)
	}
	if _, err := d.Outcome(op); !errors.As(err, new(matrix.ErrNotOffered)) {
		t.Errorf("outcome: %v", err)
	}
}

// TestDeferred tells the length with the last PATCH, unless HEAD has told it.
func TestDeferred(t *testing.T) {
	d := &driver{offer: all}
	op := upload(t, "abcdef")
	op.Chunked = true
	if got := d.Prepare(op).Fields; got.Get("Upload-Defer-Length") != "1" || got.Has("Upload-Length") {
		t.Errorf("POST: %v", got)
	}
	d.Learn(op, answer(201, "Location", "/files/a"))
	if start := d.Start(op); !start.Chunked || start.Fields.Has("Upload-Length") {
		t.Errorf("the first PATCH: %+v", start)
	}
	length := func(from, to int64) string {
		piece, err := d.Resume(op, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return piece.Request.Fields.Joined("Upload-Length")
	}
	if length(0, 5) != "" || length(5, 6) != "6" || length(6, 6) != "6" {
		t.Errorf("lengths %q %q %q", length(0, 5), length(5, 6), length(6, 6))
	}
	if _, err := d.ReadOffset(op, answer(200, "Upload-Offset", "5", "Upload-Defer-Length", "1")); err != nil || length(5, 6) != "6" {
		t.Errorf("where HEAD defers it: %q, %v", length(5, 6), err)
	}
	if _, err := d.ReadOffset(op, answer(200, "Upload-Offset", "5", "Upload-Length", "6")); err != nil || length(5, 6) != "" {
		t.Errorf("where HEAD tells it: %q, %v", length(5, 6), err)
	}
	plain := upload(t, "abc")
	plain.Chunked = true
	none := &driver{}
	if none.Prepare(plain).Fields.Has("Upload-Defer-Length") || !errors.As(none.Prepared(plain), new(matrix.ErrNotOffered)) {
		t.Error("a length is deferred where that is not announced")
	}
}

// TestLearn finds the upload, and nothing that is none.
func TestLearn(t *testing.T) {
	for _, c := range []struct {
		name  string
		offer announced
		r     *exchange.Response
		want  string
	}{
		{"path", all, answer(201, "Location", "/files/1"), "http://127.0.0.1:8080/files/1"},
		{"relative", all, answer(201, "Location", "files/1"), "http://127.0.0.1:8080/files/1"},
		{"absolute", all, answer(201, "location", "http://127.0.0.1:8080/u"), "http://127.0.0.1:8080/u"},
		{"elsewhere", all, answer(201, "Location", "http://other/u"), ""},
		{"OPTIONS says nothing", announced{}, answer(201, "Location", "/u", "Tus-Resumable", version), "http://127.0.0.1:8080/u"},
		{"nothing says tus", announced{}, answer(201, "Location", "/u"), ""},
		{"200", all, answer(200, "Location", "/u"), ""},
		{"no Location", all, answer(201), ""},
		{"no URL", all, answer(201, "Location", "/a b"), ""},
		{"interim", all, answer(103, "Location", "/u"), ""},
	} {
		d, op := &driver{offer: c.offer}, upload(t, "abc")
		d.Learn(op, c.r)
		u, err := handle(op)
		if c.want == "" != (err != nil) || err == nil && u.String() != c.want {
			t.Errorf("%s: %v, %v", c.name, u, err)
		}
		if err == nil {
			d.Learn(op, answer(201, "Location", "/another", "Tus-Resumable", version))
			if again, _ := handle(op); again.String() != c.want {
				t.Errorf("%s: a later response changes it to %s", c.name, again)
			}
		}
	}
}

// TestReadOffset takes digits and nothing else.
func TestReadOffset(t *testing.T) {
	for value, want := range map[string]int64{
		"0": 0, "70": 70, "9223372036854775807": 1<<63 - 1, "": -1, "-1": -1, "+1": -1, "1.0": -1, "0x10": -1, "7, 7": -1, "9223372036854775808": -1,
	} {
		n, err := (&driver{}).ReadOffset(upload(t, ""), answer(200, "Upload-Offset", value))
		if err != nil {
			n = -1
		}
		if n != want {
			t.Errorf("%q: %d, %v", value, n, err)
		}
	}
	for _, r := range []*exchange.Response{answer(200), answer(404, "Upload-Offset", "1"), answer(423)} {
		if n, err := (&driver{}).ReadOffset(upload(t, ""), r); err == nil {
			t.Errorf("%+v: %d", r, n)
		}
	}
	if n, err := (&driver{}).ReadOffset(upload(t, ""), answer(204, "upload-offset", "5")); err != nil || n != 5 {
		t.Errorf("204: %d, %v", n, err)
	}
}

// TestAnswers tells what the statuses mean to a client.
func TestAnswers(t *testing.T) {
	d, op, failing := &driver{}, upload(t, "abc"), upload(t, "abc")
	failing.Failing = true
	for status, want := range map[int][2]bool{204: {false, false}, 400: {false, false}, 409: {true, false}, 423: {true, true}, 412: {false, false}, 404: {false, false}} {
		if got := [2]bool{d.Conflict(op, answer(status)), d.Locked(answer(status))}; got != want || d.Conflict(failing, answer(status)) {
			t.Errorf("%d: %v", status, got)
		}
	}
	if n, ok := d.Told(op, answer(204, "Upload-Offset", "2")); n != 2 || !ok {
		t.Errorf("told %d, %v", n, ok)
	}
	if _, ok := d.Told(op, answer(204)); ok {
		t.Error("told where nothing is")
	}
}

func TestDownloads(t *testing.T) {
	op := upload(t, "abc")
	if len((&driver{}).Downloads(op)) != 0 {
		t.Error("a place before there is an upload")
	}
	(&driver{offer: all}).Learn(op, answer(201, "Location", "/u"))
	if got := (&driver{}).Downloads(op); len(got) != 1 || got[0].Path != "/u" {
		t.Errorf("%v", got)
	}
	if got := (&driver{hide: true}).Downloads(op); len(got) != 0 {
		t.Errorf("hidden: %v", got)
	}
}

func TestAnnounced(t *testing.T) {
	r := answer(204, "Tus-Version", "1.0.0 ,0.2.2", "Tus-Extension", "creation,, expiration ", "Tus-Extension", "checksum",
		"Tus-Checksum-Algorithm", "md5,sha1", "Tus-Max-Size", "10")
	a := parseAnnounced(r)
	if !a.speaks() || !a.has(extCreation) || !a.has(extExpire) || !a.has(extChecksum) || a.has(extConcat) || a.maxSize != "10" || len(a.algorithms) != 2 {
		t.Errorf("%+v", a)
	}
	for _, other := range []*exchange.Response{answer(204), answer(404, "Tus-Version", "1.0.0"), answer(200, "Tus-Version", "0.2.2")} {
		if parseAnnounced(other).speaks() {
			t.Errorf("%+v speaks", other)
		}
	}
}

func TestMetadata(t *testing.T) {
	got := parseMetadata("filename d29y,is_confidential, empty ,a ")
	if len(got) != 4 || got["filename"] != "d29y" || got["is_confidential"] != "" {
		t.Errorf("%v", got)
	}
	if pair("a", "\x00\xff") != "a AP8=" {
		t.Error(pair("a", "\x00\xff"))
	}
}

// TestStranger gives a URL that is like another and is not it.
func TestStranger(t *testing.T) {
	for _, path := range []string{"/files/0f9a", "/files/zzz", "/files/FZ9", "/f/a-b_c", "/files/a/", "/files/%41b"} {
		u := &url.URL{Scheme: "http", Host: "a", Path: path}
		if strings.Contains(path, "%") {
			u, _ = url.Parse("http://a" + path)
		}
		if got := stranger(u); got.String() == u.String() || got.Host != "a" || !strings.HasPrefix(got.Path, "/f") {
			t.Errorf("%s: %s", u, got)
		}
	}
}
