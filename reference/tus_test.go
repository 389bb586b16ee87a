package reference

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
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
