package reference

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

const doc = "/documents/x"

// have checks what is there of a document.
func (f *fixture) have(path string, content []byte) answer {
	f.Helper()
	a := f.want(f.do("GET", path, nil), 200)
	if !bytes.Equal(a.body, content) {
		f.Fatalf("%s: %d bytes %.40q, want %d bytes %.40q", path, len(a.body), a.body, len(content), content)
	}
	h := f.want(f.do("HEAD", path, nil), 200)
	if h.header.Get("ETag") != a.header.Get("ETag") || h.header.Get("Content-Length") != strconv.Itoa(len(content)) {
		f.Fatalf("HEAD: %v", h.header)
	}
	return a
}

func (f *fixture) completed(tag string) int {
	f.Helper()
	a := f.want(f.do("GET", "/documents?tag="+tag, nil), 200)
	n := 0
	if _, err := fmt.Sscanf(string(a.body), `{"count":%d}`, &n); err != nil {
		f.Fatalf("count: %s", a.body)
	}
	return n
}

// segment sends one part as message/byterange.
func (f *fixture) segment(path, fields, body string, header ...string) answer {
	f.Helper()
	return f.patch(path, fields, []byte(body), header...)
}

func TestDocumentPut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.do("GET", doc, nil), 404)
	a := f.want(f.do("PUT", doc+"?tag=p", []byte("hello"), "Content-Type: text/plain"), 201)
	if a.header.Get("Location") != doc || a.header.Get("ETag") == "" {
		t.Error(a.header)
	}
	got := f.have(doc, []byte("hello"))
	if got.header.Get("Content-Type") != "text/plain" || got.header.Get("Last-Modified") == "" || got.header.Get("ETag") != a.header.Get("ETag") {
		t.Error(got.header)
	}
	f.want(f.do("PUT", doc+"?tag=p", []byte("hello, world")), 200)
	f.have(doc, []byte("hello, world"))
	if n := f.completed("p"); n != 2 {
		t.Error("count", n)
	}
	f.want(f.do("PUT", doc+"?tag=p&fail=422", []byte("no")), 422)
	f.have(doc, []byte("hello, world"))
	f.want(f.do("PUT", doc+"?tag=p", []byte("no"), "If-None-Match: *"), 412)
	f.want(f.do("PUT", doc+"?tag=p&what=1", []byte("no")), 400)
	f.want(f.do("PUT", doc+"?tag=p", []byte("no"), "Content-Range: bytes 0-1/2"), 400)
	f.want(f.do("PUT", doc+"?tag=p", []byte("no"), "Range: bytes=0-1"), 400)
	f.want(f.do("POST", doc, []byte("no")), 405)
	f.have(doc, []byte("hello, world"))
	for line, status := range map[string]int{"bytes=7-": 206, "Bytes=7-": 206, "items=7-": 200, "bytes": 200, "bytes=90-": 416} {
		f.want(f.do("GET", doc, nil, "Range: "+line), status)
	}
	f.want(f.do("DELETE", doc, nil), 204)
	f.want(f.do("GET", doc, nil), 404)
	f.want(f.do("DELETE", doc, nil), 404)
	if n := f.completed("p"); n != 2 {
		t.Error("count", n)
	}
	f.want(f.do("PUT", doc+"?tag=p", nil), 201)
	f.have(doc, nil)
	if a := f.want(f.do("PUT", "/documents/y?respond=70000", []byte("x")), 201); len(a.body) != 70000 {
		t.Error("respond:", len(a.body))
	}
}

