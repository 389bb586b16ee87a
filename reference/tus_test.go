package reference

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

const (
	resumable  = "Tus-Resumable: 1.0.0"
	offsetType = "Content-Type: application/offset+octet-stream"
)

// tus sends a request of tus.
func (f *fixture) tus(method, path string, body []byte, header ...string) answer {
	f.Helper()
	a := f.do(method, path, body, append(header, resumable)...)
	if a.header.Get("Tus-Resumable") != "1.0.0" {
		f.Fatalf("%s %s: no Tus-Resumable: %d %v", method, path, a.status, a.header)
	}
	return a
}

// create creates an upload of length bytes; -1: deferred; -2: without a length.
func (f *fixture) create(query string, length int, header ...string) string {
	f.Helper()
	switch {
	case length >= 0:
		header = append(header, fmt.Sprint("Upload-Length: ", length))
	case length == -1:
		header = append(header, "Upload-Defer-Length: 1")
	}
	a := f.want(f.tus("POST", "/tus?"+query, nil, header...), 201)
	if uri := a.header.Get("Location"); route2(uri) {
		return uri
	}
	f.Fatalf("Location %q", a.header.Get("Location"))
	return ""
}

func route2(uri string) bool { res, _ := route(uri); return res == resourceTusUpload }

// append sends a PATCH.
func (f *fixture) append(uri string, offset int, body []byte, header ...string) answer {
	f.Helper()
	return f.tus("PATCH", uri, body, append(header, offsetType, fmt.Sprint("Upload-Offset: ", offset))...)
}

// appended is a PATCH that is taken.
func (f *fixture) appended(uri string, offset int, body []byte, header ...string) answer {
	f.Helper()
	a := f.want(f.append(uri, offset, body, header...), 204)
	if a.header.Get("Upload-Offset") != strconv.Itoa(offset+len(body)) {
		f.Fatalf("Upload-Offset %q after %d bytes at %d", a.header.Get("Upload-Offset"), len(body), offset)
	}
	return a
}

// at checks how far an upload has come.
func (f *fixture) at(uri string, offset int) answer {
	f.Helper()
	a := f.want(f.tus("HEAD", uri, nil), 200)
	if a.header.Get("Upload-Offset") != strconv.Itoa(offset) || a.header.Get("Cache-Control") != "no-store" {
		f.Fatalf("want offset %d: %v", offset, a.header)
	}
	return a
}

// has checks the bytes of an upload.
func (f *fixture) has(uri string, data []byte) {
	f.Helper()
	if a := f.want(f.do("GET", uri, nil), 200); !bytes.Equal(a.body, data) {
		f.Fatalf("%d bytes, want %d, or they differ", len(a.body), len(data))
	}
}

func (f *fixture) tusCount(tag string, want int) {
	f.Helper()
	if a := f.want(f.do("GET", "/tus?tag="+tag, nil), 200); string(a.body) != fmt.Sprintf("{\"count\":%d}\n", want) {
		f.Fatalf("%s, want %d", a.body, want)
	}
}

// openTus sends the head of a PATCH of n bytes (-1: chunked) over a connection of its own, and waits for the 100.
func (f *fixture) openTus(uri string, offset, n int, header ...string) *wire {
	f.Helper()
	w := f.dial()
	framing := fmt.Sprint("Content-Length: ", n)
	if n < 0 {
		framing = "Transfer-Encoding: chunked"
	}
	header = append(header, framing, resumable, offsetType, fmt.Sprint("Upload-Offset: ", offset), "Expect: 100-continue")
	if f.auth != "" {
		header = append(header, "Authorization: "+f.auth)
	}
	w.send("PATCH " + uri + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(header, "\r\n") + "\r\n\r\n")
	f.want(w.head(), 100)
	return w
}

// keptTus waits until n bytes are kept, without asking the server: a HEAD tells it that somebody looks.
func (f *fixture) keptTus(uri string, n int64) {
	f.Helper()
	op, ok := f.s.tusUpload(strings.TrimPrefix(uri, "/tus/"))
	if !ok {
		f.Fatal("no upload", uri)
	}
	f.eventually(func() bool { return op.Progress().Offset >= n })
}

func sum64(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

func sha1Of(b []byte) string {
	sum := sha1.Sum(b)
	return "sha1 " + sum64(sum[:])
}

// Core protocol.

func TestTusCore(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	uri := f.create("tag=a", 100)
	a := f.at(uri, 0)
	if a.header.Get("Upload-Length") != "100" || a.header.Get("Upload-Expires") == "" || a.header.Get("Upload-Defer-Length") != "" {
		t.Error(a.header)
	}
	a = f.appended(uri, 0, data[:70])
	if at, err := http.ParseTime(a.header.Get("Upload-Expires")); err != nil || time.Until(at) < 23*time.Hour {
		t.Error(a.header)
	}
	f.at(uri, 70)
	f.has(uri, data[:70])
	f.tusCount("a", 0)
	a = f.appended(uri, 70, data[70:])
	if a.header.Get("Upload-Expires") != "" || len(a.body) != 0 {
		t.Error(a.header)
	}
	if a = f.at(uri, 100); a.header.Get("Upload-Length") != "100" || a.header.Get("Upload-Expires") != "" {
		t.Error(a.header)
	}
	f.has(uri, data)
	f.tusCount("a", 1)
	f.tusCount("b", 0)
	if a := f.do("GET", "/tus", nil); string(a.body) != "{\"count\":1}\n" {
		t.Errorf("%s", a.body)
	}
	a = f.want(f.do("GET", uri, nil, "Range: bytes=10-19"), 206)
	if !bytes.Equal(a.body, data[10:20]) || a.header.Get("ETag") == "" {
		t.Error(a.header)
	}
	f.appended(uri, 100, nil) // the answer to the last one was lost
	f.want(f.append(uri, 70, data[70:]), 409)
	f.want(f.append(uri, 100, data), 413)
	f.tusCount("a", 1)
}

func TestTusPatchRefused(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1000})
	data := content(50)
	for _, length := range []int{100, -1} {
		uri := f.create("", length)
		f.appended(uri, 0, data)
		for _, c := range []struct {
			status int
			header string
		}{
			{409, "Upload-Offset: 49"},
			{409, "Upload-Offset: 51"},
			{409, "Upload-Offset: 0"},
			{409, "Upload-Offset: 9223372036854775807"},
			{400, "Upload-Offset: 9223372036854775808"},
			{400, "Upload-Offset: -1"},
			{400, "Upload-Offset: x"},
			{400, "Upload-Offset: "},
			{400, "Upload-Offset: 50, 50"},
			{400, "Upload-Offset: 50\nUpload-Offset: 50"},
			{400, ""},
			{415, "Upload-Offset: 50\nContent-Type: application/octet-stream"},
			{415, "Upload-Offset: 50\nContent-Type: "},
			{415, "Upload-Offset: 50\nContent-Encoding: gzip"},
			{400, "Upload-Offset: 50\nUpload-Length: 40"},
			{400, "Upload-Offset: 50\nUpload-Length: x"},
			{413, "Upload-Offset: 50\nUpload-Length: 1001"},
			{400, "Upload-Offset: 50\nUpload-Checksum: sha1"},
			{400, "Upload-Offset: 50\nUpload-Checksum: sha1 AAAA"},
			{400, "Upload-Offset: 50\nUpload-Checksum: crc32 AAAAAA=="},
			{460, "Upload-Offset: 50\nUpload-Checksum: " + sha1Of([]byte("other"))},
			{412, "Upload-Offset: 50\nTus-Resumable: 0.2.2"},
		} {
			header := strings.Split(c.header, "\n")
			if !strings.Contains(c.header, "Content-Type") {
				header = append(header, offsetType)
			}
			if !strings.Contains(c.header, "Tus-Resumable") {
				header = append(header, resumable)
			}
			a := f.do("PATCH", uri, data[:10], header...)
			if a.status != c.status || a.header.Get("Tus-Resumable") != "1.0.0" {
				t.Errorf("%d: %q: %d, want %d: %s", length, c.header, a.status, c.status, a.body)
			}
			if c.status != 412 && a.header.Get("Upload-Expires") == "" {
				t.Errorf("%q: no Upload-Expires", c.header)
			}
			if offset := a.header.Get("Upload-Offset"); (a.status == 409) != (offset == "50") {
				t.Errorf("%q: Upload-Offset %q", c.header, offset)
			}
		}
		if length > 0 {
			f.want(f.append(uri, 50, content(51)), 413)
			f.want(f.append(uri, 50, data[:10], "Upload-Length: 101"), 400)
			f.appended(uri, 50, nil, "Upload-Length: 100")
		} else {
			f.want(f.append(uri, 50, content(951)), 413)
			f.want(f.append(uri, 50, content(11), "Upload-Length: 60"), 413)
			if a := f.at(uri, 50); a.header.Get("Upload-Defer-Length") != "1" {
				t.Error("a refused PATCH has set the length")
			}
		}
		w := f.openTus(uri, 50, -1)
		w.send("400\r\n" + string(content(0x400)) + "\r\n0\r\n\r\n")
		f.want(w.head(), 413)
		f.at(uri, 50)
		f.has(uri, data)
	}
	f.want(f.tus("PATCH", "/tus/"+strings.Repeat("a", 32), data, offsetType, "Upload-Offset: 0"), 404)
	a := f.want(f.tus("HEAD", "/tus/"+strings.Repeat("a", 32), nil), 404)
	if a.header.Get("Upload-Offset") != "" || a.header.Get("Cache-Control") != "no-store" {
		t.Error(a.header)
	}
}

// A refusal does not wait for the content, and nothing goes on where it was refused.
func TestTusRefusedAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("", 100)
	for _, head := range []string{
		"PATCH " + uri + " HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 5\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 50\r\n\r\nsome",
		"PATCH " + uri + " HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 50\r\n\r\nsome",
		"POST /tus HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 50\r\n\r\nsome",
		"POST /tus HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 100\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
		"POST /tus HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nX-HTTP-Method-Override: a b\r\nContent-Length: 50\r\n\r\nsome",
	} {
		w := f.dial()
		w.send(head)
		if a := w.head(); a.status < 400 || a.header.Get("Tus-Resumable") != "1.0.0" {
			t.Errorf("%s: %d", head, a.status)
		}
	}
	f.at(uri, 0)
	w := f.dial() // no 100 before a refusal
	w.send("PATCH " + uri + " HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 5\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n")
	f.want(w.head(), 409)
}