// Byte Range PATCH, Segmented Document Creation with PATCH, Complete Length Example.
func TestSegmentedCreation(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(600)
	for i, status := range []int{204, 204, 201} {
		part := fmt.Sprintf("Content-Range: bytes %d-%d/600\r\nContent-Type: text/plain\r\nContent-Length: 200\r\nX-Other: y", i*200, i*200+199)
		f.want(f.patch(doc+"?tag=s", part, body[i*200:i*200+200], "If-None-Match: *"), status)
		if got := f.have(doc, body[:i*200+200]); got.header.Get("Content-Type") != "text/plain" {
			t.Error(got.header)
		}
		if n := f.completed("s"); n != i/2 {
			t.Error("count", n)
		}
	}
	final := f.patch(doc, "Content-Range: bytes 400-599/600", body[400:])
	f.want(final, 201) // brought again: the same response
	if n := f.completed("s"); n != 1 {
		t.Error("count", n)
	}
	f.want(f.patch(doc, "Content-Range: bytes */600", nil), 201)
	f.want(f.patch(doc, "Content-Range: bytes 400-599/600", body[400:], "If-None-Match: *"), 412)
}

// Byte Range PATCH, Modifying a Content Range with PATCH: the example.
func TestModify(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.do("PUT", doc, []byte("0123456789\r\n")), 201)
	a := f.have(doc, []byte("0123456789\r\n"))
	f.want(f.segment(doc, "Content-Range: bytes 2-5/12", "wxyz"), 204)
	b := f.have(doc, []byte("01wxyz6789\r\n"))
	if a.header.Get("ETag") == b.header.Get("ETag") {
		t.Error("the entity tag stays")
	}
	f.want(f.segment(doc, "Content-Range: bytes 12-14/*", "end"), 204)
	f.have(doc, []byte("01wxyz6789\r\nend"))
	f.want(f.segment(doc, "Content-Offset: 15", "!"), 204)
	f.want(f.segment(doc, "Content-Offset: 16;unit=bytes;complete-length=18", "?"), 204)
	f.have(doc, []byte("01wxyz6789\r\nend!?"))
	f.want(f.segment(doc, "Content-Range: bytes */4", ""), 204)
	f.have(doc, []byte("01wx"))
	f.want(f.segment(doc, "Content-Range: bytes */6", ""), 204)
	f.have(doc, []byte("01wx\x00\x00"))
	f.want(f.segment(doc, "Content-Range: bytes 9-9/*", "g"), 409)
	f.want(f.segment(doc, "Content-Range: bytes 0-0/3", "g"), 422)
	f.have(doc, []byte("01wx\x00\x00"))
}

// What is wrong is refused, and nothing changes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1 << 20})
	for _, made := range []bool{false, true} {
		if made {
			f.want(f.do("PUT", doc, []byte("0123456789")), 201)
		}
		for _, c := range []struct {
			status       int
			fields, body string
		}{
			{422, "X: y", "ab"},
			{422, "Content-Range: seconds 0-1/2", "ab"},
			{400, "Content-Range: bytes 0-1/2\r\nContent-Range: bytes 0-1/2", "ab"},
			{400, "Content-Range: bytes 0-1/10\r\nContent-Offset: 0", "ab"},
			{400, "Content-Range: bytes 1-0/10", "ab"},
			{400, "Content-Range: bytes 0-1/10\r\nContent-Length: 3", "ab"},
			{400, "Content-Range: bytes 0-1/10\r\nContent-Length: 1", "ab"},
			{400, "Content-Range: bytes 0-1/10", "abc"},
			{400, "Content-Range: bytes 0-1/999999999999", "ab"},
			{400, "Content-Range: bytes */999999999999", ""},
			{400, "Content-Range: bytes 999999999998-999999999999/*", "ab"},
			{400, "Content-Range: bytes */10", "ab"},
			{400, "Content-Range : bytes 0-1/10", "ab"},
			{400, "Content-Offset: x", "ab"},
			{400, "Content-Offset: -1", "ab"},
			{400, "Content-Offset: 1.5", "ab"},
			{422, "Content-Offset: 0;unit=lines", "ab"},
			{400, "Content-Offset: 0;complete-length=x", "ab"},
			{400, "Content-Offset: 0, 1", "ab"},
			{409, "Content-Range: bytes 100-101/*", "ab"},
			{415, "Content-Range: bytes 0-1/10\r\nContent-Encoding: gzip", "ab"},
		} {
			if a := f.segment(doc, c.fields, c.body); a.status != c.status {
				t.Errorf("%q: %d %s, want %d", c.fields, a.status, a.body, c.status)
			}
			if made {
				f.have(doc, []byte("0123456789"))
			} else {
				f.want(f.do("HEAD", doc, nil), 404)
			}
		}
	}
	a := f.want(f.do("PATCH", doc, []byte("x"), "Content-Type: text/plain"), 415)
	if a.header.Get("Accept-Patch") != acceptPatch {
		t.Error(a.header)
	}
	f.want(f.do("PATCH", doc, []byte("x"), "Content-Type: multipart/byteranges"), 400)
	f.want(f.do("PATCH", doc, []byte("--a\r\n\r\n"), "Content-Type: multipart/byteranges; boundary=b"), 400)
	f.want(f.do("PATCH", doc+"?range=0-1", []byte("x"), "Content-Type: message/byterange"), 400)
	f.want(f.do("PUT", doc, make([]byte, 1<<20+1)), 413)
	f.have(doc, []byte("0123456789"))
}