func TestTusVersion(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=v", 5)
	for _, version := range []string{"", "0.2.2", "1.0.1", "1.0", "1.0.0, 0.2.2", "x"} {
		for _, c := range []struct{ method, path string }{{"POST", "/tus?tag=v"}, {"HEAD", uri}, {"PATCH", uri}, {"DELETE", uri}, {"PUT", uri}} {
			header := []string{offsetType, "Upload-Offset: 0", "Upload-Length: 5"}
			if version != "" {
				header = append(header, "Tus-Resumable: "+version)
			}
			a := f.do(c.method, c.path, []byte("hello"), header...)
			if a.status != 412 || a.header.Get("Tus-Version") != "1.0.0" || a.header.Get("Tus-Resumable") != "1.0.0" {
				t.Errorf("%s %q: %d %v", c.method, version, a.status, a.header)
			}
		}
	}
	f.want(f.do("GET", uri, nil, "Tus-Resumable: 0.2.2"), 412)
	f.want(f.do("GET", uri, nil), 200)
	f.want(f.do("HEAD", "/tus", nil), 200)
	f.want(f.do("HEAD", uri, nil, resumable, resumable), 412)
	f.at(uri, 0)
	f.tusCount("v", 0)
}

func TestTusOptions(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 12345})
	uri := f.create("", 5)
	for _, path := range []string{"/tus", uri} {
		for _, version := range []string{resumable, "Tus-Resumable: 7.0.0", "X: y"} {
			a := f.want(f.do("OPTIONS", path, nil, version), 204)
			for name, want := range map[string]string{
				"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": "12345", "Tus-Checksum-Algorithm": "sha1,sha256,md5",
				"Tus-Extension": "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,concatenation,concatenation-unfinished",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
		}
	}
	f.want(f.tus("PUT", uri, nil), 405)
	f.want(f.tus("PATCH", "/tus", nil), 405)
	f.want(f.tus("OPTIONS", "/tus/"+strings.Repeat("a", 32), nil), 404)
	f.want(f.do("GET", "/tus/", nil), 404)
}

func TestTusMethodOverride(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=o", 10)
	override := func(actual, method string, header ...string) answer {
		t.Helper()
		return f.tus(actual, uri, nil, append(header, "X-HTTP-Method-Override: "+method)...)
	}
	a := f.want(f.tus("POST", uri, []byte("hello"), "X-HTTP-Method-Override: PATCH", offsetType, "Upload-Offset: 0"), 204)
	if a.header.Get("Upload-Offset") != "5" {
		t.Error(a.header)
	}
	f.want(f.tus("DELETE", uri, []byte("world"), "X-HTTP-Method-Override: PATCH", offsetType, "Upload-Offset: 5"), 204)
	f.at(uri, 10)
	f.tusCount("o", 1)
	for _, actual := range []string{"POST", "GET", "DELETE", "PUT"} {
		if a := f.want(override(actual, "HEAD"), 200); a.header.Get("Upload-Offset") != "10" || len(a.body) != 0 {
			t.Errorf("%s: %v", actual, a.header)
		}
	}
	w := f.dial() // two on one connection: the framing is that of the real method
	w.send("POST /tus/" + strings.Repeat("a", 32) + " HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nX-HTTP-Method-Override: HEAD\r\n\r\n")
	f.want(w.head(), 404)
	w.send("POST " + uri + " HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: GET\r\n\r\n")
	if a := f.want(w.head(), 200); string(a.body) != "helloworld" {
		t.Errorf("%s", a.body)
	}
	f.want(override("POST", "OPTIONS"), 204)
	f.want(override("PATCH", "FOO"), 405)
	f.want(override("DELETE", "get"), 405)
	f.want(override("DELETE", ""), 400)
	f.want(override("DELETE", "PATCH", "X-HTTP-Method-Override: HEAD"), 400)
	f.at(uri, 10)
	f.want(override("POST", "DELETE"), 204)
	f.want(f.tus("HEAD", uri, nil), 404)
	f.want(f.do("POST", "/items", []byte("x"), "X-HTTP-Method-Override: GET"), 201) // elsewhere it means nothing
}

// Creation.

func TestTusCreate(t *testing.T) {
	t.Parallel()
	f := start(t, Options{MaxBody: 1000, Limits: store.Limits{UserBytes: 500}})
	before := f.s.store.Operations()
	for _, c := range []struct {
		status int
		header string
		body   string
	}{
		{400, "", ""},
		{400, "Upload-Length: -1", ""},
		{400, "Upload-Length: 1.0", ""},
		{400, "Upload-Length: ", ""},
		{400, "Upload-Length: 5\nUpload-Length: 5", ""},
		{400, "Upload-Length: 99999999999999999999", ""},
		{413, "Upload-Length: 1001", ""},
		{413, "Upload-Length: 9223372036854775807", ""},
		{507, "Upload-Length: 501", ""},
		{400, "Upload-Defer-Length: 0", ""},
		{400, "Upload-Defer-Length: 2", ""},
		{400, "Upload-Defer-Length: ", ""},
		{400, "Upload-Defer-Length: 1\nUpload-Length: 5", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: ", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a %%%", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ==,a YQ==", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ==,,b", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a YQ== YQ==", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a\nUpload-Metadata: b", ""},
		{400, "Upload-Length: 5\nUpload-Metadata: a " + strings.Repeat("AAAA", 2048), ""},
		{400, "Upload-Concat: final;" + strings.Repeat("/tus/a ", 257), ""},
		{400, "Upload-Length: 5\nUpload-Concat: other", ""},
		{400, "Upload-Length: 5\nUpload-Concat: final;", ""},
		{400, "Upload-Length: 5\nUpload-Concat: final", ""},
		{400, "Upload-Concat: final;/tus/" + strings.Repeat("a", 32), ""},
		{400, "Upload-Concat: final;/etc/passwd", ""},
		{415, "Upload-Length: 5", "hello"},
		{415, "Upload-Length: 5\nContent-Type: text/plain", "hello"},
		{415, "Upload-Length: 5\nContent-Encoding: gzip\n" + offsetType, "hello"},
		{413, "Upload-Length: 4\n" + offsetType, "hello"},
		{413, "Upload-Defer-Length: 1\n" + offsetType, string(content(1001))},
		{507, "Upload-Defer-Length: 1\n" + offsetType, string(content(501))},
		{460, "Upload-Length: 5\nUpload-Checksum: " + sha1Of([]byte("x")) + "\n" + offsetType, "hello"},
		{400, "Upload-Length: 5\nUpload-Checksum: sha512 AAAA\n" + offsetType, "hello"},
	} {
		if a := f.tus("POST", "/tus?tag=c", []byte(c.body), strings.Split(c.header, "\n")...); a.status != c.status || a.header.Get("Location") != "" {
			t.Errorf("%q: %d, want %d: %s", c.header, a.status, c.status, a.body)
		}
	}
	for _, query := range []string{"delay=11s", "fail=200", "tag=%", "keep=x", "keep=-1s", "keep=25h"} {
		f.want(f.tus("POST", "/tus?"+query, nil, "Upload-Length: 5"), 400)
	}
	f.want(f.tus("POST", "/tus?refuse=403", nil, "Upload-Length: 5"), 403)
	if n := f.s.store.Operations(); n != before {
		t.Error("refused creations have left", n-before)
	}
	f.tusCount("c", 0)
	a := f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5", "Content-Type: text/plain"), 201)
	if a.header.Get("Upload-Offset") != "" || a.header.Get("Upload-Expires") == "" || a.header.Get("Content-Length") != "0" {
		t.Error(a.header)
	}
	one, two := a.header.Get("Location"), f.create("", 5)
	if one == two {
		t.Error("twice the same")
	}
	if f.count("") != 0 {
		t.Error("an upload that nobody wrote counts")
	}
}

func TestTusMetadata(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for _, value := range []string{
		"filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
		"a,b ,c YQ==",
		"filetype dGV4dC9wbGFpbg==, x",
		"filetype " + sum64([]byte("text/html\r\nX: y")),
		"filetype " + sum64([]byte("multipart/mixed")),
	} {
		uri := f.create("", 5, "Upload-Metadata: "+value)
		if got := f.at(uri, 0).header.Get("Upload-Metadata"); got != strings.TrimSpace(value) {
			t.Errorf("%q: %q", value, got)
		}
		f.appended(uri, 0, []byte("hello"))
		if got := f.at(uri, 5).header.Get("Upload-Metadata"); got != value {
			t.Errorf("%q: %q", value, got)
		}
		want := "application/octet-stream"
		if strings.HasPrefix(value, "filetype dGV4dC9wbGFpbg==") {
			want = "text/plain"
		}
		if got := f.do("GET", uri, nil).header; got.Get("Content-Type") != want || got.Get("X") != "" {
			t.Errorf("%q: %v", value, got)
		}
	}
	if got := f.at(f.create("", 5), 0).header.Values("Upload-Metadata"); got != nil {
		t.Error(got)
	}
}

func TestTusEmpty(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=e", 0)
	f.tusCount("e", 1)
	if a := f.at(uri, 0); a.header.Get("Upload-Length") != "0" || a.header.Get("Upload-Expires") != "" {
		t.Error(a.header)
	}
	f.has(uri, nil)
	f.appended(uri, 0, nil)
	a := f.want(f.tus("POST", "/tus?tag=e", nil, "Upload-Length: 0", offsetType), 201)
	if a.header.Get("Upload-Offset") != "0" {
		t.Error(a.header)
	}
	f.tusCount("e", 2)
}

func TestTusDeferred(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(30)
	uri := f.create("tag=d", -1)
	if a := f.at(uri, 0); a.header.Get("Upload-Defer-Length") != "1" || a.header.Get("Upload-Length") != "" {
		t.Error(a.header)
	}
	f.appended(uri, 0, data[:10])
	if a := f.at(uri, 10); a.header.Get("Upload-Defer-Length") != "1" {
		t.Error(a.header)
	}
	f.appended(uri, 10, data[10:20], "Upload-Length: 30")
	if a := f.at(uri, 20); a.header.Get("Upload-Defer-Length") != "" || a.header.Get("Upload-Length") != "30" {
		t.Error(a.header)
	}
	f.want(f.append(uri, 20, data[20:], "Upload-Length: 31"), 400)
	f.appended(uri, 20, data[20:], "Upload-Length: 30")
	f.has(uri, data)
	f.tusCount("d", 1)

	uri = f.create("tag=d", -1)
	f.appended(uri, 0, data)
	f.tusCount("d", 1)
	f.appended(uri, 30, nil, "Upload-Length: 30") // with nothing but the length it is complete
	f.tusCount("d", 2)
	f.has(uri, data)

	uri = f.create("tag=d", -1) // the length comes with a request that is cut
	w := f.openTus(uri, 0, 20, "Upload-Length: 20")
	w.send(string(data[:7]))
	f.keptTus(uri, 7)
	w.Close()
	if a := f.at(uri, 7); a.header.Get("Upload-Length") != "20" {
		t.Error(a.header)
	}
	f.appended(uri, 7, data[7:20])
	f.tusCount("d", 3)
}