// Preconditions (RFC 9110, 13), with stale and fresh values.
func TestConditions(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.do("PUT", doc, []byte("0123456789")), 201)
	old := f.have(doc, []byte("0123456789"))
	f.want(f.segment(doc, "Content-Range: bytes 0-0/*", "a", "If-Match: "+old.header.Get("ETag")), 204)
	f.want(f.segment(doc, "Content-Range: bytes 1-1/*", "b", "If-Match: "+old.header.Get("ETag")), 412)
	now := f.have(doc, []byte("a123456789"))
	at, _ := http.ParseTime(now.header.Get("Last-Modified"))
	f.want(f.segment(doc, "Content-Range: bytes 1-1/*", "b", "If-Unmodified-Since: "+at.Add(-time.Second).Format(http.TimeFormat)), 412)
	f.want(f.segment(doc, "Content-Range: bytes 1-1/*", "b", "If-Unmodified-Since: "+at.Add(time.Hour).Format(http.TimeFormat)), 204)
	f.want(f.segment(doc, "Content-Range: bytes 2-2/*", "c", "If-None-Match: *"), 412)
	f.want(f.segment(doc, "Content-Range: bytes 2-2/*", "c", "If-Match: *"), 204)
	f.want(f.segment("/documents/none", "Content-Range: bytes 0-0/*", "c", "If-Match: *"), 412)
	f.want(f.do("DELETE", doc, nil, "If-Match: "+old.header.Get("ETag")), 412)
	f.have(doc, []byte("abc3456789"))
	f.want(f.do("HEAD", "/documents/none", nil), 404)
}

// Out of order within a complete length; holes are zeros.
func TestSparse(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes 6-8/9", "ghi"), 204)
	f.have(doc, []byte("\x00\x00\x00\x00\x00\x00ghi"))
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes */9", ""), 409) // bytes are missing
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes 0-2/9", "abc"), 204)
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes 9-9/*", "j"), 422)
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes 3-5/8", "def"), 422)
	f.have(doc, []byte("abc\x00\x00\x00ghi"))
	if n := f.completed("o"); n != 0 {
		t.Error("count", n)
	}
	f.want(f.segment(doc+"?tag=o", "Content-Range: bytes 2-6/9", "cdefg"), 201)
	f.have(doc, []byte("abcdefghi"))
	if n := f.completed("o"); n != 1 {
		t.Error("count", n)
	}
	f.want(f.segment("/documents/room", "Content-Range: bytes */1000000", ""), 204)
	f.have("/documents/room", make([]byte, 1000000))
	f.want(f.segment("/documents/room", "Content-Range: bytes 999999-999999/1000000", "z"), 204)
	f.want(f.segment("/documents/live", "Content-Range: bytes 0-2/*", "abc"), 204)
	f.want(f.segment("/documents/live", "Content-Offset: 3", "def"), 204)
	f.want(f.segment("/documents/live", "Content-Range: bytes */7", ""), 409)
	f.want(f.segment("/documents/live?tag=l", "Content-Range: bytes */6", ""), 201)
	f.have("/documents/live", []byte("abcdef"))
	if n := f.completed("l"); n != 1 {
		t.Error("count", n)
	}
}