// Creation with upload.

func TestTusCreateWithUpload(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Length: 10", offsetType), 201)
	if a.header.Get("Upload-Offset") != "5" || a.header.Get("Upload-Expires") == "" {
		t.Error(a.header)
	}
	uri := a.header.Get("Location")
	f.at(uri, 5)
	f.appended(uri, 5, []byte("world"))
	f.tusCount("w", 1)
	a = f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("hello")), offsetType), 201)
	if a.header.Get("Upload-Offset") != "5" || a.header.Get("Upload-Expires") != "" {
		t.Error(a.header)
	}
	f.has(a.header.Get("Location"), []byte("hello"))
	f.tusCount("w", 2)
	a = f.want(f.tus("POST", "/tus?tag=w", []byte("hello"), "Upload-Defer-Length: 1", offsetType), 201)
	f.at(a.header.Get("Location"), 5)

	a = f.want(f.tus("POST", "/tus?tag=big&respond=70000", []byte("hello"), "Upload-Length: 5", offsetType), 201)
	if len(a.body) != 70000 || a.header.Get("Content-Length") != "70000" || a.header.Get("Location") == "" {
		t.Error(len(a.body), a.header)
	}
	before := f.s.store.Operations()
	w := f.dial()
	w.send("POST /tus?tag=w HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 5\r\nContent-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
	f.want(w.head(), 100)
	w.send("5\r\nhello\r\n")
	f.eventually(func() bool { return f.s.store.Operations() == before+1 })
	w.reset()
	f.eventually(func() bool { return f.s.store.Operations() == before }) // nobody could come back to it
	f.tusCount("w", 2)
}

func TestTusOutcome(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=slow&delay=60ms", 5)
	began := time.Now()
	f.appended(uri, 0, []byte("hello"))
	if time.Since(began) < 60*time.Millisecond {
		t.Error("answered before it was processed")
	}
	f.tusCount("slow", 1)

	uri = f.create("tag=bad&fail=422", 5)
	a := f.want(f.append(uri, 0, []byte("hello")), 422)
	if a.header.Get("Upload-Offset") != "5" {
		t.Error(a.header)
	}
	f.want(f.append(uri, 5, nil), 422)
	f.at(uri, 5)
	f.tusCount("bad", 0)
	a = f.want(f.tus("POST", "/tus?tag=bad&fail=503", []byte("hello"), "Upload-Length: 5", offsetType), 503)
	f.at(a.header.Get("Location"), 5)
	f.tusCount("bad", 0)
}

// Expiration.

func TestTusExpiration(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, clock.Load()) }, KeepIncomplete: time.Hour})
	pass := func(d time.Duration) { clock.Add(int64(d)) }
	uri, short, whole := f.create("tag=x", 10), f.create("keep=10m", 10), f.create("tag=x", 2)
	f.appended(whole, 0, []byte("ab"))
	pass(50 * time.Minute)
	for _, method := range []string{"HEAD", "PATCH", "GET", "DELETE"} {
		a := f.tus(method, short, nil, offsetType, "Upload-Offset: 0")
		if a.status != 410 || a.header.Get("Upload-Offset") != "" {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
	}
	a := f.appended(uri, 0, []byte("hello"))
	at, err := http.ParseTime(a.header.Get("Upload-Expires"))
	if want := time.Unix(0, clock.Load()).Add(time.Hour); err != nil || at.After(want) || want.Sub(at) > time.Second {
		t.Error(at, want, err)
	}
	if n := f.s.sweep(); n != 1 {
		t.Error("swept", n)
	}
	f.want(f.tus("HEAD", short, nil), 404)
	pass(59 * time.Minute)
	f.at(uri, 5)
	pass(time.Minute)
	f.want(f.append(uri, 5, []byte("world")), 410)
	pass(30 * 24 * time.Hour)
	f.s.sweep()
	f.want(f.append(uri, 5, []byte("world")), 404)
	f.at(whole, 2) // what is complete does not expire
	f.has(whole, []byte("ab"))
	f.tusCount("x", 1)
	if n := f.s.store.Operations(); n != 1 {
		t.Error("operations:", n)
	}
}

// An upload that somebody writes to does not expire.
func TestTusExpirationInUse(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	f := start(t, Options{Clock: func() time.Time { return time.Unix(0, clock.Load()) }})
	uri := f.create("", 10)
	w := f.openTus(uri, 0, 10)
	w.send("hello")
	f.keptTus(uri, 5)
	clock.Add(int64(25 * time.Hour))
	f.s.sweep()
	w.send("world")
	f.want(w.head(), 204)
	f.at(uri, 10)
}

// Checksum.

func TestTusChecksum(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(700_000) // more than one buffer
	s1, s256, m5 := sha1.Sum(data), sha256.Sum256(data), md5.Sum(data)
	for _, sum := range []string{"sha1 " + sum64(s1[:]), "sha256 " + sum64(s256[:]), "md5 " + sum64(m5[:])} {
		uri := f.create("tag=sum", len(data))
		bad := bytes.Clone(data)
		bad[len(bad)-1]++
		f.want(f.append(uri, 0, bad, "Upload-Checksum: "+sum), 460)
		f.at(uri, 0)
		f.has(uri, nil)
		f.appended(uri, 0, data, "Upload-Checksum: "+sum)
		f.has(uri, data)
	}
	f.tusCount("sum", 3)
	uri := f.create("", 10)
	for _, bad := range []string{"sha1", "sha1 ", "sha1  " + sum64(s1[:]), "SHA1 " + sum64(s1[:]), sum64(s1[:]), "sha1 " + sum64(m5[:]), "sha1 " + strings.TrimRight(sum64(s1[:]), "="), "none x"} {
		f.want(f.append(uri, 0, []byte("hello"), "Upload-Checksum: "+bad), 400)
	}
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Checksum: "+sha1Of([]byte("hello")), "Upload-Checksum: "+sha1Of([]byte("hello"))), 400)
	f.want(f.append(uri, 0, nil, "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	f.appended(uri, 0, nil, "Upload-Checksum: "+sha1Of(nil))
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("x"))), 400)
	w := f.openTus(uri, 0, 10, "Upload-Checksum: "+sha1Of([]byte("helloworld")))
	w.send("hello")
	f.at(uri, 0) // nothing that is not verified shows
	w.Close()
	f.at(uri, 0)
	f.appended(uri, 0, []byte("helloworld"), "Upload-Checksum: "+sha1Of([]byte("helloworld")))
	f.want(f.append(uri, 10, nil, "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	uri = f.create("", -1)
	f.want(f.append(uri, 0, []byte("hello"), "Upload-Length: 5", "Upload-Checksum: "+sha1Of([]byte("x"))), 460)
	if a := f.at(uri, 0); a.header.Get("Upload-Length") != "" {
		t.Error("a chunk that was discarded has set the length")
	}
	if names, err := filepath.Glob(f.s.Data() + "/documents/*"); err != nil || len(names) > 0 {
		t.Error(names, err)
	}
}

func TestTusChecksumTrailer(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	uri := f.create("tag=trail", 15)
	offset := 0
	for _, c := range []struct {
		announced bool
		trailer   string
		status    int
	}{
		{true, "Upload-Checksum: " + sha1Of([]byte("other")), 460},
		{true, "", 400},
		{true, "Upload-Checksum: sha1", 400},
		{true, "Upload-Checksum: x y", 400},
		{true, "Upload-Checksum: " + sha1Of([]byte("hello")) + "\r\nUpload-Checksum: " + sha1Of([]byte("hello")), 400},
		{false, "Upload-Checksum: " + sha1Of([]byte("other")), 460},
		{false, "Upload-Checksum: x y", 400},
		{true, "Upload-Checksum: " + sha1Of([]byte("hello")), 204},
		{false, "upload-checksum: " + sha1Of([]byte("hello")), 204},
		{false, "Other: x", 204},
	} {
		header := []string{}
		if c.announced {
			header = append(header, "Trailer: Upload-Checksum")
		}
		w := f.openTus(uri, offset, -1, header...)
		end := "\r\n"
		if c.trailer != "" {
			end = c.trailer + "\r\n\r\n"
		}
		w.send("2\r\nhe\r\n3\r\nllo\r\n0\r\n" + end)
		a := f.want(w.head(), c.status)
		if a.status == 204 {
			offset += 5
		}
		f.at(uri, offset)
	}
	f.has(uri, []byte("hellohellohello"))
	f.tusCount("trail", 1)
	uri = f.create("", 15)
	w := f.dial()
	w.send("PATCH " + uri + " HTTP/1.1\r\nHost: x\r\n" + resumable + "\r\n" + offsetType + "\r\nUpload-Offset: 0\r\nTrailer: Upload-Checksum\r\nUpload-Checksum: " + sha1Of([]byte("hello")) + "\r\nTransfer-Encoding: chunked\r\n\r\n")
	f.want(w.head(), 400)
	w = f.openTus(uri, 0, -1, "X-HTTP-Method-Override: PATCH")
	w.send("5\r\nhello\r\n0\r\nUpload-Checksum: " + sha1Of([]byte("other")) + "\r\n\r\n")
	f.want(w.head(), 460)
	f.at(uri, 0)
}

// Termination.

func TestTusTermination(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 10}})
	for _, n := range []int{0, 5, 10} {
		uri := f.create("tag=t", 10)
		f.appended(uri, 0, content(10)[:n])
		a := f.want(f.tus("DELETE", uri, nil), 204)
		if len(a.body) != 0 {
			t.Error(a.header)
		}
		for _, method := range []string{"HEAD", "GET", "DELETE", "PATCH"} {
			if a := f.want(f.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 404); a.header.Get("Upload-Offset") != "" {
				t.Error(method, a.header)
			}
		}
	}
	f.tusCount("t", 1) // what has happened has happened
	if n := f.s.store.Operations(); n != 0 {
		t.Error("operations:", n)
	}
	uri := f.create("tag=t&delay=50ms", 5)
	w := f.openTus(uri, 0, 5)
	w.send("hello")
	f.keptTus(uri, 5)
	f.want(f.tus("DELETE", uri, nil), 204) // waits for the effect
	f.tusCount("t", 2)

	uri = f.create("tag=t", 10)
	w = f.openTus(uri, 0, 10)
	w.send("hello")
	f.keptTus(uri, 5)
	f.want(f.tus("DELETE", uri, nil), 204)
	w.Write([]byte("world")) // may fail already
	f.want(w.head(), 409)
	f.tusCount("t", 2)
	f.want(f.tus("HEAD", uri, nil), 404)
}