func multi(parts ...string) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--B\r\n" + p + "\r\n")
	}
	b.WriteString("--B--\r\n")
	return b.Bytes()
}

const multiType = "Content-Type: multipart/byteranges; boundary=B"

func TestMultipart(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	f.want(f.do("PUT", doc, []byte("0123456789012345678901234")), 201)
	f.want(f.do("PATCH", doc, multi("Content-Range: bytes 2-6/25\r\n\r\nabcde", "Content-Range: bytes 17-21/25\r\nContent-Type: text/x\r\n\r\nfghij"), multiType), 204)
	want := []byte("01abcde7890123456fghij234")
	f.have(doc, want)
	for _, bad := range [][]byte{
		multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "Content-Range: bytes 3-2/25\r\n\r\nXX"),
		multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "Content-Range: bytes 30-31/*\r\n\r\nXX"),
		multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "Content-Range: bytes 2-3/25\r\n\r\nX"),
		multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "Content-Range: bytes 2-3/25\r\n\r\nXXX"),
		multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "\r\nXXX"),
		bytes.TrimSuffix(multi("Content-Range: bytes 0-1/25\r\n\r\nXX", "Content-Range: bytes 2-3/25\r\n\r\nXX"), []byte("--B--\r\n")),
		multi(),
		[]byte("nothing"),
	} {
		if a := f.do("PATCH", doc, bad, multiType); a.status/100 != 4 {
			t.Errorf("%q: %d", bad, a.status)
		}
		f.have(doc, want)
	}
	f.want(f.do("PATCH", doc, multi("Content-Range: bytes 25-26/*\r\n\r\nxy", "Content-Range: bytes */3\r\n\r\n"), multiType), 204)
	f.have(doc, []byte("01a"))
	f.want(f.do("PATCH", "/documents/m?tag=m", multi("Content-Range: bytes 3-5/6\r\n\r\ndef", "Content-Range: bytes 0-2/6\r\n\r\nabc"), multiType), 201)
	f.have("/documents/m", []byte("abcdef"))
}

// varint encodes n in size bytes.
func varint(n, size int) string {
	b := make([]byte, size)
	for i := size - 1; i >= 0; i-- {
		b[i], n = byte(n), n>>8
	}
	b[0] |= byte(map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[size] << 6)
	return string(b)
}

func known(size int, fields, body string) string {
	section := ""
	for _, line := range strings.Split(fields, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		section += varint(len(name), size) + name + varint(len(value), size) + value
	}
	return varint(8, size) + varint(len(section), max(size, 2)) + section + varint(len(body), max(size, 2)) + body
}

func indeterminate(size int, fields string, chunks ...string) string {
	name, value, _ := strings.Cut(fields, ": ")
	b := varint(10, size) + varint(len(name), size) + name + varint(len(value), size) + value + varint(0, size)
	for _, c := range chunks {
		b += varint(len(c), size) + c
	}
	return b + varint(0, size)
}

const binaryType = "Content-Type: application/byteranges"