// The item of an upload that is deleted takes the upload with it.
func TestTusItemDeleted(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	a := f.want(f.tus("POST", "/tus?respond=200", []byte("hello"), "Upload-Length: 5", offsetType), 201)
	_, rest, _ := strings.Cut(string(a.body), `"id":"`)
	f.want(f.do("DELETE", "/items/"+rest[:store.IDLength], nil), 204)
	f.want(f.tus("HEAD", a.header.Get("Location"), nil), 404)
	if f.s.sweep(); f.s.store.Operations() != 0 {
		t.Error("the upload is still there")
	}
}

// Interruptions and several requests at once.

func TestTusCut(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	for tag, cut := range map[string]func(*wire){"fin": func(w *wire) { w.Close() }, "rst": (*wire).reset} {
		uri := f.create("tag="+tag, 100)
		for offset := 0; offset < 60; offset += 20 {
			w := f.openTus(uri, offset, 100-offset)
			w.send(string(data[offset : offset+20]))
			f.keptTus(uri, int64(offset+20))
			cut(w)
			f.at(uri, offset+20)
		}
		w := f.openTus(uri, 60, -1) // the last chunk is cut off, and every byte is there
		w.send("28\r\n" + string(data[60:]) + "\r\n")
		f.keptTus(uri, 100)
		cut(w)
		f.eventually(func() bool { return string(f.do("GET", "/tus?tag="+tag, nil).body) != "{\"count\":0}\n" })
		f.at(uri, 100)
		f.has(uri, data)
		f.tusCount(tag, 1)
	}
}

func (a *arrivals) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

// A HEAD waits for a PATCH that arrived before it, and whose client has gone.
func TestTusHeadWaits(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(50_000)
	for range 50 {
		uri := f.create("", len(data)+1)
		w := f.dial()
		f.eventually(func() bool { return f.s.arrivals.size() > 1 }) // before it is accepted the server does not know of it
		w.send(fmt.Sprintf("PATCH %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\nUpload-Offset: 0\r\nContent-Length: %d\r\n\r\n", uri, resumable, offsetType, len(data)+1) + string(data))
		w.Close()
		f.at(uri, len(data))
		f.eventually(func() bool { return f.s.arrivals.size() == 1 })
	}
}

// A newer request takes over from one that is silent, at once, and what that brings later is never written.
func TestTusTakeOver(t *testing.T) {
	t.Parallel()
	f := start(t, Options{TakeOver: time.Hour})
	data := content(100)
	for _, head := range []bool{true, false} {
		for _, sum := range []bool{true, false} {
			tag := fmt.Sprint("over-", head, "-", sum)
			uri := f.create("tag="+tag, 100)
			header, offset := []string{}, 10
			if sum {
				header, offset = []string{"Upload-Checksum: " + sha1Of(data)}, 0
			}
			old := f.openTus(uri, 0, 100, header...)
			old.send(string(data[:10]))
			f.keptTus(uri, int64(offset))
			if head {
				f.at(uri, offset)
			}
			began := time.Now()
			f.appended(uri, offset, data[offset:50])
			if took := time.Since(began); took > 5*time.Second {
				t.Error("taking over takes", took)
			}
			old.Write(bytes.Repeat([]byte("X"), 90)) // may fail already
			f.want(old.head(), 409)
			f.at(uri, 50)
			f.appended(uri, 50, data[50:])
			f.has(uri, data)
			f.tusCount(tag, 1)
		}
	}
}

// A request at another offset does not disturb the one that is at work.
func TestTusUndisturbed(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	data := content(100)
	uri := f.create("tag=u", 100)
	w := f.openTus(uri, 0, 100)
	w.send(string(data[:10]))
	f.keptTus(uri, 10)
	f.want(f.append(uri, 0, data), 409)
	f.want(f.append(uri, 50, data[50:]), 409)
	f.want(f.append(uri, 10, data), 413)
	f.want(f.append(uri, 10, data[10:], "Upload-Checksum: none x"), 400)
	f.at(uri, 10)
	w.send(string(data[10:]))
	f.want(w.head(), 204)
	f.has(uri, data)
	f.tusCount("u", 1)
}

// Of many requests at the same offset the bytes of one are kept at each place, and there is one effect.
func TestTusRace(t *testing.T) {
	t.Parallel()
	f := start(t, Options{})
	for i := range 20 {
		uri := f.create("tag=r", 40_000)
		var wg sync.WaitGroup
		for b := range byte(6) {
			wg.Go(func() {
				body := bytes.Repeat([]byte{b}, 40_000)
				for offset := 0; offset < len(body); {
					a := f.append(uri, offset, body[offset:])
					if a.status == 204 {
						return
					}
					n, err := strconv.Atoi(a.header.Get("Upload-Offset"))
					if a.status != 409 || err != nil {
						t.Errorf("%d %v", a.status, a.header)
						return
					}
					offset = n
				}
			})
		}
		wg.Wait()
		f.at(uri, 40_000)
		f.tusCount("r", i+1)
	}
}