func TestBinary(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, size := range []int{1, 2, 4, 8} {
		path := doc + strconv.Itoa(size)
		body := known(size, "content-range: bytes 0-2/8\r\nContent-Type: text/x", "abc") + indeterminate(size, "content-offset: 3", "d", "ef") +
			known(size, "content-range: bytes 6-7/*", "gh")
		f.want(f.do("PATCH", path, []byte(body), binaryType), 201)
		if a := f.have(path, []byte("abcdefgh")); a.header.Get("Content-Type") != "text/x" {
			t.Error(a.header)
		}
		first := known(size, "content-range: bytes 0-1/*", "XX")
		for _, bad := range []string{
			"", "\x00", "\x07", first + "\x00", first + "\x08", first[:3], first[:len(first)-1],
			first + known(size, "content-range: bytes 3-2/*", "XX"),
			first + known(size, "content-range: bytes 2-3/*", "XXX"),
			first + known(size, "content-range: bytes 2-3/*", "X"),
			first + known(size, "content-range: bytes 99-99/*", "X"),
			first + known(size, ":method: PUT", "X"),
			first + indeterminate(size, "content-range: bytes 2-3/*", "X"),
			first + indeterminate(size, "content-range: bytes 2-3/*", "XXX"),
			strings.TrimSuffix(first+indeterminate(size, "content-offset: 0", "XX"), varint(0, size)),
		} {
			if a := f.do("PATCH", path, []byte(bad), binaryType); a.status/100 != 4 {
				t.Errorf("%q: %d", bad, a.status)
			}
			f.have(path, []byte("abcdefgh"))
		}
	}
}

// Byte Range PATCH, Preserving Incomplete Uploads with "Prefer: transaction": what stays of a request that is cut.
func TestTransaction(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, c := range []struct {
		name, kind, head, sent string
		made                   bool // the document is there before
		want                   string
		applied                string
	}{
		{"create", "message/byterange", "", "Content-Range: bytes 0-9/10\r\n\r\nabcde", false, "abcde", ""},
		{"create-persist", "message/byterange", "Prefer: transaction=persist\r\n", "Content-Range: bytes 0-9/10\r\n\r\nabcde", false, "abcde", "transaction=persist"},
		{"create-atomic", "message/byterange", "Prefer: transaction=atomic\r\n", "Content-Range: bytes 0-9/10\r\n\r\nabcde", false, "", "transaction=atomic"},
		{"modify", "message/byterange", "", "Content-Range: bytes 0-9/10\r\n\r\nabcde", true, "0123456789", ""},
		{"modify-persist", "message/byterange", "Prefer: transaction=persist\r\n", "Content-Range: bytes 0-9/10\r\n\r\nabcde", true, "abcde56789", "transaction=persist"},
		{"append", "message/byterange", "", "Content-Range: bytes 10-19/20\r\n\r\nabcde", true, "0123456789abcde", ""},
		{"append-atomic", "message/byterange", "Prefer: transaction=atomic\r\n", "Content-Range: bytes 10-19/20\r\n\r\nabcde", true, "0123456789", "transaction=atomic"},
		{"offset", "message/byterange", "", "Content-Offset: 0\r\n\r\nabcde", false, "abcde", ""},
		{"head", "message/byterange", "", "Content-Range: bytes 0-9/10\r\n", false, "", ""},
		{"no-byte", "message/byterange", "", "Content-Range: bytes 0-9/10\r\n\r\n", false, "", ""},
		{"multi", "multipart/byteranges; boundary=B", "", "--B\r\nContent-Range: bytes 0-2/10\r\n\r\nabc\r\n--B\r\nContent-Range: bytes 3-9/10\r\n\r\ndef", false, "", ""},
		{"multi-persist", "multipart/byteranges; boundary=B", "Prefer: transaction=persist\r\n", "--B\r\nContent-Range: bytes 0-2/10\r\n\r\nabc\r\n--B\r\nContent-Range: bytes 3-9/10\r\n\r\ndef", false, "", ""},
		{"binary", "application/byteranges", "", known(2, "content-range: bytes 0-2/10", "abc") + known(2, "content-range: bytes 3-9/10", "defghij")[:40], false, "", ""},
		{"binary-persist", "application/byteranges", "Prefer: transaction=persist\r\n", known(2, "content-range: bytes 0-2/10", "abc") + known(2, "content-range: bytes 3-9/10", "defghij")[:38], false, "abcdef", "transaction=persist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := *f
			f.T = t
			path := "/documents/" + c.name
			if c.made {
				f.want(f.do("PUT", path, []byte("0123456789")), 201)
			}
			w := f.dial()
			length := 1000
			if fields, _, ok := strings.Cut(c.sent, "\r\n\r\n"); ok && strings.HasPrefix(c.sent, "Content-Range") {
				length = len(fields) + 4 + 10
			}
			w.send("PATCH " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + c.kind + "\r\n" + c.head + "Content-Length: " + strconv.Itoa(length) + "\r\nExpect: 100-continue\r\n\r\n")
			a := w.head()
			if c.applied != "" {
				if a.status != 103 || a.header.Get("Preference-Applied") != c.applied {
					t.Error("hint:", a)
				}
				a = w.head()
			}
			f.want(a, 100)
			w.send(c.sent)
			w.Close()
			if c.want == "" {
				f.want(f.do("GET", path, nil), 404)
				return
			}
			f.have(path, []byte(c.want))
		})
	}
	a := f.want(f.segment("/documents/said", "Content-Range: bytes 0-0/2", "a", "Prefer: transaction=persist"), 204)
	if a.header.Get("Preference-Applied") != "transaction=persist" {
		t.Error(a.header)
	}
	a = f.want(f.do("PUT", "/documents/said2", []byte("x"), "Prefer: transaction=atomic"), 201)
	if a.header.Get("Preference-Applied") != "transaction=atomic" {
		t.Error(a.header)
	}
}