// Owners, quotas, other resources.

func TestTusOwners(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Users: map[string]string{"a": "Bearer a", "b": "Bearer b"}})
	a, b := f.as("Bearer a"), f.as("Bearer b")
	uri := a.create("", 10)
	for _, method := range []string{"HEAD", "PATCH", "GET", "DELETE", "OPTIONS"} {
		f.want(b.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 404)
		f.want(f.tus(method, uri, nil, offsetType, "Upload-Offset: 0"), 401)
	}
	part := a.create("", 5, "Upload-Concat: partial")
	a.appended(part, 0, []byte("hello"))
	f.want(b.tus("POST", "/tus", nil, "Upload-Concat: final;"+part), 400)
	f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5"), 401)
	a.at(uri, 0)
	id := strings.TrimPrefix(uri, "/tus/")
	for _, path := range []string{"/requests/", "/uploads/", "/messages/", "/responses/", "/items/"} {
		f.want(a.do("GET", path+id, nil), 404)
	}
	op, _ := f.s.tusUpload(id)
	f.want(a.do("GET", "/messages/"+op.ResponseMessage, nil), 404)
	f.want(a.do("GET", "/responses/"+op.ResponseContent, nil), 404)
	p := a.begin("", 10)
	f.want(a.tus("HEAD", "/tus/"+strings.TrimPrefix(p.status, "/uploads/"), nil), 404)
}

func TestTusQuota(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Limits: store.Limits{UserBytes: 100, UserOperations: 2}})
	one, two := f.create("", -1), f.create("", -1)
	f.want(f.tus("POST", "/tus", nil, "Upload-Length: 5"), 429)
	f.appended(one, 0, content(60))
	f.want(f.append(two, 0, content(60), "Upload-Checksum: "+sha1Of(content(60))), 507)
	f.at(two, 0)
	f.want(f.append(two, 0, content(60)), 507)
	f.at(two, 0)
	f.want(f.tus("DELETE", one, nil), 204)
	f.appended(two, 0, content(60), "Upload-Checksum: "+sha1Of(content(60)))
	f.want(f.tus("DELETE", two, nil), 204)
	f.create("", 100)
}

func TestTusRestart(t *testing.T) {
	t.Parallel()
	f := start(t, Options{Data: t.TempDir(), KeepDone: time.Hour})
	restart := func() {
		t.Helper()
		next, err := f.s.Restart()
		if err != nil {
			t.Fatal(err)
		}
		f.s = next
		f.client.CloseIdleConnections()
		t.Cleanup(func() { next.Close() })
	}
	data := content(100)
	a := f.create("tag=a&keep=10h", 100, "Upload-Metadata: a YQ==")
	b := f.create("tag=a", -1)
	part, other := f.create("tag=a", 5, "Upload-Concat: partial"), f.create("tag=a", 5, "Upload-Concat: partial")
	whole := f.create("tag=a", -2, "Upload-Concat: final;"+part+" "+other)
	done := f.create("tag=a", 5)
	f.appended(done, 0, data[:5])
	f.appended(a, 0, data[:50])
	f.appended(b, 0, data[:50])
	f.appended(part, 0, []byte("hello"))
	restart()
	if h := f.at(a, 50).header; h.Get("Upload-Length") != "100" || h.Get("Upload-Metadata") != "a YQ==" {
		t.Error(h)
	}
	if at, err := http.ParseTime(f.at(a, 50).header.Get("Upload-Expires")); err != nil || time.Until(at) > 10*time.Hour {
		t.Error(at)
	}
	f.at(done, 5)
	f.at(part, 5)
	f.appended(b, 50, data[50:], "Upload-Length: 100")
	restart()
	f.has(b, data)
	f.appended(a, 50, data[50:])
	f.tusCount("a", 3)
	f.appended(other, 0, []byte("world"))
	f.eventually(func() bool { return f.tus("HEAD", whole, nil).header.Get("Upload-Offset") == "10" })
	f.eventually(func() bool { return f.s.store.CountOf(protocolTus, "a") == 4 })
	restart()
	f.has(whole, []byte("helloworld"))
	f.has(a, data)
	f.tusCount("a", 4)
	f.want(f.tus("DELETE", whole, nil), 204)
	restart()
	f.want(f.tus("HEAD", whole, nil), 404)
	f.has(part, []byte("hello"))
}

// Clients that send nothing any more are closed, also those that were refused.
func TestTusSlow(t *testing.T) {
	t.Parallel()
	f := start(t, Options{ReadIdle: 100 * time.Millisecond})
	uri := f.create("", 100)
	head := "PATCH " + uri + " HTTP/1.1\r\nHost: x\r\n" + resumable + "\r\n" + offsetType + "\r\n"
	for _, rest := range []string{
		"Content-Length: 50\r\nUpload-Offset: 0\r\n\r\nabc",
		"Content-Length: 50\r\nUpload-Offset: 9\r\n\r\nabc",
		"Content-Length: 50\r\nUpload-Offset: 3\r\nUpload-Checksum: " + sha1Of(nil) + "\r\n\r\nabc",
		"Transfer-Encoding: chunked\r\nUpload-Offset: 3\r\n\r\n",
	} {
		w := f.dial()
		w.send(head + rest)
		w.ended()
	}
	f.at(uri, 3)
	f.has(uri, []byte("abc"))
}