// A PUT that creates and is cut is completed with PATCH, once.
func TestPutResumed(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	body := content(300_000)
	for i, cut := range []func(*wire){func(w *wire) { w.Close() }, func(w *wire) { w.reset() }, func(*wire) {}} {
		tag := "r" + strconv.Itoa(i)
		w := f.dial()
		w.send(fmt.Sprintf("PUT %s?tag=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", doc, tag, len(body), body[:200_000]))
		f.eventually(func() bool { return f.do("HEAD", doc, nil).header.Get("Content-Length") == "200000" })
		cut(w)
		n := f.offset(doc)
		f.have(doc, body[:n])
		f.want(f.patch(doc+"?tag="+tag, fmt.Sprintf("Content-Range: bytes %d-%d/%d", n, len(body)-1, len(body)), body[n:]), 201)
		f.have(doc, body)
		if n := f.completed(tag); n != 1 {
			t.Fatal("count", n)
		}
		f.want(f.do("DELETE", doc, nil), 204)
	}
}

func TestDocumentDiscovery(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.do("OPTIONS", doc, nil), 204)
	for name, want := range map[string]string{
		"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "Accept-Patch": acceptPatch, "Accept-Expect": "range",
		"Link-Template": `"/documents/x{?range,length}"; rel="range"`,
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, bad := range []string{"/documents/", "/documents/..", "/documents/.", "/documents/a/b", "/documents/a%20b", "/documents/" + strings.Repeat("a", 129)} {
		if _, name := route(bad); name != "" {
			t.Errorf("%s is a document", bad)
		}
	}
}

func TestDocumentOwners(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}})
	a, b := f.as("Bearer a"), f.as("Bearer b")
	f.want(f.do("GET", doc, nil), 401)
	f.want(a.do("PUT", doc, []byte("of a")), 201)
	f.want(b.do("GET", doc, nil), 404)
	f.want(b.do("DELETE", doc, nil), 404)
	f.want(b.do("PUT", doc, []byte("of b")), 201)
	a.have(doc, []byte("of a"))
	b.have(doc, []byte("of b"))
}

// A reader never finds nothing while a document is replaced, and sees one of them whole.
func TestReplaceUnderReaders(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	bodies := [][]byte{content(5_000), content(7_000)}
	f.want(f.do("PUT", doc, bodies[0]), 201)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			req, _ := http.NewRequest("PUT", f.url+doc, bytes.NewReader(bodies[(i+1)%2]))
			if resp, err := f.client.Do(req); err == nil {
				resp.Body.Close()
			}
		}
	}()
	for reads := 0; ; reads++ {
		a := f.want(f.do("GET", doc, nil), 200)
		if !bytes.Equal(a.body, bodies[0]) && !bytes.Equal(a.body, bodies[1]) {
			t.Fatal("read", len(a.body), "bytes of neither")
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
